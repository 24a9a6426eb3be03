"""Whether two kinds of calls can be told apart by how long they take."""

from __future__ import annotations

import gc
import math
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from random import Random

KEPT = 0.95
"""Share of the samples that counts, the shortest: a longer one shows what else the machine did."""

Call = Callable[[], Awaitable[object]]


async def timed(
    first: Sequence[Call], second: Sequence[Call], number: int, random: Random
) -> tuple[list[float], list[float]]:
    """Seconds of calls of two kinds, in random order, so that drift meets both.

    Args:
        first: calls of the one kind.
        second: calls of the other kind.
        number: samples of each.
        random: the order.
    """
    order = [0, 1] * number
    random.shuffle(order)
    samples: tuple[list[float], list[float]] = ([], [])
    gc.collect()
    gc.disable()
    try:
        for kind in order:
            call = random.choice((first, second)[kind])
            began = time.perf_counter()
            await call()
            samples[kind].append(time.perf_counter() - began)
    finally:
        gc.enable()
    return samples


def welch_t(first: Sequence[float], second: Sequence[float]) -> float:
    """Welch's t of two samples, without the longest of both, as dudect crops them.

    Above 4.5 they differ beyond doubt (Reparaz, Balasch, Verbauwhede: Dude, is my code constant
    time?, 2017).
    """
    limit = sorted([*first, *second])[int(KEPT * (len(first) + len(second))) - 1]
    a, b = ([x for x in samples if x <= limit] for samples in (first, second))
    spread = statistics.variance(a) / len(a) + statistics.variance(b) / len(b)
    return (statistics.fmean(a) - statistics.fmean(b)) / math.sqrt(spread)
