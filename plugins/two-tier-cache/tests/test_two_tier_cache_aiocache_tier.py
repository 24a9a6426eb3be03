"""Any backend of aiocache as the tier that processes share, below the cache of replies."""

from __future__ import annotations

import asyncio
import json

import attrs
import pytest
import structlog
from aiocache import RedisCache, SimpleMemoryCache
from aiocache.serializers import NullSerializer, PickleSerializer
from ion_two_tier_cache.aiocache_tier import MOST_OWED, QUEUE_ENTRIES, AiocacheTier
from ion_two_tier_cache.cache import TwoTierCache
from ion_two_tier_cache.entry import Entry
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


def make_tier(backend, clock=None, logger=None):
    """A tier over a backend."""
    return AiocacheTier(
        backend,
        clock=clock or SystemClock(),
        logger=logger or structlog.get_logger(),
        timeout_s=2.0,
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


class Failing(SimpleMemoryCache):
    """A backend that can be told to fail when it is written to, and counts who closes it."""

    def __init__(self):
        super().__init__()
        self.down, self.closed, self.writes = False, 0, 0

    async def set(self, *arguments, **options):
        """Store, unless it is down."""
        self.writes += 1
        if self.down:
            raise OSError
        return await super().set(*arguments, **options)

    async def close(self, *_, **__):
        """Count it, and fail like everything else that is down."""
        self.closed += 1
        if self.down:
            raise OSError


async def test_an_invalidation_that_failed_holds_and_is_made_up_for():
    """What could not be invalidated is not found by this process, nor by others once it could."""
    backend = Failing()
    one, other = make_cache(backend), make_cache(backend)
    await (await one.lookup(KEY)).lease.store(REPLY, 600.0)
    await until(lambda: one.stats().tiers["aiocache"]["writes"] == 1)
    backend.down = True
    await one.invalidate("persona:sage")
    backend.down = False
    found = await one.lookup(KEY)
    assert isinstance(found, Miss)
    await found.lease.release()
    assert one.stats().tiers["aiocache"]["owed"] == 1
    await until(lambda: one.stats().tiers["aiocache"]["owed"] == 0)

    assert isinstance(await other.lookup(KEY), Miss)
    await one.close()


async def test_a_caller_who_leaves_an_invalidation_leaves_it_owed():
    """An invalidation whose caller was cancelled is told all the same."""
    backend = SimpleMemoryCache()
    tier = make_tier(backend)
    task = asyncio.create_task(tier.tell("a tag"))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait((task,))

    await until(lambda: not tier.stats().owed)
    assert len(backend._cache) == 1
    await tier.close()


async def test_more_invalidations_than_can_be_owed_make_everything_invalid():
    """When more tags are owed than are remembered, nothing at all is found until it was told."""
    backend = Failing()
    tier = make_tier(backend)
    backend.down = True
    for number in range(MOST_OWED + 1):
        assert await tier.tell(f"tag {number}") is False
    backend.down = False

    assert not (await tier.get("a", ("another",))).tokens.known
    assert tier.stats().owed <= MOST_OWED + 1
    await tier.close()


async def test_a_backend_is_closed_though_it_is_out_of_order():
    """A close reaches the backend past the open breaker, and what was not written is counted."""
    backend, log = Failing(), []
    tier = make_tier(backend, logger=Log(log))
    found = await tier.get(KEY.digest, KEY.tags)
    assert found.tokens.known
    backend.down = True
    entry = Entry(REPLY, KEY.tags, SystemClock.time(), 600.0, 0.0, 0.0, 0.0)
    taken = [tier.put(str(number), entry, found.tokens) for number in range(10)]
    assert all(taken)
    await tier.tell("tenant:secret")
    await tier.close()

    assert backend.closed == 1
    assert (tier.stats().writes, tier.stats().dropped) == (0, 10)
    assert "aiocache_tier_not_closed" in [event for event, _ in log]
    assert "secret" not in str(log)


async def test_what_the_end_cuts_off_is_counted():
    """Entries that a backend which hangs did not take before the close are counted as dropped."""
    backend = Hanging()
    tier = make_tier(backend)
    found = await tier.get(KEY.digest, KEY.tags)
    backend.hangs = True
    entry = Entry(REPLY, KEY.tags, SystemClock.time(), 600.0, 0.0, 0.0, 0.0)
    for number in range(3):
        assert tier.put(str(number), entry, found.tokens)
    await tier.close()

    assert (tier.stats().writes, tier.stats().dropped, tier.stats().queued) == (0, 3, 0)


class Hanging(SimpleMemoryCache):
    """A backend that can be told never to end a write."""

    hangs = False

    async def set(self, *arguments, **options):
        """Store, or hang."""
        if self.hangs:
            await asyncio.Event().wait()
        return await super().set(*arguments, **options)


class Log:
    """A log to read."""

    def __init__(self, lines):
        self._lines = lines

    def warning(self, event, **values):
        """Remember it."""
        self._lines.append((event, values))


class SlowClock(SystemClock):
    """A clock that is an hour behind."""

    def time(self):
        """Seconds since the Unix epoch, less an hour."""
        return SystemClock.time() - 3600


async def test_an_entry_from_a_clock_that_is_ahead_stays():
    """A process whose clock is behind misses what others made, and leaves it where it is."""
    backend = SimpleMemoryCache(serializer=NullSerializer())
    made, behind = make_cache(backend), make_tier(backend, SlowClock())
    await made.open()
    found = await made.lookup(KEY)
    await found.lease.store(REPLY, 600.0)
    await until(lambda: made.stats().tiers["aiocache"]["writes"] == 1)
    await behind.open()
    seen = await behind.get(KEY.digest, KEY.tags)
    stats = behind.stats()
    await behind.close()
    again = make_tier(backend)
    await again.open()

    assert (seen.entry, stats.skewed, stats.hostile) == (None, 1, 0)
    assert (await again.get(KEY.digest, KEY.tags)).entry is not None
    await again.close()
    await made.close()
