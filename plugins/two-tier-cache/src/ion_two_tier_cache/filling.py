"""What comes of an answer in the making: what is kept, who is told, who tries next."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from ion_framework.errors import NoAnswerError
from ion_framework.pipeline.cache import (
    CachedRefusal,
    CachedReply,
    Hit,
    Miss,
    Refused,
    Settled,
    Stale,
)
from ion_framework.pipeline.chunks import FinishReason
from ion_two_tier_cache.entry import Entry, Freshness
from ion_two_tier_cache.flights import AGAIN, Again, Flight, Flights, Landing, Lead, Overdue
from ion_two_tier_cache.lease import FillLease

if TYPE_CHECKING:
    from ion_framework.clock import Clock
    from ion_two_tier_cache.freshness import FreshnessRules
    from ion_two_tier_cache.pauses import Pauses
    from ion_two_tier_cache.statistics import Counts
    from ion_two_tier_cache.tiers import Tiers

TRIES = 2
"""A flight whose leaders were refused so often gives up: those who wait get the refusal."""


PUT_OFF_S = 1.0
"""Seconds after which an old answer, for which nobody had room, is next tried to be made anew."""


class Filling:
    """Begins flights, makes their leases, and ends them.

    Attributes:
        flights: what is being made now.

    Args:
        tiers: where answers are kept.
        rules: for how long.
        pauses: notes what cannot be made just now.
        counts: counters.
        clock: where the time comes from.
        lead_s: seconds after which nobody waits for a leader any more.
    """

    def __init__(  # noqa: PLR0913  one keyword per part, and no part without the others
        self,
        *,
        tiers: Tiers,
        rules: FreshnessRules,
        pauses: Pauses,
        counts: Counts,
        clock: Clock,
        lead_s: float,
    ) -> None:
        self.flights = Flights()
        self._tiers = tiers
        self._rules = rules
        self._pauses = pauses
        self._counts = counts
        self._clock = clock
        self._overdue = Overdue(lead_s, self.lose)

    def begin(self, digest: str, tags: tuple[str, ...], spare: Entry | None) -> Flight:
        """Begin a flight of a digest that has none."""
        flight = Flight(digest, tags, spare, self._overdue)
        self.flights.add(flight)
        return flight

    def lead(self, flight: Flight, term: int) -> Miss | Hit | Stale:
        """What a leader gets: the right, and with it what there is meanwhile."""
        lease = FillLease(_Leader(self, flight, term, self._clock))
        self._counts.leaders += 1
        flight.refreshes = False
        spare, now = flight.spare, self._clock.time()
        if spare is None or not isinstance(spare.body, CachedReply):
            return Miss(lease)
        state, age_s = spare.state(now), spare.age_s(now)
        if state is Freshness.GONE:
            return Miss(lease)
        if state is Freshness.ON_ERROR:
            return Miss(lease, Stale(spare.body, age_s))
        flight.refreshes = True
        if state is Freshness.FRESH:
            return Hit(spare.body, age_s, lease)
        self._counts.stale_served += 1
        return Stale(spare.body, age_s, lease)

    def store(self, flight: Flight, reply: CachedReply, ttl_s: float, work_s: float) -> None:
        """Keep an answer, and land the flight with it."""
        if reply.finish_reason is not FinishReason.STOP or reply.degraded:
            self._counts.unfit += 1
            self.share(flight, reply)
            return
        self._keep(
            flight, self._rules.of_reply(reply, flight.tags, ttl_s, work_s, self._clock.time())
        )
        self._counts.refreshes += flight.refreshes
        self._pauses.succeeded(flight.digest)
        self.end(flight, Hit(reply, 0.0))

    def share(self, flight: Flight, reply: CachedReply) -> None:
        """Land the flight with an answer that is not kept."""
        self._failed(flight)
        self.end(flight, Hit(reply, 0.0))

    def refuse(self, flight: Flight, refusal: CachedRefusal) -> None:
        """End a leader's try without an answer.

        Those who wait get the spare where the upstream failed and there is one, and the refusal
        where it would only be repeated, or was met twice. Otherwise one of them tries.
        """
        self._counts.refusals += 1
        self._failed(flight)
        flight.refusals += 1
        spare = self.spare(flight) if refusal.code == NoAnswerError.code else None
        if refusal.repeatable and spare is None:
            now = self._clock.time()
            self._keep(flight, self._rules.of_refusal(refusal, flight.tags, now))
        if spare is not None:
            self._counts.spare_served += flight.waiting
            self.end(flight, spare)
        elif refusal.repeatable or flight.refusals >= TRIES:
            self._counts.refusals_shared += flight.waiting
            self.end(flight, Refused(refusal, 0.0))
        else:
            self.release(flight)

    def give_up(self, flight: Flight) -> None:
        """Take the right back from a leader who made nothing of it.

        Where it was to make anew what others are served meanwhile, there is no hurry: as long as
        too much of that kind is under way, the right is not handed out with every look-up.
        """
        if flight.refreshes:
            self._counts.refreshes_put_off += 1
            self._pauses.put_off(flight.digest, PUT_OFF_S)
        self.release(flight)

    def release(self, flight: Flight) -> None:
        """Let one of those who wait lead, and end the flight where nobody does."""
        if not flight.void and flight.elect():
            self._counts.reelections += 1
        else:
            self.end(flight, AGAIN)

    def end(self, flight: Flight, outcome: Landing | Again) -> None:
        """Land a flight, and give back what it holds against other processes."""
        self.flights.discard(flight)
        if flight.remote is not None:
            self.give_back(flight)
        flight.land(outcome)

    def lose(self, flight: Flight, term: int) -> None:
        """Go on without a leader who vanished or takes too long."""
        if not flight.landed and flight.term == term:
            self._counts.lost += 1
            self.release(flight)

    def void(self, tag: str | None) -> None:
        """Keep nothing of what is being made for a tag, or with None of anything."""
        for flight in self.flights.void(tag):
            self.give_back(flight)

    def give_back(self, flight: Flight) -> None:
        """Give back the right that is held against other processes, if there is one."""
        lease, flight.remote = flight.remote, None
        keeper = lease.hand_over() if lease is not None else None
        if lease is not None and keeper is not None:
            keeper.give_back(lease)

    def spare(self, flight: Flight) -> Stale | None:
        """The old answer that is there where no new one can be made, None where there is none."""
        entry, now = flight.spare, self._clock.time()
        if entry is None or not isinstance(entry.body, CachedReply):
            return None
        if entry.state(now) is Freshness.GONE:
            return None
        return Stale(entry.body, entry.age_s(now))

    def settle(self, flight: Flight, told: Landing | Lead) -> Settled:
        """What a turn gets that has waited."""
        return self.lead(flight, told.term) if isinstance(told, Lead) else told

    def _keep(self, flight: Flight, entry: Entry | None) -> None:
        if entry is None:
            return
        if flight.void:
            self._counts.voided += 1
            return
        lease, flight.remote = flight.remote, None
        self._tiers.keep(flight.digest, entry, flight.tokens, lease, flight.mark)

    def _failed(self, flight: Flight) -> None:
        if flight.spare is not None:
            self._pauses.failed(flight.digest)
        self._counts.refreshes += flight.refreshes
        self._counts.refreshes_failed += flight.refreshes


class _Leader:
    """The leader of a flight in one of its terms; one whose term is over changes nothing."""

    __slots__ = ("_began", "_filling", "_flight", "_loop", "_now", "_term")

    def __init__(self, filling: Filling, flight: Flight, term: int, clock: Clock) -> None:
        self._filling = filling
        self._flight = flight
        self._term = term
        self._now = clock.monotonic
        self._began = clock.monotonic()
        self._loop = asyncio.get_running_loop()

    def store(self, reply: CachedReply, ttl_s: float) -> None:
        if self._leads():
            self._filling.store(self._flight, reply, ttl_s, self._now() - self._began)

    def share(self, reply: CachedReply) -> None:
        if self._leads():
            self._filling.share(self._flight, reply)

    def refuse(self, refusal: CachedRefusal) -> None:
        if self._leads():
            self._filling.refuse(self._flight, refusal)

    def release(self) -> None:
        if self._leads():
            self._filling.give_up(self._flight)

    def lost(self) -> None:
        # Garbage is collected in any thread, and in the middle of anything. Without a loop nobody
        # waits any more.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._filling.lose, self._flight, self._term)

    def _leads(self) -> bool:
        return not self._flight.landed and self._flight.term == self._term
