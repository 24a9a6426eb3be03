"""Asking the tier that processes share, once for all turns of this process that ask the same."""

from __future__ import annotations

import asyncio
import random as random_module
from typing import TYPE_CHECKING

from ion_framework.pipeline.cache import CachedReply, Hit, Miss, Refused, Stale
from ion_two_tier_cache.batching import ClosedError
from ion_two_tier_cache.ending import end
from ion_two_tier_cache.entry import Entry, Freshness
from ion_two_tier_cache.flights import AGAIN, LANDINGS, Flight, Landing

if TYPE_CHECKING:
    from collections.abc import Callable

    from ion_framework.clock import Clock
    from ion_two_tier_cache.filling import Filling
    from ion_two_tier_cache.others_leases import OthersLeases
    from ion_two_tier_cache.pauses import Pauses
    from ion_two_tier_cache.reading import Reading
    from ion_two_tier_cache.statistics import Counts
    from ion_two_tier_cache.tiers import RemoteTier, Tiers

FIRST_LOOK_S = 0.05
"""Seconds between two looks at what another process is making, at first."""

LONGEST_LOOK_S = 0.25
"""They grow to this."""

GROWTH = 1.25
"""By this factor from one to the next."""

SPREAD = 0.5
"""Share by which each is longer or shorter at random, so that processes do not look in step."""

ELSEWHERE_S = 0.25
"""Seconds for which an entry that another process makes anew is served without asking again."""

PATIENCE_S = 1.0
"""Seconds after which a watch ends for which nobody waits."""


class Fetching:
    """Looks in the tier that processes share, takes leases there, and watches those of others.

    Args:
        tiers: the tiers.
        reading: asks the other tier, and takes in what it has.
        pauses: notes what another process is making anew.
        counts: counters.
        clock: where the time comes from.
        filling: begins and ends flights.
        others: tells what another process makes from what nobody does.
        random: a number from 0 to below 1.
    """

    def __init__(  # noqa: PLR0913  one keyword per part, and no part without the others
        self,
        *,
        tiers: Tiers,
        reading: Reading,
        pauses: Pauses,
        counts: Counts,
        clock: Clock,
        filling: Filling,
        others: OthersLeases,
        random: Callable[[], float] = random_module.random,
    ) -> None:
        self._tiers = tiers
        self._reading = reading
        self._pauses = pauses
        self._counts = counts
        self._wall = clock.time
        self._filling = filling
        self._others = others
        self._random = random
        self._watches: set[asyncio.Task[None]] = set()
        self._closed = False

    def open(self) -> None:
        """Ask the other tier, after a `close` too."""
        self._closed = False
        self._reading.open()

    async def close(self) -> None:
        """Stop watching, and ask the other tier no more: who waits for it goes on without."""
        self._closed = True
        await self._reading.close()
        await end(*self._watches)

    async def fetch(self, flight: Flight) -> Landing | Miss | None:
        """What a flight's first turn gets; None: another process makes it, and the turn waits.

        Where the other tier is out of order the turn leads, without a second question.
        A turn that leaves meanwhile lets the others ask again.
        """
        term, remote = flight.term, self._tiers.remote
        if self._closed or remote is None:
            return self._filling.lead(flight, term)
        alone = True
        try:
            read = await self._reading.ask(flight, remote)
            if isinstance(read, LANDINGS):
                self._counts.refusals_served += isinstance(read, Refused)
                return read
            alone = not read.tokens.known
            stored = None if alone else await self._acquire(flight, remote)
            if stored is not None:
                self._counts.refusals_served += isinstance(stored, Refused)
                return self._reading.land(flight, stored)
        except ClosedError:
            # The turn goes on without the other tier.
            alone = True
        except BaseException:
            self._filling.give_back(flight)
            if not flight.landed:
                self._filling.end(flight, AGAIN)
            raise
        if flight.remote is not None:
            self._others.free(flight.digest)
        return self._go_on(flight, remote, term, alone=alone)

    async def _acquire(self, flight: Flight, remote: RemoteTier) -> Landing | None:
        """Take the lease, which the flight has afterwards unless somebody else has it.

        Returns what ends the flight all the same: what another process has stored since the tier
        was looked into, before it gave the lease back.
        """
        lease = flight.remote = await remote.acquire(flight.digest)
        if lease is None or not lease.met_entry:
            return None
        mark = self._tiers.mark()
        return self._reading.take(flight, await remote.get(flight.digest, flight.tags), mark)

    def _go_on(
        self, flight: Flight, remote: RemoteTier, term: int, *, alone: bool
    ) -> Landing | Miss | None:
        """What the first turn gets where there is nothing to end the flight with."""
        if flight.void or flight.landed:
            flight.spare = None
            self._filling.give_back(flight)
        elif (
            flight.remote is None
            and not alone
            and not self._closed
            and self._others.held(flight.digest)
        ):
            return self._elsewhere(flight, remote)
        return self._lead(flight, term)

    def _lead(self, flight: Flight, term: int) -> Landing | Miss:
        led = self._filling.lead(flight, term)
        if isinstance(led, Hit | Stale):
            # Who waits already is served like the leader; only the leader has the right.
            self._counts.stale_served += flight.waiting if isinstance(led, Stale) else 0
            flight.hand_out(type(led)(led.reply, led.age_s))
        return led

    def _elsewhere(self, flight: Flight, remote: RemoteTier) -> Landing | None:
        self._counts.elsewhere += 1
        served = self._meanwhile(flight.spare)
        if served is not None:
            self._counts.stale_served += 1 + flight.waiting if isinstance(served, Stale) else 0
            self._pauses.put_off(flight.digest, ELSEWHERE_S)
            self._filling.end(flight, served)
            return served
        self._begin_watch(flight, remote)
        return None

    def _meanwhile(self, entry: Entry | None) -> Landing | None:
        """What there is to serve while another process makes the entry anew."""
        now = self._wall()
        if entry is None or not isinstance(entry.body, CachedReply):
            return None
        state = entry.state(now)
        if state is Freshness.FRESH:
            return Hit(entry.body, entry.age_s(now))
        if state is Freshness.STALE:
            return Stale(entry.body, entry.age_s(now))
        return None

    async def _watch(self, flight: Flight, remote: RemoteTier) -> None:
        """Look every now and then what has become of another process's work."""
        term, looked_s, pause_s = flight.term, 0.0, FIRST_LOOK_S
        while flight.term == term and not flight.void and not self._closed:
            pause_s = min(pause_s, LONGEST_LOOK_S)
            spread_s = pause_s * (1 + SPREAD * (2 * self._random() - 1))
            await asyncio.sleep(spread_s)
            looked_s += spread_s
            pause_s *= GROWTH
            if not flight.waiting and looked_s >= PATIENCE_S:
                return
            if await self._look(flight, remote):
                return

    async def _look(self, flight: Flight, remote: RemoteTier) -> bool:
        """Look once; returns whether the watch is over."""
        term, mark = flight.term, self._tiers.mark()
        found = await remote.get(flight.digest, flight.tags)
        if flight.term != term or flight.void:
            return False
        landing = self._reading.take(flight, found, mark) or self._meanwhile(flight.spare)
        if landing is not None:
            self._reading.land(flight, landing)
            return True
        if found.leased:
            return self._give_up(flight)
        # Without tokens the tier is out of order, and nobody waits for it.
        stored = await self._acquire(flight, remote) if found.tokens.known else None
        if flight.term != term:
            self._filling.give_back(flight)
            return True
        if flight.remote is None and found.tokens.known:
            return self._give_up(flight)
        self._others.free(flight.digest)
        if stored is not None:
            self._reading.land(flight, stored)
        else:
            self._filling.release(flight)
        return True

    def _give_up(self, flight: Flight) -> bool:
        """Let one of those who wait lead without a lease, where another's will never end."""
        if self._others.held(flight.digest):
            return False
        self._filling.release(flight)
        return True

    def _begin_watch(self, flight: Flight, remote: RemoteTier) -> None:
        term = flight.term

        # No ``finally`` in the task: one that is cancelled before its first step never gets there.
        def ended(task: asyncio.Task[None]) -> None:
            self._watches.discard(task)
            if flight.term == term and not flight.landed:
                self._filling.end(flight, AGAIN)

        task = asyncio.get_running_loop().create_task(self._watch(flight, remote))
        self._watches.add(task)
        task.add_done_callback(ended)
