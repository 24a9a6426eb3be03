"""Answers that are being made just now in this process, and the turns that wait for them.

A flight begins with the first turn that misses, its leader; turns that ask the same meanwhile wait.
Each waits on a future of its own, so that one that leaves disturbs nobody. How a flight ends, or
who leads it next, is decided in `ion_two_tier_cache.filling`; here is who is told, and when.

Everything here belongs to one event loop and takes no locks.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

import attrs

from ion_framework.pipeline.cache import Hit, Refused, Stale

if TYPE_CHECKING:
    from ion_two_tier_cache.entry import Entry
    from ion_two_tier_cache.redis_tokens import Tokens
    from ion_two_tier_cache.remote_lease import RemoteLease
    from ion_two_tier_cache.tiers import Mark

WAKE_AT_ONCE = 32
"""So many turns are woken before the loop looks at its sockets and timers again: a thousand turns
that go on in one step would hold up everybody else."""


@attrs.frozen
class Lead:
    """Told to a turn that waits: make the answer yourself.

    Attributes:
        term: its number as a leader.
    """

    term: int


@attrs.frozen
class Again:
    """Told to a turn that waits: look it up again."""


AGAIN = Again()
"""There is but one way to say so."""

Landing: TypeAlias = Hit | Stale | Refused
LANDINGS = (Hit, Stale, Refused)
"""The same for `isinstance`, which takes longer over a union."""
Told: TypeAlias = Landing | Lead | Again


class Flight:
    """One answer in the making.

    Attributes:
        digest: of the key.
        tags: of the key.
        spare: the entry that there is meanwhile, if any.
        tokens: what an entry made now is to be stored with in the tier that processes share; None
            without such a tier.
        mark: whether invalidations were heard of when the tokens were read.
        remote: the right to make it, held against other processes.
        refreshes: whether callers got the spare, and it is made anew behind their backs.
        void: what comes of it must not be stored: its tags were invalidated after it began.
        term: number of the present leader; what an earlier one does counts no more.
        refusals: how often a leader was refused.
        landed: whether it is over.
    """

    # As it begins, which is how nearly all of it stays where the other tier has the answer.
    tokens: Tokens | None = None
    mark: Mark | None = None
    remote: RemoteLease | None = None
    refreshes = void = landed = False
    term = refusals = 0
    _waiters: OrderedDict[asyncio.Future[Told], None] | None = None
    _outcome: Landing | Again = AGAIN
    _limit: asyncio.TimerHandle | None = None

    def __init__(
        self, digest: str, tags: tuple[str, ...], spare: Entry | None, overdue: Overdue
    ) -> None:
        self.digest = digest
        self.tags = tags
        self.spare = spare
        self._overdue = overdue

    @property
    def waiting(self) -> int:
        """How many turns wait."""
        return len(self._waiters) if self._waiters else 0

    async def join(self) -> Told:
        """Wait for what comes of it. A turn that leaves while it is offered the lead passes it on.

        Nobody waits for one leader longer than the limit that the flight was made with.
        """
        if self.landed:
            return self._outcome
        future: asyncio.Future[Told] = asyncio.get_running_loop().create_future()
        if self._waiters is None:
            self._waiters = OrderedDict()
        self._waiters[future] = None
        self._set_limit()
        try:
            return await future
        except BaseException:
            if self._waiters is not None:
                self._waiters.pop(future, None)
            # Told and cancelled in one step of the loop: the lead must not be lost with this turn.
            if future.done() and not future.cancelled():
                told = future.result()
                if isinstance(told, Lead):
                    self._overdue.act(self, told.term)
            raise

    def elect(self) -> bool:
        """Offer the lead to the turn that waits for longest; returns whether one does.

        Whoever led before does so no more.
        """
        self.term += 1
        self._end_limit()
        while self._waiters:
            future, _ = self._waiters.popitem(last=False)
            if not future.done():
                future.set_result(Lead(self.term))
                self._set_limit()
                return True
        return False

    def hand_out(self, outcome: Landing | Again) -> None:
        """Give those who wait now an answer that goes before the one in the making."""
        waiters, self._waiters = self._waiters, None
        self._end_limit()
        if waiters:
            _wake(waiters, outcome)

    def land(self, outcome: Landing | Again) -> None:
        """End it: everybody who waits, and who still comes, is told the outcome."""
        self.term += 1
        self.landed = True
        self._outcome = outcome
        if self._waiters is not None:
            self.hand_out(outcome)

    def _set_limit(self) -> None:
        if self._limit is None and self._waiters:
            loop = asyncio.get_running_loop()
            overdue = self._overdue
            self._limit = loop.call_later(overdue.after_s, overdue.act, self, self.term)

    def _end_limit(self) -> None:
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None


class Overdue:
    """What is done about a leader of whom nothing is heard.

    Attributes:
        after_s: seconds after which a leader is waited for no longer.
        act: called with the flight and the number of the leader that is waited for no longer.
    """

    __slots__ = ("act", "after_s")

    def __init__(self, after_s: float, act: Callable[[Flight, int], None]) -> None:
        self.after_s = after_s
        self.act = act


def _wake(waiters: OrderedDict[asyncio.Future[Told], None], outcome: Told) -> None:
    for _ in range(min(WAKE_AT_ONCE, len(waiters))):
        future, _ = waiters.popitem(last=False)
        if not future.done():
            future.set_result(outcome)
    if waiters:
        asyncio.get_running_loop().call_soon(_wake, waiters, outcome)


class Flights:
    """The flights of this process, one for a digest at most."""

    def __init__(self) -> None:
        self._flights: dict[str, Flight] = {}

    def __len__(self) -> int:
        return len(self._flights)

    @property
    def waiting(self) -> int:
        """How many turns wait, for all flights together."""
        return sum(flight.waiting for flight in self._flights.values())

    def find(self, digest: str) -> Flight | None:
        """The flight of a digest, None where nobody makes it."""
        return self._flights.get(digest)

    def add(self, flight: Flight) -> None:
        """Take in a flight of a digest that has none."""
        self._flights[flight.digest] = flight

    def discard(self, flight: Flight) -> None:
        """Let a flight go; whoever asks now begins another."""
        if self._flights.get(flight.digest) is flight:
            del self._flights[flight.digest]

    def void(self, tag: str | None) -> tuple[Flight, ...]:
        """Void the flights with this tag, with None all of them, and return them.

        They go on for those who wait already; whoever asks from now on begins another.
        """
        voided = tuple(
            flight for flight in self._flights.values() if tag is None or tag in flight.tags
        )
        for flight in voided:
            flight.void = True
            self.discard(flight)
        return voided
