"""The look-ups' own connections: one command, one reply, and nothing around them.

For every command the pool of redis-py takes locks, keeps figures of its own and sets timers, which
together cost more than the command. Look-ups are batches already, few at a time, and bounded in
time by who asks: they need none of that.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from hiredis import pack_command
from redis.exceptions import ConnectionError as RedisConnectionError

if TYPE_CHECKING:
    from redis.asyncio.connection import AbstractConnection

MOST_KEPT = 6
"""Most connections that are kept: the look-ups of flights and all others are two batches of their
own, with three round trips under way each at most. What a probe or a lease reads besides is rare,
and closes what it connected on top."""


class DirectReading:
    """Reads values over connections of which it keeps `MOST_KEPT`.

    Whoever is cancelled on the way, or fails, leaves behind a connection that is closed: a reply
    that nobody fetched is never taken for that of the next command.

    Args:
        make: makes a connection, not connected, that sets no timers of its own for commands.
    """

    def __init__(self, make: Callable[[], AbstractConnection]) -> None:
        self._make = make
        self._idle: list[AbstractConnection] = []
        self._closed = False

    async def values(self, names: Sequence[str]) -> list[bytes | None]:
        """The values of keys, None where there is none. Errors are those of redis-py."""
        connection = self._idle.pop() if self._idle else self._make()
        try:
            await _made_ready(connection)
            words: Any = ("MGET", *names)
            await connection.send_packed_command([pack_command(words)])
            found: list[bytes | None] = await connection.read_response()
        except BaseException:
            await connection.disconnect(nowait=True)
            raise
        if self._closed or len(self._idle) >= MOST_KEPT:
            await connection.disconnect(nowait=True)
        else:
            self._idle.append(connection)
        return found

    async def close(self) -> None:
        """Close every connection; those in use as soon as they are no longer."""
        self._closed = True
        idle, self._idle = self._idle, []
        for connection in idle:
            await connection.disconnect()


async def _made_ready(connection: AbstractConnection) -> None:
    """Connect, also where the other side has hung up or said something that nobody asked for."""
    if connection.is_connected:
        if await _is_quiet(connection):
            return
        await connection.disconnect()
    await connection.connect()  # type: ignore[no-untyped-call]  # so in redis-py


async def _is_quiet(connection: AbstractConnection) -> bool:
    try:
        return not await connection.can_read()
    except (OSError, RedisConnectionError):
        # It is broken, which is why it is made anew.
        return False
