"""Bootstrap intervals: how much a figure would move with other messages of the same kind.

Rows with the same outcome (labelled so, read so) are interchangeable. So a draw counts outcomes,
and measures are computed from counts: thousands of rows cost no more than the cells they fall in.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from random import Random
from typing import TypeVar

import attrs

DRAWS = 1000
LEVEL = 0.95

_Outcome = TypeVar("_Outcome", bound=Hashable)


@attrs.frozen
class Interval:
    """A percentile bootstrap interval (Efron 1979), 95 % unless stated otherwise.

    Attributes:
        low: lower end, in the measure's unit.
        high: upper end, in the measure's unit.
    """

    low: float
    high: float


def resampled(outcomes: Sequence[_Outcome], draws: int, seed: int) -> Iterator[dict[_Outcome, int]]:
    """Samples of as many rows, drawn with replacement, as counts of outcomes.

    Args:
        outcomes: the outcome of every row, at least one.
        draws: how many samples, at least 1.
        seed: the same seed draws the same samples.
    """
    # Sorted by first appearance and drawn as numbers: hashing outcomes a million times is slow.
    known = tuple(dict.fromkeys(outcomes))
    number = {outcome: index for index, outcome in enumerate(known)}
    population = [number[outcome] for outcome in outcomes]
    random = Random(seed)  # noqa: S311  statistics, not secrets
    for _ in range(draws):
        drawn = Counter(random.choices(population, k=len(population)))
        yield {known[index]: count for index, count in drawn.items()}


def interval(values: Sequence[float], level: float = LEVEL) -> Interval:
    """The middle part of the values of all draws.

    Args:
        values: the measure of each draw, at least one.
        level: the share of draws inside, above 0 and below 1.
    """
    ordered = sorted(values)
    # Rounded first: 5 % of a hundred is 4.999… in binary.
    low = math.floor(round((1 - level) / 2 * len(ordered), 6))
    return Interval(ordered[low], ordered[-1 - low])
