"""What calls leave in memory: what every one of them keeps is a leak."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Awaitable, Callable
from itertools import pairwise

ROUNDS = 3
"""Rounds that count, after one in which whatever is made once is made."""

KEPT_BYTES = 16 * 1024
"""Bytes that a call may keep: a record of a turn takes less, and rarely stays."""


async def kept_by_each(call: Callable[[int], Awaitable[None]], calls: int) -> int:
    """The bytes that each call keeps at least, in every round: one that fills a buffer levels off.

    Python's own allocator is asked; what C code takes past it is not seen.

    Args:
        call: makes the calls of a round, which is told by its number from 0.
        calls: how many a round has.
    """
    tracemalloc.start()
    try:
        await call(0)
        held = [_held()]
        for number in range(1, ROUNDS + 1):
            await call(number)
            held.append(_held())
    finally:
        tracemalloc.stop()
    return min(after - before for before, after in pairwise(held)) // calls


def _held() -> int:
    gc.collect()
    return tracemalloc.get_traced_memory()[0]
