"""The core's cache port over the tiers: keys become digests, misses become leases."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from ion_framework.pipeline.cache import (
    CachedReply,
    CacheKey,
    CacheStats,
    Hit,
    Lookup,
    Pending,
    Refused,
    Settled,
    Stale,
)
from ion_two_tier_cache.entry import Entry, Freshness
from ion_two_tier_cache.fetching import Fetching
from ion_two_tier_cache.filling import Filling
from ion_two_tier_cache.flights import Again, Flight
from ion_two_tier_cache.freshness import FreshnessRules
from ion_two_tier_cache.others_leases import OthersLeases
from ion_two_tier_cache.pauses import Pauses
from ion_two_tier_cache.reading import Reading
from ion_two_tier_cache.statistics import Counts, stats_of
from ion_two_tier_cache.tiers import RemoteTier, Tiers

if TYPE_CHECKING:
    from collections.abc import Callable

    from ion_framework.clock import Clock
    from ion_two_tier_cache.memory import MemoryTier

LEAD_S = 120.0
"""Seconds after which a turn that makes an answer is waited for no longer: twice as long as a turn
may take unless the settings say otherwise."""

L1_TTL_S = 60.0
"""Seconds that an entry stays in memory at most where there is another tier."""


class TwoTierCache:
    """A `TurnCache` over the memory tier, and a tier that processes share, if there is one.

    Whose answer may be served to whom is decided by the key, which the core makes; two keys share
    an entry only if their digests are equal. Tags are no part of the digest: an entry carries the
    tags of the key it was stored with.

    It belongs to one event loop and takes no locks.

    Args:
        memory: the tier of this process.
        clock: where the time comes from.
        rules: how long an answer is good for what.
        make_remote: makes the tier that processes share. It is given what it has to call when a tag
            was invalidated elsewhere, with None for everything.
        l1_ttl_s: seconds that an entry stays in memory at most where there is another tier.
        lead_s: seconds after which a turn that makes an answer is waited for no longer.
        remote_name: what the tier that processes share is called in the figures.
    """

    def __init__(  # noqa: PLR0913  each is a part or a bound of its own, with a default
        self,
        memory: MemoryTier,
        clock: Clock,
        *,
        rules: FreshnessRules | None = None,
        make_remote: Callable[[Callable[[str | None], None]], RemoteTier] | None = None,
        l1_ttl_s: float = L1_TTL_S,
        lead_s: float = LEAD_S,
        remote_name: str = "redis",
    ) -> None:
        self._memory = memory
        self._wall = clock.time
        self._rules = rules or FreshnessRules()
        remote = make_remote(self._invalidated) if make_remote is not None else None
        self._tiers = Tiers(
            memory, remote, l1_ttl_s, remote_name, clock=clock, random=self._rules.random
        )
        self._counts = Counts()
        self._pauses = Pauses(clock)
        self._filling = Filling(
            tiers=self._tiers,
            rules=self._rules,
            pauses=self._pauses,
            counts=self._counts,
            clock=clock,
            lead_s=lead_s,
        )
        self._flights = self._filling.flights
        others = OthersLeases(clock, lead_s)
        reading = Reading(
            tiers=self._tiers,
            rules=self._rules,
            counts=self._counts,
            clock=clock,
            filling=self._filling,
            others=others,
        )
        self._fetching = Fetching(
            tiers=self._tiers,
            reading=reading,
            pauses=self._pauses,
            counts=self._counts,
            clock=clock,
            filling=self._filling,
            others=others,
            random=self._rules.random,
        )

    async def open(self) -> None:
        """Open the tier that processes share; one that is out of order does not stop the start."""
        if self._tiers.remote is not None:
            await self._tiers.remote.open()
            self._fetching.open()

    async def close(self) -> None:
        """Stop what runs in the background, and close the tier that processes share."""
        await self._fetching.close()
        if self._tiers.remote is not None:
            await self._tiers.remote.close()

    async def lookup(self, key: CacheKey) -> Lookup:
        """Look an answer up.

        A `Hit` or `Stale` may carry the right to make the answer anew, a `Miss` always does; a
        `Pending` waits for whoever makes it already, in this process or another.
        """
        entry, due = self._memory.get(key.digest), False
        if entry is not None and isinstance(entry.body, CachedReply):
            now = self._wall()
            if now < entry.made_at + entry.fresh_s:
                due = self._rules.is_due(entry, now)
                if not due:
                    self._counts.hits += 1
                    return Hit(entry.body, entry.age_s(now))
        found = self._find(key, entry, due=due)
        if isinstance(found, Flight):
            found = await self._fetching.fetch(found) or self._pending(found, key)
        self._counts.look_up(found)
        return found

    async def invalidate(self, tag: str) -> int:
        """Drop every entry with this tag, in every process; returns how many there were.

        What is being made for the tag is not kept. Where there are two tiers, the number is that of
        the one that held more of them.
        """
        return await self._tiers.invalidate(tag, self._filling.void)

    async def clear(self) -> int:
        """Drop every entry, in every process; returns how many there were."""
        self._pauses.clear()
        return await self._tiers.invalidate(None, self._filling.void)

    def stats(self) -> CacheStats:
        """The figures so far, in all and per tier."""
        return stats_of(self._counts, self._tiers, len(self._flights), self._flights.waiting)

    async def wait(self, flight: Flight, key: CacheKey) -> Settled:
        """What comes of a flight for a turn that asks for this key."""
        told = await flight.join()
        while isinstance(told, Again):
            # One that is due is left to the next turn that looks it up.
            found = self._find(key, self._memory.get(key.digest), due=False)
            if isinstance(found, Flight):
                found = await self._fetching.fetch(found) or self._pending(found, key)
            if not isinstance(found, Pending):
                return found
            assert isinstance(found.flight, Waiting)  # noqa: S101  this cache makes no other
            flight = found.flight.flight
            told = await flight.join()
        return self._filling.settle(flight, told)

    def left(self) -> None:
        """Count a turn that stopped waiting."""
        self._counts.left += 1

    def settled(self, found: Settled) -> None:
        """Count what a turn got that has waited."""
        self._counts.look_up(found)

    def _find(self, key: CacheKey, entry: Entry | None, *, due: bool) -> Lookup | Flight:
        """What this process has, or the flight that was begun to ask the other tier."""
        digest = key.digest
        flight = self._flights.find(digest)
        if entry is not None:
            served = self._served(digest, entry, busy=flight is not None, due=due)
            if served is not None:
                return served
        if flight is not None:
            return self._pending(flight, key)
        flight = self._filling.begin(digest, key.tags, entry)
        if self._tiers.remote is None:
            return self._filling.lead(flight, flight.term)
        return flight

    def _pending(self, flight: Flight, key: CacheKey) -> Pending:
        return Pending(Waiting(self, flight, key), self._filling.spare(flight))

    def _served(
        self, digest: str, entry: Entry, *, busy: bool, due: bool
    ) -> Hit | Stale | Refused | None:
        """What is served of an entry as it is; None where it is to be made anew.

        Args:
            digest: what it is found by.
            entry: the entry.
            busy: whether somebody makes it anew already.
            due: whether it was drawn to be made anew, which happens once for a turn.
        """
        now = self._wall()
        state, age_s, body = entry.state(now), entry.age_s(now), entry.body
        if not isinstance(body, CachedReply):
            self._counts.refusals_served += 1
            return Refused(body, age_s)
        quiet = busy or self._pauses.holds(digest)
        if state is Freshness.FRESH:
            return Hit(body, age_s) if quiet or not due else None
        if state is Freshness.STALE and quiet:
            self._counts.stale_served += 1
            return Stale(body, age_s)
        if state is Freshness.ON_ERROR and quiet and self._pauses.failures(digest):
            self._counts.spare_served += 1
            return Stale(body, age_s)
        return None

    def _invalidated(self, tag: str | None) -> None:
        """Forget what another process has invalidated; grow deaf where that is no longer heard."""
        remote = self._tiers.remote
        if tag is None and remote is not None and not remote.coherent:
            self._tiers.grow_deaf()
            return
        self._filling.void(tag)
        self._tiers.forget(tag)


class Waiting:
    """A turn's place among those that wait for a flight: the core's `Flight`.

    Attributes:
        flight: what it waits for.
    """

    __slots__ = ("_cache", "_key", "flight")

    def __init__(self, cache: TwoTierCache, flight: Flight, key: CacheKey) -> None:
        self._cache = cache
        self._key = key
        self.flight = flight

    async def wait(self) -> Settled:
        """What came of it."""
        try:
            found = await self._cache.wait(self.flight, self._key)
        except asyncio.CancelledError:
            self._cache.left()
            raise
        self._cache.settled(found)
        return found
