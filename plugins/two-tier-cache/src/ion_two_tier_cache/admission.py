"""Which of two entries is worth its room: the one that was asked for more often of late."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ion_two_tier_cache.sketch import FrequencySketch

if TYPE_CHECKING:
    from collections.abc import Callable

BATCH = 16
"""Requests are counted so many at a time, which is cheaper than one by one."""

WARM = 6
"""From this count on a candidate that loses may still be let in, at random."""

LUCK = 1 / 128
"""How often that happens."""


class Admission:
    """Counts what is asked for, and decides by it who stays.

    What is told to `request` is counted before the next decision at the latest, so that every
    decision knows all requests up to it; in between at most `BATCH` of them wait.

    A digest is a string, and its hash is Python's own: cheap, evenly spread and, unless the process
    was started with a fixed ``PYTHONHASHSEED``, unknown to the outside, so that nobody can choose
    messages whose counters coincide. Should somebody manage it all the same, `LUCK` bounds the
    harm: an entry that looks popular and is not gives way in the end. Both are Caffeine's numbers.

    Args:
        capacity: most entries that the cache holds at once, 1 or more.
        random: a number from 0 to below 1.
    """

    __slots__ = ("_random", "_requests", "_sketch")

    def __init__(self, capacity: int, random: Callable[[], float]) -> None:
        self._sketch = FrequencySketch(capacity)
        self._random = random
        self._requests: list[int] = []

    def request(self, digest: str) -> None:
        """Note that this digest was asked for, whether it was there or not."""
        requests = self._requests
        requests.append(hash(digest))
        if len(requests) >= BATCH:
            self._count()

    def admits(self, candidate: str, victim: str) -> bool:
        """Whether the candidate is worth more than what would have to make way for it."""
        self._count()
        wanted = self._sketch.estimate(hash(candidate))
        if wanted > self._sketch.estimate(hash(victim)):
            return True
        return wanted >= WARM and self._random() < LUCK

    def _count(self) -> None:
        self._sketch.record(self._requests)
        self._requests.clear()
