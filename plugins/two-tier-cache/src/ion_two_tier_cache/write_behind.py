"""Writes that nobody waits for."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import attrs

from ion_two_tier_cache.ending import end
from ion_two_tier_cache.redis_errors import RedisTroubleError

if TYPE_CHECKING:
    from ion_two_tier_cache.redis_commands import Command
    from ion_two_tier_cache.redis_link import RedisLink

_BATCH_COMMANDS = 128
_BATCH_BYTES = 1 << 20


@attrs.frozen
class Write:
    """Commands that go out together, in this order.

    Attributes:
        commands: the commands.
        size: bytes that count against the queue's bound.
        done: called once, with the result of each command, or None where there is none.
    """

    commands: tuple[Command, ...]
    size: int = 0
    done: Callable[[list[Any] | None], None] | None = None


class WriteBehind:
    """A bounded queue, and one task that empties it, many writes in a round trip.

    What Redis does not take is not tried again: a cache can do without it, and an outage would fill
    the queue. Every write gets its `Write.done`, those included that are left at the end.

    Args:
        link: the way to Redis.
        most: most writes that wait.
        most_bytes: most bytes that wait.
    """

    def __init__(self, link: RedisLink, *, most: int, most_bytes: int) -> None:
        self._link = link
        self._most = most
        self._most_bytes = most_bytes
        self._queue: deque[Write] = deque()
        self._bytes = 0
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def waiting(self) -> int:
        """Writes that wait."""
        return len(self._queue)

    @property
    def waiting_bytes(self) -> int:
        """Bytes that wait."""
        return self._bytes

    def start(self) -> None:
        """Begin to write."""
        self._task = asyncio.create_task(self._work())

    def offer(self, write: Write) -> bool:
        """Queue a write; returns whether there was room. If not, its `done` is not called.

        After `close` there is none.
        """
        if self._closed:
            return False
        if len(self._queue) >= self._most or self._bytes + write.size > self._most_bytes:
            return False
        self._queue.append(write)
        self._bytes += write.size
        self._idle.clear()
        self._wake.set()
        return True

    async def close(self, within_s: float) -> None:
        """Write what waits, for at most so many seconds, and end."""
        if self._task is None:
            return
        try:
            async with asyncio.timeout(within_s):
                await self._idle.wait()
        except TimeoutError:
            self._give_up()
        self._closed = True
        await end(self._task)
        self._task = None
        self._give_up()

    async def _work(self) -> None:
        while not self._closed:
            await self._wake.wait()
            self._wake.clear()
            while self._queue and not self._closed:
                await self._send(self._take(_BATCH_COMMANDS, _BATCH_BYTES))
            self._idle.set()

    def _give_up(self) -> None:
        """Tell what waits that it is not written."""
        self._end(self._take(len(self._queue), self._bytes), None)

    def _take(self, most: int, most_bytes: int) -> list[Write]:
        """The next writes: at least one, and no more than the bounds allow."""
        taken: list[Write] = []
        size = 0
        while self._queue and len(taken) < most:
            if taken and size + self._queue[0].size > most_bytes:
                break
            taken.append(self._queue.popleft())
            size += taken[-1].size
        self._bytes -= size
        return taken

    async def _send(self, writes: list[Write]) -> None:
        commands = [command for write in writes for command in write.commands]
        try:
            results = await self._link.write(commands)
        except RedisTroubleError:
            self._end(writes, None)
        except asyncio.CancelledError:
            self._end(writes, None)
            raise
        else:
            self._end(writes, results)

    def _end(self, writes: list[Write], results: list[Any] | None) -> None:
        begin = 0
        for write in writes:
            after = begin + len(write.commands)
            if write.done is not None:
                write.done(None if results is None else results[begin:after])
            begin = after
