"""What the tier that processes share has for flights, taken in as it comes.

Flights that begin in one turn of the event loop are asked for together, and what comes back is
opened, kept in memory and handed to those who wait in one step of the loop, in which nothing else
can happen. So an invalidation comes before all of it or after all of it.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from ion_framework.pipeline.cache import CachedReply, Hit, Refused
from ion_two_tier_cache.batching import Batcher
from ion_two_tier_cache.tiers import finds_many

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence

    from ion_framework.clock import Clock
    from ion_two_tier_cache.entry import Entry
    from ion_two_tier_cache.filling import Filling
    from ion_two_tier_cache.flights import Flight, Landing
    from ion_two_tier_cache.freshness import FreshnessRules
    from ion_two_tier_cache.others_leases import OthersLeases
    from ion_two_tier_cache.statistics import Counts
    from ion_two_tier_cache.tiers import (
        FindsMany,
        Mark,
        RemoteFound,
        RemoteFoundMany,
        RemoteTier,
        Tiers,
    )

LARGEST = 128
"""Most flights that are asked for in one round trip."""

AT_A_TIME = 3
"""Most round trips under way."""

Read: TypeAlias = "Landing | RemoteFound"
"""What has ended a flight, or what was found where that ends none."""


class Reading:
    """Asks for flights, and ends those that are answered.

    Args:
        tiers: the tiers.
        rules: how long an answer is good for what.
        counts: counters.
        clock: where the time comes from.
        filling: ends flights.
        others: is told that nobody has to make what was found.
    """

    def __init__(  # noqa: PLR0913  one keyword per part, and no part without the others
        self,
        *,
        tiers: Tiers,
        rules: FreshnessRules,
        counts: Counts,
        clock: Clock,
        filling: Filling,
        others: OthersLeases,
    ) -> None:
        self._tiers = tiers
        self._rules = rules
        self._counts = counts
        self._wall = clock.time
        self._filling = filling
        self._others = others
        self._batcher: Batcher[Flight, Read] | None = None

    def open(self) -> None:
        """Let flights be asked for together, where the tier can do that."""
        remote = self._tiers.remote
        if self._batcher is None and finds_many(remote):
            answer = partial(self._find, remote)
            self._batcher = Batcher(answer, largest=LARGEST, at_a_time=AT_A_TIME)

    async def close(self) -> None:
        """End what is under way: whoever waits for it gets a `ClosedError`."""
        batcher, self._batcher = self._batcher, None
        if batcher is not None:
            await batcher.close()

    def ask(self, flight: Flight, remote: RemoteTier) -> Awaitable[Read]:
        """What comes of a flight, which is over unless that is a `RemoteFound`."""
        if self._batcher is None:
            return self._find_one(flight, remote)
        return self._batcher.ask(flight)

    def take(self, flight: Flight, found: RemoteFound, mark: Mark) -> Landing | None:
        """Take in what was found; returns what ends the flight, if anything does.

        Args:
            flight: for which it was looked for.
            found: what was found.
            mark: of before that.
        """
        flight.tokens, flight.mark = found.tokens, mark
        if found.entry is None or not _is_wanted(flight, found.entry):
            return None
        self._promote([(flight.digest, found.entry)], mark)
        return self._landing(flight, found.entry, self._wall())

    def land(self, flight: Flight, landing: Landing) -> Landing:
        """End a flight with what was found, and return that."""
        self._others.free(flight.digest)
        self._filling.end(flight, landing)
        return landing

    async def _find(
        self, remote: FindsMany, flights: Sequence[Flight], waited_s: float
    ) -> list[Read]:
        mark = self._tiers.mark()
        found = await remote.find_many(
            [(flight.digest, flight.tags) for flight in flights], waited_s
        )
        return self._take_all(flights, found, mark)

    async def _find_one(self, flight: Flight, remote: RemoteTier) -> Read:
        mark = self._tiers.mark()
        found = await remote.get(flight.digest, flight.tags)
        landing = self.take(flight, found, mark)
        return found if landing is None else self.land(flight, landing)

    def _take_all(
        self, flights: Sequence[Flight], found: RemoteFoundMany, mark: Mark
    ) -> list[Read]:
        """Take in what was found, and end the flights for which it is enough."""
        now, entries = self._wall(), found.entries
        reads: list[Read] = []
        promoted = []
        for flight in flights:
            digest = flight.digest
            entry = entries.get(digest)
            landing = None
            if entry is not None and _is_wanted(flight, entry):
                promoted.append((digest, entry))
                landing = self._landing(flight, entry, now)
            if landing is not None:
                reads.append(self.land(flight, landing))
            else:
                one = found.of(digest, flight.tags)
                flight.tokens, flight.mark = one.tokens, mark
                reads.append(one)
        if promoted:
            self._promote(promoted, mark)
        return reads

    def _promote(self, found: Sequence[tuple[str, Entry]], mark: Mark) -> None:
        self._counts.fetched += len(found)
        self._tiers.promote_all(found, mark)

    def _landing(self, flight: Flight, entry: Entry, now: float) -> Landing | None:
        """What ends a flight: a refusal, or an answer that need not be made anew."""
        flight.spare, body = entry, entry.body
        if not isinstance(body, CachedReply):
            self._counts.refusals_served += flight.waiting
            return Refused(body, entry.age_s(now))
        if entry.is_fresh(now) and not self._rules.is_due(entry, now):
            return Hit(body, entry.age_s(now))
        return None


def _is_wanted(flight: Flight, entry: Entry) -> bool:
    """Whether an entry may be kept, and is later than what there is."""
    if flight.void or flight.landed:
        return False
    return flight.spare is None or flight.spare.made_at < entry.made_at
