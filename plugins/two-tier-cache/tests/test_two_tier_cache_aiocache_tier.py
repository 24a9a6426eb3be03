"""Any backend of aiocache as the tier that processes share, below the cache of replies."""

from __future__ import annotations

import asyncio
import json

import attrs
import pytest
import structlog
from aiocache import RedisCache, SimpleMemoryCache
from aiocache.serializers import NullSerializer, PickleSerializer
from ion_two_tier_cache.aiocache_tier import QUEUE_ENTRIES, AiocacheTier
from ion_two_tier_cache.cache import TwoTierCache
from ion_two_tier_cache.memory import MemoryTier

from ion_framework.clock import SystemClock
from ion_framework.pipeline.cache import Hit, Miss
from ion_framework.testing import RedisServer
from ion_framework.testing.contracts.cache import KEY, REPLY

LONG_S = 30.0
"""Nothing here takes so long, on any machine."""


@pytest.fixture(scope="module")
def server():
    """One Redis for all tests of this file."""
    with RedisServer() as running:
        yield running


async def until(condition):
    """Wait until something is the case."""
    async with asyncio.timeout(LONG_S):
        while not condition():  # noqa: ASYNC110  nothing tells of it but the figures
            await asyncio.sleep(0.005)


def make_tier(backend, clock=None):
    """A tier over a backend."""
    return AiocacheTier(
        backend, clock=clock or SystemClock(), logger=structlog.get_logger(), timeout_s=2.0
    )


def make_cache(backend):
    """A cache of replies over memory and a backend."""
    clock = SystemClock()
    memory = MemoryTier(max_entries=100, max_bytes=1 << 20, clock=clock)
    return TwoTierCache(
        memory, clock, make_remote=lambda _: make_tier(backend), remote_name="aiocache"
    )


async def test_a_backend_is_the_second_tier():
    """What one cache stored another finds through any backend, until its tag is invalidated."""
    backend = SimpleMemoryCache()
    one, other = make_cache(backend), make_cache(backend)
    await (await one.lookup(KEY)).lease.store(REPLY, 600.0)
    await until(lambda: one.stats().tiers["aiocache"]["writes"] == 1)

    assert (await other.lookup(KEY)).reply == REPLY
    await one.invalidate("persona:sage")
    assert isinstance(await one.lookup(KEY), Miss)
    assert isinstance(await make_cache(backend).lookup(KEY), Miss)


async def test_an_answer_from_before_an_invalidation_is_not_found():
    """What was begun before another process invalidated its tag is served to nobody."""
    backend = SimpleMemoryCache()
    one, other = make_cache(backend), make_cache(backend)
    led = await one.lookup(KEY)
    await other.invalidate("persona:sage")
    await led.lease.store(REPLY, 600.0)
    await until(lambda: one.stats().tiers["aiocache"]["writes"] == 1)

    assert isinstance(await other.lookup(KEY), Miss)
    assert other.stats().tiers["aiocache"]["outdated"] == 1


@pytest.mark.filterwarnings("ignore:Call to deprecated (setex|close):DeprecationWarning")
async def test_clear_reaches_the_backend_by_a_token_alone(server):
    """A clear makes our entries invalid, and runs no command that could touch foreign keys."""
    server.command("SET", "foreign", "1")
    host, port = "127.0.0.1", server.port
    backend = RedisCache(endpoint=host, port=port, serializer=NullSerializer())
    cache = make_cache(backend)
    await (await cache.lookup(KEY)).lease.store(REPLY, 600.0)
    await until(lambda: cache.stats().tiers["aiocache"]["writes"] == 1)
    again = make_cache(RedisCache(endpoint=host, port=port))
    assert (await again.lookup(KEY)).reply == REPLY
    await cache.clear()

    assert isinstance(await cache.lookup(KEY), Miss)
    assert server.command("GET", "foreign") == b"1"
    await cache.close()
    await again.close()


@pytest.mark.parametrize(
    "hostile", ["", "not base64!", "AAAA", b"\x80\x04K\x01.", 5, ["list"]], ids=repr
)
async def test_foreign_values_are_misses(hostile):
    """Whatever stands where an entry should is counted, removed and made anew."""
    backend = SimpleMemoryCache()
    tier = make_tier(backend)
    name = f"ion:aiocache:e:{KEY.digest}"
    await backend.set(name, hostile)
    found = await tier.get(KEY.digest, KEY.tags)

    assert (found.entry, found.tokens.known, tier.stats().hostile) == (None, True, 1)
    assert await backend.get(name) is None


class DeadBackend(SimpleMemoryCache):
    """A backend whose store cannot be reached."""

    calls = 0

    async def _multi_get(self, keys, encoding="utf-8", _conn=None):
        self.calls += 1
        raise ConnectionError("gone")

    async def _set(self, key, value, ttl=None, _cas_token=None, _conn=None):
        self.calls += 1
        raise ConnectionError("gone")


async def test_a_dead_backend_stops_no_turn():
    """A backend out of order is asked three times, then left alone, and memory serves."""
    backend = DeadBackend()
    cache = make_cache(backend)
    await (await cache.lookup(KEY)).lease.store(REPLY, 600.0)
    for number in range(20):
        assert isinstance(await cache.lookup(attrs.evolve(KEY, text=str(number))), Miss)

    assert isinstance(await cache.lookup(KEY), Hit)
    assert backend.calls == 3
    assert await cache.invalidate("persona:sage") == 1


async def test_the_queue_of_writes_is_bounded():
    """What does not fit the queue is dropped and counted."""
    backend = SimpleMemoryCache()
    tier = make_tier(backend)
    found = await tier.get(KEY.digest, KEY.tags)
    cache = make_cache(SimpleMemoryCache())
    await (await cache.lookup(KEY)).lease.store(REPLY, 600.0)
    entry = cache._memory.get(KEY.digest)
    taken = [tier.put(str(number), entry, found.tokens) for number in range(QUEUE_ENTRIES + 5)]

    assert (sum(taken), tier.stats().dropped) == (QUEUE_ENTRIES, 5)
    await tier.close()
    assert tier.stats().writes == QUEUE_ENTRIES


async def test_nothing_is_pickled_on_the_way_down():
    """What the backend holds is text that says what it is, whatever its serializer."""
    backend = SimpleMemoryCache(serializer=PickleSerializer())
    cache = make_cache(backend)
    await (await cache.lookup(KEY)).lease.store(REPLY, 600.0)
    await until(lambda: cache.stats().tiers["aiocache"]["writes"] == 1)

    assert all(isinstance(value, str) for value in backend._cache.values())
    assert json.dumps(dict(backend._cache))
