"""The way to Redis: bounded in time and in connections, and behind two breakers.

The first breaker watches whether Redis answers at all, the second whether it takes writes: one that
is full, or has become a replica, still answers look-ups. While the first is open nobody waits for
Redis; the caller who finds its open time over goes away empty as well, and a probe in the
background finds out for everybody.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from ion_framework.resilience.breaker import (
    Breaker,
    BreakerChange,
    BreakerState,
    BreakerStats,
    Ticket,
)
from ion_two_tier_cache.ending import TimeLimit, end
from ion_two_tier_cache.redis_errors import PARTLY, WRITING, RedisTroubleError, Trouble, trouble

if TYPE_CHECKING:
    from ion_two_tier_cache.redis_commands import Command, Commands
    from ion_two_tier_cache.redis_context import RedisContext

_Result = TypeVar("_Result")

Value: TypeAlias = bytes | RedisTroubleError | None
"""The value of a key, None where there is none, an error where that is not known."""


_VALUES = frozenset({bytes, type(None)})
"""What a server that works gives for keys; nearly always all of a batch."""


class RedisLink:
    """Runs commands, and raises `RedisTroubleError` for whatever goes wrong with one.

    Attributes:
        timeout_s: seconds for a command.
        troubles: how often a command had no result, by `Trouble`.
        doubtful: whether the latest command found Redis not answering.
        answering: whether Redis is thought to answer; nothing is asked.

    Args:
        commands: the client.
        context: what every part is given.
        timeout_s: seconds for a command, the wait for a free connection included.
        connections: most commands at a time.
    """

    def __init__(
        self,
        commands: Commands,
        context: RedisContext,
        *,
        timeout_s: float,
        connections: int,
    ) -> None:
        self.timeout_s = timeout_s
        self.troubles: Counter[str] = Counter()
        self.doubtful = False
        self.answering = True
        self._commands = commands
        self._gate = asyncio.Semaphore(connections)
        self._probe_name = context.keys.probe
        self._logger = context.logger
        self._latest = Trouble.CONNECTION
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False
        make = partial(Breaker, context.settings.breaker, context.clock, random=context.random)
        self._answers = make(on_change=self._answers_changed)
        self._writes = make(on_change=partial(self._changed, "writes"))

    @property
    def writable(self) -> bool:
        """Whether a write would be sent just now; nothing is asked."""
        return self.answering and self._writes.retry_after_s == 0

    @property
    def breakers(self) -> dict[str, BreakerStats]:
        """The figures of both breakers."""
        return {"answers": self._answers.stats, "writes": self._writes.stats}

    async def read(self, names: Sequence[str], *, waited_s: float = 0.0) -> list[Value]:
        """The values of keys; in a Cluster some may be had where others cannot.

        Raises:
            RedisTroubleError: there is no result.
        """
        found = await self.run(
            lambda commands: commands.values(names), waited_s=waited_s, needed=True
        )
        if set(map(type, found)) <= _VALUES:
            return found
        return [
            RedisTroubleError(trouble(value)) if isinstance(value, BaseException) else value
            for value in found
        ]

    async def write(self, commands: Sequence[Command], *, waited_s: float = 0.0) -> list[Any]:
        """The results of commands, an exception in place of each that failed.

        Raises:
            RedisTroubleError: there is no result at all.
        """
        if not self.answering:
            self.admit()
        ticket = self._writes.admit()
        if ticket is None:
            raise self._counted(Trouble.REFUSED)
        try:
            results = await self.run(lambda redis: redis.batch(commands), waited_s=waited_s)
        except BaseException:
            # Whether Redis answers is the other breaker's matter.
            ticket.abandoned()
            raise
        kinds = {trouble(result) for result in results if isinstance(result, BaseException)}
        if kinds & WRITING:
            ticket.failed()
        elif kinds:
            ticket.abandoned()
        else:
            ticket.succeeded()
        return results

    async def run(
        self,
        work: Callable[[Commands], Awaitable[_Result]],
        *,
        waited_s: float = 0.0,
        needed: bool = False,
    ) -> _Result:
        """The result of some work with the client.

        Args:
            work: awaits the client's commands.
            waited_s: seconds of the time for it that are spent already.
            needed: whether Redis is of no use if it refuses this, as it is where it lets nobody
                read.

        Raises:
            RedisTroubleError: there is none.
        """
        ticket = self.admit()
        started = False
        try:
            async with TimeLimit(self.timeout_s - waited_s), self._gate:
                started = True
                result = await work(self._commands)
        except asyncio.CancelledError:
            ticket.abandoned()
            raise
        except Exception as error:
            kind = trouble(error) if started else Trouble.BUSY
            self._settle(ticket, kind, failed=needed or kind not in PARTLY)
            raise self._counted(kind) from error
        latest = self._first_trouble(result)
        self._settle(ticket, latest, failed=latest not in PARTLY)
        return result

    def admit(self) -> Ticket:
        """A place for one command.

        Raises:
            RedisTroubleError: Redis is left alone just now, or this is closed.
        """
        if self._closed:
            raise self._counted(Trouble.REFUSED)
        if self.answering:
            ticket = self._answers.admit()
            if ticket is not None:
                return ticket
        elif (probe := self._answers.admit()) is not None:
            self._start(self._probe, probe)
        raise self._counted(Trouble.REFUSED)

    async def close(self) -> None:
        """End what runs in the background, and close every connection."""
        self._closed = True
        await end(*self._tasks)
        try:
            async with asyncio.timeout(self.timeout_s):
                await self._commands.close()
        except Exception as error:  # noqa: BLE001 - a connection that does not close is gone anyway
            self._counted(trouble(error))

    def _first_trouble(self, result: object) -> Trouble | None:
        """What is wrong with a batch; every trouble in it is counted."""
        if not isinstance(result, list) or set(map(type, result)) <= _VALUES:
            return None
        kinds = [trouble(item) for item in result if isinstance(item, BaseException)]
        for kind in kinds:
            self._counted(kind)
        return next((kind for kind in kinds if kind not in PARTLY), kinds[0] if kinds else None)

    def _settle(self, ticket: Ticket, kind: Trouble | None, *, failed: bool) -> None:
        """Tell the first breaker whether Redis answered; with no trouble it did."""
        self.doubtful = kind is not None and failed
        if kind is None or not failed:
            ticket.succeeded()
            return
        self._latest = kind
        ticket.failed()
        self._start(self._forget)

    async def _probe(self, ticket: Ticket) -> None:
        try:
            async with TimeLimit(self.timeout_s):
                found = await self._commands.values([self._probe_name])
        except asyncio.CancelledError:
            ticket.abandoned()
            raise
        except Exception as error:  # noqa: BLE001 - as in `run`
            kind = trouble(error)
            self._counted(kind)
            self._settle(ticket, kind, failed=True)
        else:
            latest = self._first_trouble(found)
            self._settle(ticket, latest, failed=latest is not Trouble.NODE)

    async def _forget(self) -> None:
        try:
            await self._commands.forget()
        except Exception as error:  # noqa: BLE001 - connections that do not close are gone anyway
            self._counted(trouble(error))

    def _start(self, work: Callable[..., Coroutine[Any, Any, None]], *arguments: object) -> None:
        if self._closed:
            return
        task = asyncio.get_running_loop().create_task(work(*arguments))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _counted(self, kind: Trouble) -> RedisTroubleError:
        self.troubles[kind] += 1
        if kind in WRITING:
            self._latest = kind
        return RedisTroubleError(kind)

    def _answers_changed(self, change: BreakerChange) -> None:
        self.answering = change.after is BreakerState.CLOSED
        self._changed("answers", change)

    def _changed(self, which: str, change: BreakerChange) -> None:
        """Log a change: loudly where an outage begins or ends, for debugging what is between."""
        if change.after is BreakerState.CLOSED:
            say = self._logger.info
        elif change.before is BreakerState.CLOSED:
            say = self._logger.warning
        else:
            say = self._logger.debug
        say(
            "redis_breaker",
            breaker=which,
            before=change.before.value,
            after=change.after.value,
            failures=change.failures,
            trouble=self._latest.value,
        )
