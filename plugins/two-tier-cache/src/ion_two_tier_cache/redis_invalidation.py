"""Making entries invalid, here and in every other process.

A tag gets another token first, from which moment on no look-up believes what carries the old one;
then those are told that keep copies in their memory; and then what is left is removed, by SCAN and
UNLINK, so that nothing else in the same Redis is touched or blocked.

What Redis could not be told is owed: it is held against this process's own look-ups at once, and
told as soon as Redis is back.
"""

from __future__ import annotations

import asyncio
import secrets
from typing import TYPE_CHECKING, Any

from ion_two_tier_cache.ending import end
from ion_two_tier_cache.envelope import HEAD_READ, NotAnEnvelope, read_tags
from ion_two_tier_cache.redis_errors import RedisTroubleError, Trouble, trouble

if TYPE_CHECKING:
    from ion_two_tier_cache.redis_context import RedisContext
    from ion_two_tier_cache.redis_link import RedisLink

MOST_OWED = 1000
"""With more tags than this, everything is owed."""
_RETRY_S = 0.5


class Invalidations:
    """Tells Redis, and remembers what it could not be told.

    Args:
        context: what every part is given.
        link: the way to Redis.
    """

    def __init__(self, context: RedisContext, link: RedisLink) -> None:
        self._link = link
        self._keys = context.keys
        self._life_ms = context.settings.token_life_ms
        self._counts = context.counts
        self._logger = context.logger
        self._random = context.random
        self._owed: dict[str | None, int] = {}
        self._generation = 0
        self._closed = False
        self._paying: asyncio.Task[None] | None = None

    @property
    def owed(self) -> int:
        """Invalidations that Redis was not told yet."""
        return len(self._owed)

    def concerns(self, tags: tuple[str, ...]) -> bool:
        """Whether something that is owed would make an entry with these tags invalid."""
        owed = self._owed
        return bool(owed) and (None in owed or any(tag in owed for tag in tags))

    async def tell(self, tag: str | None) -> bool:
        """Make what has a tag invalid, or everything; returns whether Redis was told, or owed."""
        owed = self._owed.get(tag)
        if not await self._told(tag):
            self._owe(tag)
            return False
        self._paid(tag, owed)
        return True

    async def close(self) -> None:
        """Give up what is still owed, and say so."""
        self._closed = True
        await end(self._paying)
        if self._owed:
            self._logger.error("redis_invalidations_lost", tags=len(self._owed))

    async def _told(self, tag: str | None) -> bool:
        """Give the tag another token, and tell everybody; returns whether Redis did both."""
        token = secrets.token_hex(8)
        signal = self._keys.signal(tag)
        steps: tuple[list[tuple[str | bytes | int, ...]], ...] = (
            [("SET", self._keys.token(tag), token, "PX", self._life_ms)],
            [
                ("SET", signal, token, "PX", self._life_ms),
                ("PUBLISH", self._keys.channel, signal),
            ],
        )
        for step in steps:
            try:
                results = await self._link.write(step)
            except RedisTroubleError as error:
                return self._failed(error.kind)
            for result in results:
                if isinstance(result, BaseException):
                    return self._failed(trouble(result))
        return True

    def _failed(self, kind: Trouble) -> bool:
        self._counts.invalidations_failed += 1
        if not self._owed:
            self._logger.warning("redis_invalidation_owed", trouble=kind.value)
        return False

    def _owe(self, tag: str | None) -> None:
        self._generation += 1
        if len(self._owed) >= MOST_OWED:
            self._owed = {None: self._generation}
        else:
            self._owed[tag] = self._generation
        if not self._closed and (self._paying is None or self._paying.done()):
            self._paying = asyncio.create_task(self._pay())

    def _paid(self, tag: str | None, generation: int | None) -> None:
        """Note that Redis was told what was owed when that was begun."""
        self._counts.invalidations += 1
        # What came to be owed meanwhile may concern an answer that was begun since.
        if generation is not None and self._owed.get(tag) == generation:
            del self._owed[tag]

    async def _pay(self) -> None:
        """Tell Redis what is owed, until nothing is."""
        while self._owed and not self._closed:
            await asyncio.sleep(_RETRY_S * (0.5 + self._random()))
            for tag, generation in tuple(self._owed.items()):
                if not await self._told(tag):
                    break
                self._paid(tag, generation)
        if not self._owed:
            self._logger.info("redis_invalidations_paid")

    async def sweep(self, tag: str | None) -> int:
        """Remove what `tell` has made invalid, page by page; returns how much that was.

        Nothing where Redis could not be told: entries of others that it still believes stay.
        """
        if tag in self._owed or None in self._owed:
            return 0
        removed = 0
        pattern = f"{self._keys.entries}*"
        try:
            for server in await self._link.run(lambda redis: redis.servers()):
                cursor = -1
                while cursor:
                    cursor, names = await self._page(server, max(cursor, 0), pattern)
                    found = names if tag is None else await self._with(tag, names)
                    removed += await self._remove(found)
        except RedisTroubleError as error:
            # What is left is invalid already, and ends by itself.
            self._logger.warning(
                "redis_sweep_ended_early", trouble=error.kind.value, removed=removed
            )
        return removed

    async def _page(self, server: object, cursor: int, pattern: str) -> tuple[int, list[bytes]]:
        return await self._link.run(lambda redis: redis.scan(server, cursor, pattern))

    async def _with(self, tag: str, names: list[bytes]) -> list[bytes]:
        """Those of the entries that carry a tag."""
        if not names:
            return []
        heads: list[Any] = await self._link.run(
            lambda redis: redis.batch([("GETRANGE", name, 0, HEAD_READ - 1) for name in names])
        )
        return [name for name, head in zip(names, heads, strict=True) if _carries(head, tag)]

    async def _remove(self, names: list[bytes]) -> int:
        if not names:
            return 0
        results = await self._link.write([("UNLINK", name) for name in names])
        return sum(result for result in results if isinstance(result, int))


def _carries(head: object, tag: str) -> bool:
    if not isinstance(head, bytes):
        return False
    try:
        return tag in read_tags(head)
    except NotAnEnvelope:
        return False
