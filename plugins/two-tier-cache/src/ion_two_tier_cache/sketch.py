"""How often a digest was asked for of late, in a few bytes per entry."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

LARGEST_COUNT = 15
"""Counts end here, as in four bits: admission only asks which of two is the more wanted."""

COUNTERS_PER_ENTRY = 16
"""As many as Caffeine has; each digest uses four of them."""

SAMPLE_PER_ENTRY = 10
"""After so many records for each entry of the capacity all counts are halved (TinyLFU, 3.3)."""

SMALLEST_CAPACITY = 64
"""A sketch for fewer entries than this would cost little less and tell much less."""

HALVES = bytes(count >> 1 for count in range(256))


class FrequencySketch:
    """A count-min sketch with conservative update, whose counts are halved now and then.

    Einziger, Friedman, Manes: "TinyLFU: A Highly Efficient Cache Admission Policy", ACM
    Transactions on Storage 13(4), 2017; conservative update: Estan, Varghese, "New Directions in
    Traffic Measurement and Accounting", SIGCOMM 2002. The four rows share one table, and their
    places in it come from two halves of one hash (Kirsch, Mitzenmacher, "Less Hashing, Same
    Performance", ESA 2006). Before the first halving an estimate is never below the true count, up
    to `LARGEST_COUNT`; with a full sample of different hashes it is above it by less than one on
    average.

    A counter takes a whole byte although it needs four bits: masking costs more time here than the
    bytes cost room, and halving is one `bytes.translate`. The table takes 16 to 32 bytes for each
    entry of the capacity and never grows.

    Args:
        capacity: most entries that the cache holds at once, 1 or more.
    """

    __slots__ = ("_counts", "_mask", "_recorded", "_sample")

    def __init__(self, capacity: int) -> None:
        capacity = max(capacity, SMALLEST_CAPACITY)
        size = 1 << (capacity * COUNTERS_PER_ENTRY - 1).bit_length()
        self._counts = bytearray(size)
        self._mask = size - 1
        self._sample = capacity * SAMPLE_PER_ENTRY
        self._recorded = 0

    def record(self, hashes: Iterable[int]) -> None:
        """Count one request for each of these hashes, evenly spread numbers of 64 bits."""
        counts, mask = self._counts, self._mask
        recorded = 0
        for value in hashes:
            # The step is odd and the size a power of two, so that no two of the places coincide.
            step = value >> 32 & mask | 1
            first = value & mask
            second = first + step & mask
            third = second + step & mask
            fourth = third + step & mask
            recorded += 1
            one, two, three, four = counts[first], counts[second], counts[third], counts[fourth]
            least = min(one, two, three, four)
            if least < LARGEST_COUNT:
                more = least + 1
                if one == least:
                    counts[first] = more
                if two == least:
                    counts[second] = more
                if three == least:
                    counts[third] = more
                if four == least:
                    counts[fourth] = more
        self._recorded += recorded
        if self._recorded >= self._sample:
            self._counts = counts.translate(HALVES)
            self._recorded //= 2

    def estimate(self, value: int) -> int:
        """How often this hash was recorded of late, from 0 to `LARGEST_COUNT`."""
        counts, mask = self._counts, self._mask
        step = value >> 32 & mask | 1
        first = value & mask
        second = first + step & mask
        third = second + step & mask
        return min(counts[first], counts[second], counts[third], counts[third + step & mask])
