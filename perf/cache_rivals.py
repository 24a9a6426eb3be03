"""ION's cache and its rivals behind one small interface, so that one loop measures all of them.

Each is used as its documentation shows, with its own defaults. The rivals store the text of an
answer; ION stores the whole reply through the core's port, which costs it more.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Protocol

import attrs
from aiocache import (  # type: ignore[import-untyped]  # aiocache ships no types
    RedisCache,
    SimpleMemoryCache,
)
from aiocache.serializers import JsonSerializer  # type: ignore[import-untyped]  # see above
from cachetools import LRUCache, TTLCache
from cashews import Cache
from ion_two_tier_cache.cache import TwoTierCache
from ion_two_tier_cache.redis_tier import Found

from ion_framework.clock import SystemClock
from ion_framework.pipeline.cache import CacheKey, Hit, Miss
from ion_framework.testing.network.redis_server import RedisServer
from perf.cache_traces import ROOM
from perf.reliability.cache_parts import (
    OpenCache,
    make_key,
    make_reply,
    memory_tier,
    open_cache,
)

TTL_S = 600
PATIENT_S = 2.0
TEXT = "An index is sorted, so that the rows need not all be read. " * 10
"""An answer of six hundred characters."""

ION, AIOCACHE, CASHEWS, CACHETOOLS = "ION", "aiocache", "cashews", "cachetools"


class Contestant(Protocol):
    """A cache that takes part.

    Attributes:
        name: what it is called.
    """

    name: str

    def key(self, text: str) -> Any:
        """The key of a message; making it is not measured."""

    def get(self, key: Any) -> Awaitable[Any]:
        """Look up; no coroutine around that of the cache, which would count as its own."""

    def is_hit(self, found: Any) -> bool:
        """Whether a look-up found something."""

    async def put(self, key: Any, found: Any) -> None:
        """Store the answer after a look-up that found nothing."""

    async def forget(self) -> None:
        """Drop what stands in the way of measuring the tier that is to be measured."""

    async def settle(self) -> None:
        """Wait until everything that was stored is where it belongs."""


@attrs.define
class Ours:
    """ION's cache, through the port that a turn uses."""

    cache: TwoTierCache
    name: str = ION

    def key(self, text: str) -> CacheKey:
        """With its digest, which a turn needs for its receipt anyway."""
        key = make_key(text, "persona:lua")
        assert key.digest  # noqa: S101  it is computed here, not in what is measured
        return key

    def get(self, key: CacheKey) -> Awaitable[Any]:
        """Look up."""
        return self.cache.lookup(key)

    def is_hit(self, found: Any) -> bool:
        """Whether it is an answer."""
        return isinstance(found, Hit)

    async def put(self, key: CacheKey, found: Any) -> None:
        """Store by the lease."""
        del key
        assert isinstance(found, Miss)  # noqa: S101  a hit leaves nothing to store
        await found.lease.store(make_reply(TEXT), TTL_S)

    async def forget(self) -> None:
        """There is one tier only."""

    async def settle(self) -> None:
        """Memory has what was stored."""


@attrs.define
class OursOnRedis(Ours):
    """ION's cache of two tiers."""

    tiers: OpenCache = attrs.field(kw_only=True)

    def is_hit(self, found: Any) -> bool:
        """Whether it is an answer, of the cache or of the tier."""
        return isinstance(found, Hit) or (isinstance(found, Found) and found.entry is not None)

    def get_from_tier(self, key: CacheKey) -> Awaitable[Any]:
        """Look up in the Redis tier, past everything that the cache does around it."""
        return self.tiers.redis.get(key.digest, key.tags)

    async def forget(self) -> None:
        """Empty the memory tier."""
        self.tiers.memory.clear()

    async def settle(self) -> None:
        """Wait until Redis has everything."""
        await self.tiers.drained()


@attrs.define
class Theirs:
    """A rival with coroutines ``get`` and ``set``."""

    name: str
    look_up: Callable[[str], Awaitable[Any]]
    store: Callable[[str, str], Awaitable[Any]]

    def key(self, text: str) -> str:
        """The message itself."""
        return text

    def get(self, key: str) -> Awaitable[Any]:
        """Look up."""
        return self.look_up(key)

    def is_hit(self, found: Any) -> bool:
        """Whether there is a text."""
        return found is not None

    async def put(self, key: str, found: Any) -> None:
        """Store."""
        del found
        await self.store(key, TEXT)

    async def forget(self) -> None:
        """There is one tier only."""

    async def settle(self) -> None:
        """What was stored is there."""


@asynccontextmanager
async def in_memory() -> AsyncIterator[tuple[Contestant, ...]]:
    """ION first, then aiocache, cashews and cachetools, in memory, with room for all."""
    async with AsyncExitStack() as stack:
        yield (
            _ours(1_000_000),
            _aiocache(SimpleMemoryCache()),
            await _cashews(stack, "mem://?size=1000000"),
            _cachetools(TTLCache(1_000_000, TTL_S)),
        )


@asynccontextmanager
async def on_redis() -> AsyncIterator[tuple[Contestant, ...]]:
    """ION first, then aiocache and cashews, each on the same Redis of this machine."""
    async with AsyncExitStack() as stack:
        redis = await stack.enter_async_context(RedisServer())
        # On a loaded machine a look-up may take longer than a turn would wait for it. The rivals
        # wait, so that here ION waits, too.
        cache = await stack.enter_async_context(open_cache(redis.url, timeout_s=PATIENT_S))
        backend = RedisCache(
            endpoint="127.0.0.1",
            port=redis.port,
            namespace="aiocache",
            serializer=JsonSerializer(),
        )
        stack.push_async_callback(backend.close)
        yield (
            OursOnRedis(cache.port, tiers=cache),
            _aiocache(backend),
            await _cashews(stack, redis.url),
        )


@asynccontextmanager
async def with_little_room() -> AsyncIterator[tuple[Contestant, ...]]:
    """All of them in memory, bounded to as many entries as the trace is about.

    aiocache has no bound.
    """
    async with AsyncExitStack() as stack:
        yield (
            _ours(ROOM),
            _aiocache(SimpleMemoryCache()),
            await _cashews(stack, f"mem://?size={ROOM}"),
            _cachetools(LRUCache(ROOM)),
        )


def _ours(entries: int) -> Ours:
    return Ours(TwoTierCache(memory_tier(entries, max_bytes=1 << 34), SystemClock()))


def _aiocache(cache: Any) -> Theirs:
    async def store(key: str, text: str) -> None:
        await cache.set(key, text, ttl=TTL_S)

    return Theirs(AIOCACHE, cache.get, store)


async def _cashews(stack: AsyncExitStack, url: str) -> Theirs:
    cache = Cache()
    cache.setup(url)
    await cache.init()
    stack.push_async_callback(cache.close)

    async def store(key: str, text: str) -> None:
        await cache.set(f"cashews:{key}", text, expire=TTL_S)

    return Theirs(CASHEWS, lambda key: cache.get(f"cashews:{key}"), store)


def _cachetools(cache: Any) -> Theirs:
    """Cachetools, which knows no coroutines: these cost it a twentieth of a microsecond."""

    async def look_up(key: str) -> Any:
        return cache.get(key)

    async def store(key: str, text: str) -> None:
        cache[key] = text

    return Theirs(CACHETOOLS, look_up, store)
