"""Counting in Redis for all processes, and alone while Redis is gone.

While Redis decides, a limit holds exactly over all processes. This process counts along what Redis
granted it. While Redis is gone each process grants its part, limit / processes (at least 1), and
what Redis granted it before counts in that.

The bound over any switching, however often, of one host with P processes and a limit of N: Redis
grants at most N in any window, because it remembers what it granted. Each process grants
at most max(1, N // P) alone in any window, because it remembers what it granted. So no window
holds more than N + P * max(1, N // P), which is at most 2 N where N is not below P; with one
process it is N, because that one counts everything. Each further host with the same Redis adds its
own P * max(1, N // P) during an outage: hosts do not know of each other.

Should Redis lose its memory (started anew without its data, flushed) it would grant N more. The
name that it keeps for its memory shows that, and then each process grants its part alone for as
long as a window reaches back, and has Redis count that. The bound stays the same. Not covered: a
replica that takes over without the latest writes, one node of a Cluster, a process that was
started after the loss and knows of no earlier memory, and clocks of Redis that are set forward.

Counts of the day that were made alone, or that Redis has forgotten, are told to it with the
caller's next request. Until then the bound above holds for a day in place of a window.
"""

from __future__ import annotations

import math
from contextlib import suppress

import attrs

from ion_framework.clock import Clock
from ion_framework.settings.serving import RateOutage
from ion_host_aiohttp.errors.messages import Message, say
from ion_host_aiohttp.rates.link import NoAnswerError, RedisLink, Trouble
from ion_host_aiohttp.rates.quota import Quota, violated
from ion_host_aiohttp.rates.redis_script import Order, Outcome
from ion_host_aiohttp.rates.store import LocalStore, Standing, StoreGoneError

_NOTHING = Quota(limit=None)


class SharedStore:
    """Counts in Redis.

    Args:
        link: the way there.
        local: what counts in this process.
        clock: the clock.
        outage: what holds while Redis is gone.
        processes: processes of this host.
        reaches_back_s: seconds that the longest window of any quota reaches back.
    """

    def __init__(  # noqa: PLR0913  the parts it is made of
        self,
        link: RedisLink,
        local: LocalStore,
        clock: Clock,
        *,
        outage: RateOutage,
        processes: int,
        reaches_back_s: float,
    ) -> None:
        self._link = link
        self._local = local
        self._clock = clock
        self._outage = outage
        self._processes = processes
        self._reaches_back_s = reaches_back_s
        self._alone_until = -math.inf

    async def take(self, key: bytes, quota: Quota, cost: int, *, runs_turns: bool) -> Standing:
        """Count a request, if it may pass.

        Raises:
            StoreGoneError: Redis is gone, and then nobody is to pass.
        """
        order = Order(key=key, quota=quota, cost=cost, runs_turns=runs_turns)
        if self._clock.monotonic() >= self._alone_until:
            try:
                outcome = await self._run(order)
            except NoAnswerError:
                if self._outage is RateOutage.CLOSED:
                    raise StoreGoneError from None
                return self._alone(order)
            if not outcome.lost:
                return self._decided(order, outcome)
        return await self._alone_and_told(order)

    async def book(self, key: bytes, tokens: int) -> None:
        """Count tokens that were spent."""
        order = Order(key=key, quota=_NOTHING, cost=0, decides=False, owed_tokens=tokens)
        try:
            await self._run(order)
        except NoAnswerError:
            await self._local.book(key, tokens)
        else:
            self._local.days.add(key, 0, tokens, self._link.memory)

    def shortcoming(self) -> Message | None:
        """What is wrong with Redis, if anything; also has it looked after."""
        if self._link.answering:
            is_alone = self._clock.monotonic() < self._alone_until
            return say("rates_forgotten") if is_alone else None
        self._link.look_again()
        if self._link.latest is Trouble.SCRIPTS:
            return say("rates_no_scripts")
        return say("rates_closed" if self._outage is RateOutage.CLOSED else "rates_local")

    async def close(self) -> None:
        """Let go of connections."""
        await self._link.close()

    async def _run(self, order: Order) -> Outcome:
        """What Redis makes of an order; it is also told what it does not know of the day.

        Raises:
            NoAnswerError: it did not decide.
        """
        requests, tokens = self._local.days.owed(order.key, self._link.memory)
        told = attrs.evolve(order, owed_requests=requests, owed_tokens=tokens + order.owed_tokens)
        try:
            outcome = await self._link.run(told)
        except BaseException:
            self._local.days.owe(order.key, requests, tokens)
            raise
        if outcome.lost:
            self._local.days.owe(order.key, requests, tokens)
        if self._link.memory not in ("", outcome.memory):
            self._alone_until = self._clock.monotonic() + self._reaches_back_s
        self._link.memory = outcome.memory
        return outcome

    def _decided(self, order: Order, outcome: Outcome) -> Standing:
        quota = order.quota
        if outcome.granted:
            self._local.record(order.key, quota, order.cost, self._link.memory)
            return Standing(True, quota, outcome.used)
        broken = violated(quota, outcome.used, order.cost, runs_turns=order.runs_turns)
        return Standing(False, quota, outcome.used, broken)

    def _alone(self, order: Order) -> Standing:
        part = order.quota.divided(self._processes)
        standing = self._local.take_now(order.key, part, order.cost, runs_turns=order.runs_turns)
        return attrs.evolve(standing, local=True)

    async def _alone_and_told(self, order: Order) -> Standing:
        """Decide alone, and have Redis count it, so that it knows when it decides again."""
        standing = self._alone(order)
        if standing.granted:
            # What it counts for the day is owed, and told with it.
            quota = attrs.evolve(order.quota, requests_per_day=None)
            with suppress(NoAnswerError):
                await self._run(attrs.evolve(order, quota=quota, decides=False))
        return standing
