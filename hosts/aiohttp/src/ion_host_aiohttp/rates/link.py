"""The way to Redis: bounded in time, and behind a breaker. Import it only where Redis is used.

While Redis is thought not to answer nobody waits for it. One question in the background finds out
when it is back, so that a dead Redis costs a request nothing. It is a whole call of the script that
writes, so a Redis that only reads, is full or runs no scripts does not count as back.
"""

from __future__ import annotations

import asyncio
import secrets
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from redis import exceptions

from ion_framework.clock import Clock
from ion_framework.resilience.breaker import (
    Breaker,
    BreakerChange,
    BreakerSettings,
    BreakerState,
    Ticket,
)
from ion_host_aiohttp.rates.quota import Quota
from ion_host_aiohttp.rates.redis_client import RedisClient
from ion_host_aiohttp.rates.redis_script import (
    MEMORY,
    SCRIPT,
    SHA,
    Order,
    Outcome,
    read_outcome,
)
from ion_host_aiohttp.rates.store import key_of

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

CONNECTIONS = 32
_PROBE = Order(key=key_of("probe"), quota=Quota(limit=1, window_s=1), cost=1, decides=False)


class Trouble(StrEnum):
    """Why Redis did not decide, in words that can be logged: texts of errors hold addresses."""

    TIMEOUT = "timeout"
    CONNECTION = "connection"
    LOGIN = "login"
    SCRIPTS = "no scripts"
    """It does not run scripts: a proxy, or EVAL and EVALSHA are renamed or forbidden."""
    REFUSED = "refused"
    """It answers, and takes no writes: loading, full, or a replica."""
    OTHER = "other"


_KINDS: tuple[tuple[type[BaseException], Trouble], ...] = (
    (TimeoutError, Trouble.TIMEOUT),
    (exceptions.TimeoutError, Trouble.TIMEOUT),
    (exceptions.AuthenticationError, Trouble.LOGIN),
    (exceptions.AuthorizationError, Trouble.LOGIN),
    (exceptions.NoPermissionError, Trouble.SCRIPTS),
    (exceptions.BusyLoadingError, Trouble.REFUSED),
    (exceptions.ReadOnlyError, Trouble.REFUSED),
    (exceptions.OutOfMemoryError, Trouble.REFUSED),
    (exceptions.ConnectionError, Trouble.CONNECTION),
    (OSError, Trouble.CONNECTION),
)


def trouble(error: BaseException) -> Trouble:
    """What an error means."""
    if isinstance(error, exceptions.ResponseError) and "unknown command" in str(error).lower():
        return Trouble.SCRIPTS
    return next((kind for types, kind in _KINDS if isinstance(error, types)), Trouble.OTHER)


class NoAnswerError(Exception):
    """Redis did not decide."""


class RedisLink:
    """Has Redis carry orders out.

    Args:
        client: the client. One order to a Cluster concerns one node, so the name of the memory is
            not looked at there, and that a node has lost its data is not found out.
        clock: the clock.
        logger: for one line a change of state.
        timeout_s: seconds for a request to Redis, the wait for a free connection included. A
            process that is itself so late cannot tell, and takes Redis for gone.

    Attributes:
        latest: what went wrong last.
        memory: name of the memory of Redis as it was last; empty before the first answer.
    """

    def __init__(
        self,
        client: RedisClient,
        *,
        clock: Clock,
        logger: FilteringBoundLogger,
        timeout_s: float,
    ) -> None:
        self.latest = Trouble.CONNECTION
        self.memory = ""
        self._client = client
        self._timeout_s = timeout_s
        self._logger = logger
        self._gate = asyncio.Semaphore(CONNECTIONS)
        self._breaker = Breaker(BreakerSettings(), clock, on_change=self._changed)
        self._probing: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def answering(self) -> bool:
        """Whether Redis is thought to answer; nothing is asked."""
        return self._breaker.state is BreakerState.CLOSED

    async def run(self, order: Order) -> Outcome:
        """What Redis makes of an order.

        Raises:
            NoAnswerError: it did not decide; perhaps it has counted.
        """
        ticket = self._breaker.admit() if self.answering else None
        if ticket is None:
            self.look_again()
            raise NoAnswerError
        return await self._tried(order, ticket)

    def look_again(self) -> None:
        """Find out in the background whether Redis is back, if that is due."""
        if self.answering or self._closed:
            return
        ticket = self._breaker.admit()
        if ticket is not None:
            self._probing = asyncio.get_running_loop().create_task(self._probe(ticket))

    async def greet(self) -> bool:
        """Ask for the first time; whether Redis answers."""
        while self.answering:
            try:
                await self.run(_PROBE)
            except NoAnswerError:
                if self.latest is Trouble.SCRIPTS:
                    return False
            else:
                return True
        return False

    async def close(self) -> None:
        """Close every connection."""
        self._closed = True
        if self._probing is not None:
            self._probing.cancel()
            await asyncio.gather(self._probing, return_exceptions=True)
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._client.close()
        except (exceptions.RedisError, OSError) as error:
            # A connection that does not close is gone anyway.
            self.latest = trouble(error)

    async def _probe(self, ticket: Ticket) -> None:
        try:
            await self._tried(_PROBE, ticket)
        except NoAnswerError:
            return

    async def _tried(self, order: Order, ticket: Ticket) -> Outcome:
        try:
            async with asyncio.timeout(self._timeout_s), self._gate:
                outcome = read_outcome(await self._evaluated(order))
        except asyncio.CancelledError:
            ticket.abandoned()
            raise
        except Exception as error:  # whatever it is, Redis has not decided
            self.latest = trouble(error)
            ticket.failed()
            raise NoAnswerError from error
        ticket.succeeded()
        return outcome

    async def _evaluated(self, order: Order) -> Any:
        keys = [order.name()] if self._client.in_parts else [order.name(), MEMORY]
        words = [len(keys), *keys, *order.arguments(self.memory, secrets.token_hex(8))]
        try:
            return await self._client.commands.evalsha(SHA, *words)
        except exceptions.NoScriptError:
            return await self._client.commands.eval(SCRIPT, *words)

    def _changed(self, change: BreakerChange) -> None:
        if change.after is BreakerState.CLOSED:
            self._logger.info("rate limits: redis is back")
        elif change.before is BreakerState.CLOSED:
            tell = self._logger.error if self.latest is Trouble.SCRIPTS else self._logger.warning
            tell("rate limits: redis is gone", trouble=self.latest.value)
