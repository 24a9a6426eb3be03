"""What happened, in numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from ion_framework.pipeline.cache import (
    CacheStats,
    Hit,
    Lookup,
    Miss,
    Pending,
)

if TYPE_CHECKING:
    from ion_two_tier_cache.tiers import Tiers


@attrs.define
class Counts:
    """Counters since the start.

    Attributes:
        hits: turns that got an answer, or a refusal, without making one.
        misses: turns that got the right to make one.
        leaders: rights to make an answer that were handed out, refreshments and those after a
            re-election included.
        waiters: turns that waited for another's answer.
        left: those of them that stopped waiting.
        reelections: rights that went on to a turn that had waited.
        lost: rights whose holder vanished or took too long.
        voided: answers not kept because of an invalidation while they were made.
        unfit: answers not kept because they were not complete and first-rate.
        refusals: refusals by leaders.
        refusals_shared: turns that had waited and got a leader's refusal.
        refusals_served: turns that got a refusal that was kept.
        refreshes: refreshments that came to an end.
        refreshes_failed: those of them that brought no answer to keep.
        refreshes_put_off: rights to refresh that were given back without a try, because too many
            refreshments ran.
        stale_served: turns that got an answer past its time while another was due.
        spare_served: turns that got one because a new one could not be made; those are not counted
            that hold it as a spare and serve it themselves.
        fetched: answers found in the tier that processes share.
        elsewhere: answers that another process was making when this one missed them.
    """

    hits: int = 0
    misses: int = 0
    leaders: int = 0
    waiters: int = 0
    left: int = 0
    reelections: int = 0
    lost: int = 0
    voided: int = 0
    unfit: int = 0
    refusals: int = 0
    refusals_shared: int = 0
    refusals_served: int = 0
    refreshes: int = 0
    refreshes_failed: int = 0
    refreshes_put_off: int = 0
    stale_served: int = 0
    spare_served: int = 0
    fetched: int = 0
    elsewhere: int = 0

    def look_up(self, found: Lookup) -> None:
        """Count what a turn got; one that waits is counted when it has waited."""
        if isinstance(found, Hit):
            self.hits += 1
        elif isinstance(found, Miss):
            self.misses += 1
        elif isinstance(found, Pending):
            self.waiters += 1
        else:
            self.hits += 1


def stats_of(counts: Counts, tiers: Tiers, flights: int, waiting: int) -> CacheStats:
    """The figures of a cache, in all and per tier.

    Args:
        counts: the counters.
        tiers: the tiers.
        flights: how many answers are being made now.
        waiting: how many turns wait for them now.
    """
    memory = tiers.memory.stats()
    own = attrs.asdict(counts, filter=lambda field, _: field.name not in ("hits", "misses"))
    return CacheStats(
        hits=counts.hits,
        misses=counts.misses,
        entries=memory.entries,
        bytes=memory.bytes,
        evictions=memory.evictions,
        tiers={**tiers.figures(), "flights": {**own, "flights": flights, "waiting": waiting}},
    )
