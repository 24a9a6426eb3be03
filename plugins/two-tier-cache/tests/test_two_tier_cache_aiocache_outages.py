"""aiocache's interface while Redis is out of order, and from one event loop to the next."""

from __future__ import annotations

import asyncio
import gc

import pytest
from ion_two_tier_cache import owed_values
from ion_two_tier_cache.aiocache_adapter import IonCache

from ion_framework.testing import RedisServer

LONG_S = 30.0
"""Nothing here takes so long, on any machine."""


@pytest.fixture
def server():
    """A Redis of this test alone."""
    with RedisServer() as running:
        yield running


async def until(condition):
    """Wait until something is the case."""
    async with asyncio.timeout(LONG_S):
        while not await condition():  # noqa: ASYNC110  nothing tells of it but the figures
            await asyncio.sleep(0.02)


async def fail(cache):
    """Look up until Redis is left alone."""
    for _ in range(4):
        await cache.get("anything")


async def settled(cache):
    """Wait until nothing is owed, and all that was queued is written."""

    async def is_settled():
        return not cache._values.owed and not cache._redis.stats().queued

    await until(is_settled)


async def test_what_is_set_or_deleted_in_an_outage_holds_afterwards(server):
    """A value deleted or set while Redis was frozen stays deleted or set, in other caches too."""
    async with IonCache(redis_url=server.url) as one, IonCache(redis_url=server.url) as other:
        await one.multi_set([("deleted", "secret"), ("unseen", "secret"), ("set", "old")])
        await settled(one)
        one._tiers.memory.drop(one._build_key("unseen").digest)
        server.freeze()
        await fail(one)
        assert await one.delete("deleted") == 1
        assert await one.delete("unseen") == 0
        assert await one.set("set", "new") is True
        one._tiers.forget(None)
        assert await one.multi_get(["deleted", "unseen", "set"]) == [None, None, "new"]
        assert (await one.raw("stats"))["values"] == {"owed": 3}
        server.thaw()
        await settled(one)
        one._tiers.forget(None)

        async def is_told():
            return await other.multi_get(["deleted", "unseen", "set"]) == [None, None, "new"]

        await until(is_told)
        assert await one.multi_get(["deleted", "unseen", "set"]) == [None, None, "new"]


async def test_a_later_value_of_another_process_stands(server):
    """What another process stored after the outage is not overwritten with what was owed."""
    async with IonCache(redis_url=server.url) as one, IonCache(redis_url=server.url) as other:
        await fail(one)
        server.freeze()
        await fail(one)
        assert await one.set("a", "earlier") is True
        owed = one._values._owed
        await owed_end(owed)
        server.thaw()

        async def is_stored():
            await other.set("a", "later")
            await settled(other)
            other._tiers.forget(None)
            return await other.get("a") == "later"

        await until(is_stored)

        async def is_paid():
            await owed._paid(one._build_key("a").digest)
            return not len(owed)

        await until(is_paid)
        one._tiers.forget(None)
        assert await one.get("a") == "later"


async def owed_end(owed):
    """Stop what pays by itself, for a test that says when."""
    owed._paying.cancel()
    await asyncio.wait((owed._paying,))


async def test_what_cannot_be_noted_is_not_reported_as_done(server):
    """With as much owed as there is room for, a set is False, and a value too large as well."""
    async with IonCache(redis_url=server.url, max_entries=10) as cache:
        server.kill()
        await fail(cache)
        assert await cache.set("large", "x" * (owed_values.MOST_BYTES + 1)) is False
        pairs = [(f"a{number}", number) for number in range(owed_values.MOST)]
        assert await cache.multi_set(pairs) is True
        assert await cache.set("one more", 1) is False
        assert await cache.get("a7") == 7
        await cache.clear()
        assert await cache.get("a7") is None


async def test_a_clear_ends_what_is_owed_to_its_namespace(server):
    """After a clear in an outage nothing of that namespace comes back, and the rest is written."""
    async with IonCache(redis_url=server.url) as cache:
        server.freeze()
        await fail(cache)
        await cache.set("a", 1, namespace="one")
        await cache.set("a", 2, namespace="two")
        await cache.clear(namespace="one")
        server.thaw()
        await settled(cache)
        assert await cache.get("a", namespace="one") is None
        assert await cache.get("a", namespace="two") == 2


@pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)
def test_a_second_event_loop_shares_as_well(server):
    """A cache that was used in an event loop that has ended reaches Redis from the next one."""
    cache = IonCache(redis_url=server.url)

    async def use(value):
        before = await cache.get("a")
        await cache.set("a", value)
        await settled(cache)
        cache._tiers.forget(None)
        return before

    async def use_and_close(value):
        before = await use(value)
        await cache.close()
        return before

    assert [asyncio.run(use(1)), asyncio.run(use(2)), asyncio.run(use_and_close(3))] == [None, 1, 2]
    # Python rightly warns of the connections that nobody closed before their loop ended.
    gc.collect()


@pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)
def test_what_one_event_loop_owes_the_next_one_pays(server):
    """What was set in an outage, in a loop that ended before it, is written in the next loop."""
    cache = IonCache(redis_url=server.url)

    async def owe():
        server.freeze()
        await fail(cache)
        await cache.set("a", "owed")

    async def pay():
        assert await cache.get("a") == "owed"
        await settled(cache)
        cache._tiers.forget(None)
        value = await cache.get("a")
        await cache.close()
        return value

    asyncio.run(owe())
    server.thaw()
    assert asyncio.run(pay()) == "owed"
    gc.collect()


async def test_two_event_loops_at_once_are_told_apart(server):
    """A cache with Redis that is in use in one event loop says so in another."""
    async with IonCache(redis_url=server.url) as cache:
        await cache.get("a")
        with pytest.raises(RuntimeError, match="each event loop an IonCache of its own"):
            await asyncio.to_thread(asyncio.run, cache.get("a"))
