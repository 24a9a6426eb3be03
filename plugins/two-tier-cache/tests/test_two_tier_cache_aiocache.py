"""aiocache's interface over our tiers: exact, bounded, and without the surprises of its own."""

from __future__ import annotations

import asyncio

import pytest
from aiocache import cached, cached_stampede, multi_cached
from aiocache.base import BaseCache
from aiocache.lock import OptimisticLock, OptimisticLockError, RedLock
from aiocache.plugins import HitMissRatioPlugin
from aiocache.serializers import NullSerializer, PickleSerializer, StringSerializer
from ion_two_tier_cache.aiocache_adapter import IonCache

from ion_framework.testing import RedisServer, VirtualClock

LONG_S = 30.0
"""Nothing here takes so long, on any machine."""


@pytest.fixture(scope="module")
def server():
    """One Redis for all tests of this file."""
    with RedisServer() as running:
        yield running


@pytest.fixture
def redis_url(server):
    """The address of an empty Redis."""
    server.command("FLUSHALL")
    return server.url


async def until(condition):
    """Wait until something is the case."""
    async with asyncio.timeout(LONG_S):
        while not condition():  # noqa: ASYNC110  nothing tells of it but the figures
            await asyncio.sleep(0.005)


async def test_it_is_a_cache_of_aiocache():
    """Every call of aiocache's interface does what aiocache says."""
    async with IonCache() as cache:
        assert isinstance(cache, BaseCache)
        assert await cache.set("a", {"n": [1, None, "é"]}) is True
        assert await cache.get("a") == {"n": [1, None, "é"]}
        assert await cache.get("none", default="x") == "x"
        assert (await cache.exists("a"), await cache.exists("b")) == (True, False)
        assert await cache.multi_set([("b", 1), ("c", 2)]) is True
        assert await cache.multi_get(["c", "nothing", "b"]) == [2, None, 1]
        assert (await cache.delete("a"), await cache.delete("a")) == (1, 0)
        assert await cache.add("d", 1) is True
        with pytest.raises(ValueError, match="d already exists"):
            await cache.add("d", 2)
        assert await cache.clear() is True
        assert await cache.multi_get(["b", "c", "d"]) == [None, None, None]


async def test_numbers_are_incremented_without_a_loss():
    """A hundred increments at once add up, whatever was there; a text that is no number is told."""
    cache = IonCache()
    await asyncio.gather(*(cache.increment("n") for _ in range(100)))

    assert await cache.increment("n", -1) == 99
    assert await cache.get("n") == 99
    await cache.set("text", "abc")
    with pytest.raises(TypeError):
        await cache.increment("text")


@pytest.mark.parametrize(
    ("serializer", "value"),
    [
        (StringSerializer(), "text"),
        (PickleSerializer(), {"a", 1}),
        (NullSerializer(), [1, {"a": 2.5}]),
        (NullSerializer(), b"\x00\xff"),
    ],
    ids=["string", "pickle", "null", "bytes"],
)
async def test_aiocaches_serializers_work(serializer, value):
    """What a serializer makes of a value, text or bytes, comes back exactly."""
    cache = IonCache(serializer=serializer)
    await cache.set("a", value)

    assert await cache.get("a") == value


@pytest.mark.parametrize(
    "value",
    [(1, 2), {1: 2}, {"a"}, object(), float("nan")],
    ids=["tuple", "number-as-key", "set", "object", "nan"],
)
async def test_a_value_that_would_come_back_otherwise_is_refused(value):
    """Without a serializer, what text cannot hold exactly is an error that says what to do."""
    cache = IonCache(serializer=NullSerializer())

    with pytest.raises(TypeError, match="serializer"):
        await cache.set("a", value)


async def test_a_caller_cannot_change_what_the_next_one_gets():
    """Each hit is an object of its own."""
    cache = IonCache(serializer=NullSerializer())
    value = [1]
    await cache.set("a", value)
    value.append(2)
    (await cache.get("a")).append(3)

    assert await cache.get("a") == [1]


async def test_a_namespace_is_cleared_and_no_other():
    """Clearing user1 leaves user10, what has no namespace, and keys that read the same."""
    cache = IonCache()
    await cache.set("a", 1, namespace="user1")
    await cache.set("a", 2, namespace="user10")
    await cache.set("0a", 3, namespace="user1")
    await cache.set("user1a", 4)
    assert await cache.get("a", namespace="user10") == 2
    await cache.clear(namespace="user1")

    assert await cache.get("a", namespace="user1") is None
    assert await cache.get("0a", namespace="user1") is None
    assert await cache.get("a", namespace="user10") == 2
    assert await cache.get("user1a") == 4


async def test_clear_knows_the_namespace_of_the_constructor():
    """A cache with a namespace of its own clears that one."""
    cache = IonCache(namespace="mine")
    await cache.set("a", 1)
    await cache.set("a", 2, namespace="other")
    await cache.clear()

    assert await cache.get("a") is None
    assert await cache.get("a", namespace="other") == 2


async def test_a_key_builder_keeps_namespaces_apart():
    """A caller's own names are still names within a namespace."""
    cache = IonCache(key_builder=lambda key, namespace: key.upper())
    await cache.set("a", 1, namespace="x")

    assert await cache.get("A", namespace="x") == 1
    assert await cache.get("a", namespace="y") is None


async def test_a_time_belongs_to_the_value_it_was_given_with():
    """After clear an earlier time does not end a later value, and each ends at its instant."""
    clock = VirtualClock()
    cache = IonCache(clock=clock)
    await cache.set("a", "old", ttl=1)
    await cache.clear()
    await cache.set("a", "new", ttl=100)
    clock.advance(99.9)
    assert await cache.get("a") == "new"
    clock.advance(0.1)

    assert await cache.get("a") is None


async def test_times_can_be_changed_and_taken_away():
    """Expire gives a value another time, 0 none at all, and an increment keeps what is left."""
    clock = VirtualClock()
    cache = IonCache(clock=clock, ttl=10)
    await cache.multi_set([("short", 1), ("long", 2)])
    assert await cache.expire("long", 0) is True
    assert await cache.expire("nothing", 5) is False
    clock.advance(5)
    await cache.increment("short")
    clock.advance(5)

    assert await cache.multi_get(["short", "long"]) == [None, 2]
    with pytest.raises(ValueError, match="above 0"):
        await cache.set("a", 1, ttl=-1)


async def test_it_is_bounded():
    """Twenty thousand values leave no more than the bound in memory, and no timers."""
    cache = IonCache(max_entries=100)
    for number in range(20_000):
        await cache.set(str(number), number, ttl=60)
    figures = (await cache.raw("stats"))["memory"]

    assert figures["entries"] == 100
    assert len(asyncio.get_running_loop()._scheduled) < 100


async def test_an_unknown_raw_command_is_told():
    """The one raw command is stats; another is an error that says so."""
    with pytest.raises(ValueError, match="'stats'"):
        await IonCache().raw("KEYS", "*")


async def test_aiocaches_plugins_are_called():
    """A plugin of aiocache sees hits and misses."""
    cache = IonCache(plugins=[HitMissRatioPlugin()])
    await cache.set("a", 1)
    await cache.get("a")
    await cache.get("b")

    assert cache.hit_miss_ratio["hit_ratio"] == 0.5


async def test_the_decorators_work():
    """A decorated function is called once for each argument, whichever decorator it has."""
    calls = []

    @cached(cache=IonCache, ttl=60, namespace="one")
    async def one(number):
        calls.append(number)
        return {"number": number}

    @multi_cached("numbers", cache=IonCache, ttl=60)
    async def many(numbers):
        calls.extend(numbers)
        return {number: number * 2 for number in numbers}

    assert [await one(1), await one(1), await one(2)] == [{"number": 1}] * 2 + [{"number": 2}]
    assert await many(["a", "b"]) == {"a": "aa", "b": "bb"}
    assert await many(["b", "c"]) == {"b": "bb", "c": "cc"}
    assert calls == [1, 2, "a", "b", "c"]


async def test_a_stampede_is_one_call():
    """A hundred callers of a function behind cached_stampede call it once."""
    calls = 0

    @cached_stampede(cache=IonCache, lease=LONG_S, ttl=60)
    async def work():
        nonlocal calls
        calls += 1
        await asyncio.sleep(0.01)
        return "done"

    assert set(await asyncio.gather(*(work() for _ in range(100)))) == {"done"}
    assert calls == 1


async def test_locks_of_two_caches_are_two():
    """The same key in two caches is two locks, and nobody releases the lock of another."""
    clock = VirtualClock()
    first, second = IonCache(clock=clock), IonCache(clock=clock)
    async with RedLock(first, "a", 5), RedLock(second, "a", 5):
        clock.advance(6)
        await second.set("a-lock", "somebody else's")

    assert await second.get("a-lock") == "somebody else's"


async def test_an_optimistic_lock_notices_a_change():
    """A value that changed since it was read is not overwritten."""
    cache = IonCache(serializer=StringSerializer())
    await cache.set("a", "1")
    async with OptimisticLock(cache, "a") as lock:
        await lock.cas("2")
    async with OptimisticLock(cache, "a") as lock:
        await cache.set("a", "3")
        with pytest.raises(OptimisticLockError):
            await lock.cas("4")

    assert await cache.get("a") == "3"


async def test_processes_share_values_through_redis(redis_url):
    """What one has set or deleted the other sees, and both work on numbers."""
    async with IonCache(redis_url=redis_url) as one, IonCache(redis_url=redis_url) as other:
        await one.set("a", {"n": 1}, ttl=60)
        await until(lambda: one._redis.stats().counts.writes == 1)
        assert await other.get("a") == {"n": 1}
        assert await one.delete("a") == 1
        assert await one.get("a") is None
        await until(lambda: one._redis.stats().counts.writes == 2)
        other._tiers.forget(None)
        assert await other.get("a") is None


async def test_clear_touches_no_key_of_others(server, redis_url):
    """On a shared Redis a clear drops its own namespace, and nothing of others if it has none."""
    server.command("SET", "foreign", "1")
    async with IonCache(redis_url=redis_url) as cache:
        await cache.set("a", 1, namespace="user1")
        await cache.set("a", 2, namespace="user10")
        await until(lambda: cache._redis.stats().counts.writes == 2)
        await cache.clear(namespace="user1")
        cache._tiers.forget(None)
        assert await cache.get("a", namespace="user1") is None
        assert await cache.get("a", namespace="user10") == 2
        await cache.set("a", 3)
        await cache.clear()
        assert await cache.get("a") is None
        assert await cache.get("a", namespace="user10") == 2
        await cache.clear_everything()
        assert await cache.get("a", namespace="user10") is None

    assert server.command("GET", "foreign") == b"1"


async def test_a_dead_redis_leaves_memory():
    """With nobody at the address the cache works from memory."""
    with RedisServer() as gone:
        gone.kill()
        async with IonCache(redis_url=gone.url) as cache:
            await cache.set("a", 1)
            assert await cache.get("a") == 1
