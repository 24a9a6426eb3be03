"""How long answers take, counted in buckets that can be added up over processes.

Percentiles of several processes cannot be made of the percentiles of each; of their counts they
can. Each bucket is 2^(1/8), about 9 %, wider than the one before, so that a percentile is at most
that far from the truth, whether answers take tenths of a millisecond or minutes.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil, exp2, log2

LEAST_S = 0.0001
"""Seconds; the first bucket holds everything up to it."""
STEPS = 8
"""Buckets in which the time doubles."""
LAST = 176
"""The last bucket; it holds everything above 7 minutes."""


def bucket_of(seconds: float) -> int:
    """The bucket of a duration, 0 to `LAST`."""
    if seconds <= LEAST_S:
        return 0
    return min(LAST, ceil(STEPS * log2(seconds / LEAST_S)))


def most_s(bucket: int) -> float:
    """The longest duration in a bucket, in seconds."""
    return LEAST_S * exp2(bucket / STEPS)


def percentile_s(counts: Mapping[int, int], share: float) -> float | None:
    """The duration that a share of all answers did not exceed, in seconds; None without answers.

    Within the bucket that it falls into durations count as spread evenly over its logarithm.

    Args:
        counts: answers by bucket.
        share: above 0, 1 at most.
    """
    wanted, before = share * sum(counts.values()), 0
    for bucket in sorted(counts):
        count = counts[bucket]
        if count and before + count >= wanted:
            return most_s(bucket) * exp2(((wanted - before) / count - 1) / STEPS)
        before += count
    return None
