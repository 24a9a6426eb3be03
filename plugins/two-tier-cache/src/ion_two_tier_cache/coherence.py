"""Hears of invalidations by other processes, over one connection that does nothing else.

Redis itself tells of every signal that is written (client-side caching in broadcast mode,
redirected to this same connection, see the Redis manual under CLIENT TRACKING), and of a FLUSHDB or
FLUSHALL by anybody. Where it cannot, in a Cluster or behind a proxy, the same signals come by
publish and subscribe. One way is used at a time, so that an invalidation is not heard of twice.

Who does not hear must not trust its copies for long: `on_invalidate` is told when the connection is
lost. A frozen peer says nothing, so it is asked every second whether it is there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from redis.exceptions import ResponseError

from ion_framework.resilience.backoff import full_jitter
from ion_two_tier_cache.ending import end
from ion_two_tier_cache.redis_errors import trouble

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from ion_two_tier_cache.redis_commands import Commands
    from ion_two_tier_cache.redis_context import RedisContext

_INVALIDATE = b"__redis__:invalidate"
_SET_UP_S = 1.0
_ASK_EVERY_S = 1.0
_LONGEST_PAUSE_S = 1.0


class Hearing(StrEnum):
    """How invalidations by others are heard of."""

    TRACKING = "tracking"
    """Redis tells of every key that is written."""
    PUBSUB = "pubsub"
    """Who invalidates tells everybody."""
    DOWN = "down"
    """Not at all."""


class Coherence:
    """Listens, and reconnects for ever.

    Attributes:
        hearing: how invalidations are heard of just now.

    Args:
        context: what every part is given.
        commands: the client.
        on_invalidate: called with a tag, or None for everything.
        on_change: called whenever that begins, with True, or ends, with False.
        ask_every_s: seconds without a word after which the other side is asked whether it is there;
            the connection is lost after so many seconds more.
    """

    def __init__(
        self,
        context: RedisContext,
        commands: Commands,
        on_invalidate: Callable[[str | None], None],
        *,
        on_change: Callable[[bool], None],
        ask_every_s: float = _ASK_EVERY_S,
    ) -> None:
        self.hearing = Hearing.DOWN
        self._commands = commands
        self._keys = context.keys
        self._on_invalidate = on_invalidate
        self._on_change = on_change
        self._counts = context.counts
        self._logger = context.logger
        self._random = context.random
        self._ask_every_s = ask_every_s
        self._attempt = 0
        self._silent = False
        self._closed = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to listen."""
        self._closed = False
        self._task = asyncio.create_task(self._listen_for_ever())

    async def close(self) -> None:
        """End."""
        self._closed = True
        await end(self._task)
        self._task = None
        self._change(Hearing.DOWN)

    def _change(self, hearing: Hearing) -> None:
        """Note how invalidations are heard of from now on."""
        heard, hears = self.hearing is not Hearing.DOWN, hearing is not Hearing.DOWN
        self.hearing = hearing
        if hears is not heard:
            self._on_change(hears)

    async def _listen_for_ever(self) -> None:
        while not self._closed:
            try:
                await self._listen()
            except Exception as error:  # noqa: BLE001 - whatever it was, another connection may do
                if not self._closed:
                    self._lost(error)
            pause = full_jitter(
                self._attempt, base_s=0.05, longest_s=_LONGEST_PAUSE_S, random=self._random
            )
            self._attempt += 1
            await asyncio.sleep(pause)

    def _lost(self, error: Exception) -> None:
        """Note that nothing is heard; logged once, until something was heard again."""
        if self.hearing is not Hearing.DOWN:
            self._change(Hearing.DOWN)
            self._counts.listening_lost += 1
            self._logger.warning("redis_coherence_lost", trouble=trouble(error).value)
            self._on_invalidate(None)
        elif not self._silent:
            self._logger.warning("redis_coherence_missing", trouble=trouble(error).value)
        self._silent = True

    async def _listen(self) -> None:
        """Connect and listen, until that fails."""
        async with asyncio.timeout(_SET_UP_S):
            client, can_track = await self._commands.listener()
        try:
            async with asyncio.timeout(_SET_UP_S):
                connection = await _connect(client)
                hearing = await self._set_up(connection, can_track=can_track)
            self._change(hearing)
            self._silent = False
            self._attempt = 0
            self._logger.info("redis_coherence", hearing=hearing.value)
            await self._read(connection)
        finally:
            await _close(client)

    async def _set_up(self, connection: Any, *, can_track: bool) -> Hearing:
        """Ask to be told; returns by which way."""
        if can_track and await self._track(connection):
            await connection.send_command("SUBSCRIBE", _INVALIDATE)
            hearing = Hearing.TRACKING
        else:
            await connection.send_command("SUBSCRIBE", self._keys.channel)
            hearing = Hearing.PUBSUB
        await connection.read_response()
        return hearing

    async def _track(self, connection: Any) -> bool:
        try:
            await connection.send_command("CLIENT", "ID")
            own = await connection.read_response()
            await connection.send_command(
                "CLIENT", "TRACKING", "ON", "REDIRECT", own, "BCAST", "PREFIX", self._keys.signals
            )
            await connection.read_response()
        except ResponseError as error:
            self._logger.info("redis_refuses_tracking", trouble=trouble(error).value)
            return False
        return True

    async def _read(self, connection: Any) -> None:
        """Read what comes; raises when the connection is lost or silent."""
        asked = False
        while not self._closed:
            message = await connection.read_response(
                timeout=self._ask_every_s, disconnect_on_error=False
            )
            if message is not None:  # redis-py's word for a timeout that was asked for
                asked = False
                self._hear(message)
            elif asked:
                raise TimeoutError
            else:
                asked = True
                await connection.send_command("PING")

    def _hear(self, message: Any) -> None:
        """Pass an invalidation on; a reply to PING, or whatever else comes, is none."""
        if not isinstance(message, list) or len(message) != 3 or message[0] != b"message":  # noqa: PLR2004 - kind, channel, payload
            return
        payload = message[2]
        if message[1] == _INVALIDATE:
            # Without a list of keys, everything in the database has gone.
            names = payload if isinstance(payload, list) else [None]
        else:
            names = [payload]
        for name in names:
            self._counts.invalidations_received += 1
            self._on_invalidate(self._keys.signalled(name) if isinstance(name, bytes) else None)


async def _connect(client: Redis) -> Any:
    return await client.connection_pool.get_connection()  # type: ignore[no-untyped-call]  # so in redis-py


async def _close(client: Redis) -> None:
    try:
        async with asyncio.timeout(_SET_UP_S):
            await client.aclose(close_connection_pool=True)
    except (TimeoutError, OSError) as error:
        # It was to be closed because something is wrong with it.
        del error
