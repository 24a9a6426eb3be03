"""The cache as the checks use it: through its port, with its parts in reach."""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import attrs
import structlog
from ion_two_tier_cache.cache import TwoTierCache
from ion_two_tier_cache.memory import MemoryTier
from ion_two_tier_cache.redis_settings import RedisSettings
from ion_two_tier_cache.redis_tier import RedisTier

from ion_framework.clock import SystemClock
from ion_framework.pipeline.cache import (
    CachedReply,
    CacheKey,
    Hit,
    Lookup,
    Miss,
    Pending,
    Stale,
    TurnCache,
)
from ion_framework.pipeline.chunks import Usage

TTL_S = 600.0
MAX_BYTES = 64 << 20
LOGGER = structlog.wrap_logger(
    structlog.PrintLogger(sys.stderr),
    wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
)
"""What goes wrong on purpose is reported by the findings."""

SETTLED_S = 10.0
UNDER_WAY_S = 0.1
POLL_S = 0.002


@attrs.frozen
class OpenCache:
    """A cache in operation.

    Attributes:
        port: the cache.
        memory: its memory tier.
        redis: its Redis tier.
    """

    port: TwoTierCache
    memory: MemoryTier
    redis: RedisTier

    @property
    def counts(self) -> Any:
        """The counters of the Redis tier."""
        return self.redis.stats().counts

    async def written(self, entries: int) -> None:
        """Wait until so many entries have been written to Redis since it was opened.

        Raises:
            TimeoutError: that takes longer than ten seconds.
        """
        await until(lambda: self.counts.writes >= entries)

    async def drained(self) -> None:
        """Wait until every entry that was taken in has been written to Redis.

        Raises:
            TimeoutError: that takes longer than ten seconds.
        """
        await until(lambda: self.redis.stats().queued == 0)
        # The last batch may still be under way, for as long as a command may take.
        await asyncio.sleep(UNDER_WAY_S)


def memory_tier(
    max_entries: int = 1_000_000,
    max_bytes: int = MAX_BYTES,
    random: Callable[[], float] | None = None,
) -> MemoryTier:
    """A memory tier on the machine's clock.

    Args:
        max_entries: bound in entries.
        max_bytes: bound in bytes.
        random: a number from 0 to below 1, for admission.
    """
    chosen = {} if random is None else {"random": random}
    return MemoryTier(max_entries=max_entries, max_bytes=max_bytes, clock=SystemClock(), **chosen)


@asynccontextmanager
async def open_cache(
    url: str, memory: MemoryTier | None = None, **settings: Any
) -> AsyncIterator[OpenCache]:
    """A cache of two tiers, opened and closed.

    Args:
        url: address of Redis.
        memory: the memory tier.
        settings: further fields of `RedisSettings`.
    """
    memory = memory or memory_tier()
    clock, made = SystemClock(), []

    def make_remote(on_invalidate: Callable[[str | None], None]) -> RedisTier:
        tier = RedisTier(
            RedisSettings(url, **settings),
            clock=clock,
            logger=LOGGER,
            on_invalidate=on_invalidate,
        )
        made.append(tier)
        return tier

    port = TwoTierCache(memory, clock, make_remote=make_remote)
    await port.open()
    try:
        cache = OpenCache(port, memory, made[0])
        await until(lambda: cache.redis.coherent)
        yield cache
    finally:
        await port.close()


async def until(condition: Callable[[], bool], within_s: float = SETTLED_S) -> None:
    """Wait until a condition holds.

    Raises:
        TimeoutError: it does not hold within so many seconds.
    """
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110  any condition, which no event stands for
            await asyncio.sleep(POLL_S)


def make_key(name: str, *tags: str) -> CacheKey:
    """The key of a message.

    Args:
        name: the message.
        tags: what its answer is found by when it is invalidated.
    """
    return CacheKey(
        tenant="default",
        principal="anonymous",
        persona="lua",
        persona_version="1",
        prompt="lua/standard",
        prompt_version="1",
        generator="gemini@gemini-2.5-flash",
        parameters="[null, null, null]",
        text=name,
        tags=tags,
    )


def make_reply(content: str) -> CachedReply:
    """An answer of now."""
    return CachedReply(content, Usage(100, 40), "gemini-2.5-flash", "gemini", time.time())


async def put(cache: TurnCache, key: CacheKey, content: str, ttl_s: float = TTL_S) -> bool:
    """Store an answer as a turn does: by the lease of a miss; returns whether it was one."""
    found = await cache.lookup(key)
    if not isinstance(found, Miss):
        return False
    await found.lease.store(make_reply(content), ttl_s)
    return True


async def look(cache: TurnCache, key: CacheKey) -> Lookup:
    """Look up without making anything: the lease of a miss is given back at once."""
    found = await cache.lookup(key)
    if isinstance(found, Pending):
        found = await found.flight.wait()
    if isinstance(found, Miss):
        await found.lease.release()
    elif isinstance(found, Hit | Stale) and found.refresh is not None:
        await found.refresh.release()
    return found
