"""What the Redis tier has counted."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from ion_framework.resilience.breaker import BreakerStats


@attrs.define
class Counts:
    """The counters, each counted where it happens.

    Attributes:
        hits: look-ups answered.
        misses: look-ups that Redis answered without a valid entry.
        failures: look-ups without an answer from Redis, refused ones included.
        outdated: those of the misses that found an entry of before an invalidation.
        hostile: those of the misses that found bytes that are not an entry.
        skewed: those of the misses that found an entry made later than it is here: clocks differ.
        bytes_in: bytes of envelopes that were read.
        bytes_out: bytes of envelopes that were written.
        batches: round trips that the look-ups took.
        writes: entries written.
        write_failures: entries that Redis did not take.
        dropped: entries that were not queued.
        leases_taken: leases that were had.
        leases_denied: leases that somebody else had.
        leases_renewed: renewals.
        leases_lost: leases that ended before they were given back.
        invalidations: invalidations by this process that Redis was told.
        invalidations_failed: attempts to tell it that failed; each is made again.
        invalidations_received: invalidations that were heard of, own ones included.
        listening_lost: how often the connection that hears of invalidations was lost.
    """

    hits: int = 0
    misses: int = 0
    failures: int = 0
    outdated: int = 0
    hostile: int = 0
    skewed: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    batches: int = 0
    writes: int = 0
    write_failures: int = 0
    dropped: int = 0
    leases_taken: int = 0
    leases_denied: int = 0
    leases_renewed: int = 0
    leases_lost: int = 0
    invalidations: int = 0
    invalidations_failed: int = 0
    invalidations_received: int = 0
    listening_lost: int = 0


@attrs.frozen
class RedisStats:
    """Truthful figures of the tier since it was opened.

    Attributes:
        counts: the counters; a copy.
        troubles: how often a command had no result, by `Trouble`.
        breakers: state and figures of the breakers ``answers`` and ``writes``.
        queued: what waits to be written now.
        queued_bytes: bytes of envelopes among it.
        leases_held: leases that are held now.
        owed: invalidations that Redis has not been told yet.
        coherence: ``tracking``, ``pubsub`` or ``down``.
        scripts: whether leases are given back by scripts; False where Redis refused one.
    """

    counts: Counts
    troubles: Mapping[str, int]
    breakers: Mapping[str, BreakerStats]
    queued: int
    queued_bytes: int
    leases_held: int
    owed: int
    coherence: str
    scripts: bool
