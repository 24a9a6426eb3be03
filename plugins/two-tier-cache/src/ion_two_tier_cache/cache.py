"""The core's cache port over the tiers: keys become digests, misses become leases."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING
from weakref import WeakSet

import attrs

from ion_framework.pipeline.cache import CacheKey, CacheStats, Lookup, Miss
from ion_two_tier_cache.lease import FillLease

if TYPE_CHECKING:
    from ion_two_tier_cache.memory import MemoryTier


class TwoTierCache:
    """A `TurnCache` over the memory tier.

    Whose answer may be served to whom is decided by the key, which the core makes; two keys share
    an entry only if their digests are equal. Tags are no part of the digest: an entry carries the
    tags of the key it was stored with.

    Args:
        memory: the tier of this process.
    """

    def __init__(self, memory: MemoryTier) -> None:
        self._memory = memory
        # Weak, so that the lease of a turn that was cancelled goes with the turn.
        self._leases: WeakSet[FillLease] = WeakSet()

    async def lookup(self, key: CacheKey) -> Lookup:
        """Look an answer up: a `Hit`, or a `Miss` with the lease to store one."""
        digest = key.digest
        hit = self._memory.get(digest)
        if hit is not None:
            return hit
        lease = FillLease(partial(self._memory.put, digest, tags=key.tags), key.tags)
        self._leases.add(lease)
        return Miss(lease)

    async def invalidate(self, tag: str) -> int:
        """Drop every entry with this tag; returns how many fresh ones there were.

        Leases out for such an entry are void: their answers come from before the invalidation.
        """
        for lease in tuple(self._leases):
            if tag in lease.tags:
                lease.void()
        return self._memory.invalidate(tag)

    async def clear(self) -> int:
        """Drop every entry and void every lease; returns how many fresh entries there were."""
        for lease in tuple(self._leases):
            lease.void()
        return self._memory.clear()

    def stats(self) -> CacheStats:
        """The figures so far, in all and per tier."""
        memory = self._memory.stats()
        return CacheStats(
            hits=memory.hits,
            misses=memory.misses,
            entries=memory.entries,
            bytes=memory.bytes,
            evictions=memory.evictions,
            tiers={"memory": attrs.asdict(memory)},
        )
