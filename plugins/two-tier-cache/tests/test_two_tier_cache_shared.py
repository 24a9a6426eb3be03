"""Two processes with one Redis: what one has made the other finds, and what it makes is waited for.

Here the two are two caches of one process, each with memory and connections of its own.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack, asynccontextmanager

import attrs
import pytest
import structlog
from ion_two_tier_cache.cache import TwoTierCache
from ion_two_tier_cache.freshness import FreshnessRules
from ion_two_tier_cache.memory import MemoryTier
from ion_two_tier_cache.redis_settings import RedisSettings
from ion_two_tier_cache.redis_tier import RedisTier

from ion_framework.clock import SystemClock
from ion_framework.pipeline.cache import CachedRefusal, Hit, Miss, Pending, Refused, Stale
from ion_framework.testing.contracts.cache import KEY, REPLY
from ion_framework.testing.network.redis_server import RedisServer

pytestmark = pytest.mark.outage

LONG_S = 30.0
"""Nothing here takes so long, on any machine."""

OUTAGE = CachedRefusal("generate", "no_answer", "every generator failed", 5)
BLOCKED = CachedRefusal("g", "safety", "not this", repeatable=True)
NEWER = attrs.evolve(REPLY, content="a newer answer")


class ShiftedClock(SystemClock):
    """The machine's clock, ahead by so many seconds."""

    ahead_s = 0.0

    def time(self):
        """Seconds since the epoch, and what it is ahead."""
        return SystemClock.time() + self.ahead_s


@pytest.fixture(scope="module")
def server():
    """One Redis for all tests of this file."""
    with RedisServer() as running:
        yield running


@asynccontextmanager
async def caches(server, count=2, timeout_s=2.0, **options):
    """Caches with one Redis, a namespace of their own and clocks that can be put ahead."""
    namespace = f"t{id(options)}-{asyncio.get_running_loop().time()}"
    async with AsyncExitStack() as stack:
        made = []
        for _ in range(count):
            cache = make_cache(server, namespace, timeout_s, **options)
            await cache.open()
            stack.push_async_callback(cache.close)
            made.append(cache)
        await until(lambda: all(cache._tiers.remote.coherent for cache in made))
        yield made


def make_cache(server, namespace, timeout_s=2.0, **options):
    """A cache with memory and connections of its own."""
    clock = ShiftedClock()
    memory = MemoryTier(max_entries=1000, max_bytes=1 << 20, clock=clock)
    settings = RedisSettings(url=server.url, namespace=namespace, timeout_s=timeout_s)

    def make_remote(on_invalidate):
        return RedisTier(
            settings, clock=clock, logger=structlog.get_logger(), on_invalidate=on_invalidate
        )

    cache = TwoTierCache(memory, clock, make_remote=make_remote, **options)
    cache.clock = clock
    return cache


async def until(condition):
    """Wait until something is the case."""
    async with asyncio.timeout(LONG_S):
        while not condition():  # noqa: ASYNC110  nothing tells of it but the figures
            await asyncio.sleep(0.005)


async def settle(cache, key=KEY):
    """What a turn gets, after waiting where it has to."""
    found = await cache.lookup(key)
    if isinstance(found, Pending):
        async with asyncio.timeout(LONG_S):
            return await found.flight.wait()
    return found


async def no_hit(cache):
    """What the cache says when it serves the answer no more."""
    async with asyncio.timeout(LONG_S):
        while isinstance(found := await cache.lookup(KEY), Hit):  # noqa: ASYNC110  see until()
            await asyncio.sleep(0.005)
    return found


async def written(cache):
    """Wait until what is queued stands in Redis."""
    await until(lambda: cache._tiers.remote.stats().queued == 0)
    await until(lambda: cache._tiers.remote.stats().leases_held == 0)


def figures(cache):
    """The figures about flights."""
    return cache.stats().tiers["flights"]


async def test_what_one_has_made_the_other_finds(server):
    """An answer stored by one is a hit of the other, which keeps it in memory from then on."""
    async with caches(server) as (one, other):
        await (await one.lookup(KEY)).lease.store(REPLY, 600.0)
        await written(one)

        assert (await other.lookup(KEY)).reply == REPLY
        assert (await other.lookup(KEY)).reply == REPLY
        assert figures(other)["fetched"] == 1
        assert (other.stats().hits, other.stats().misses) == (2, 0)


async def test_what_one_makes_the_other_waits_for(server):
    """While one makes an answer the other's turns wait, and get it without making another."""
    async with caches(server) as (one, other):
        led = await one.lookup(KEY)
        tasks = [asyncio.create_task(settle(other)) for _ in range(100)]
        await until(lambda: figures(other)["waiting"] == 100)
        await led.lease.store(REPLY, 600.0)
        results = await asyncio.gather(*tasks)

        assert {found.reply for found in results} == {REPLY}
        assert (figures(other)["elsewhere"], other.stats().misses) == (1, 0)
        assert figures(other)["flights"] == 0


async def test_who_waits_for_another_process_goes_on_without_it(server):
    """When the other gives its right back without an answer, one of those who wait leads."""
    async with caches(server) as (one, other):
        led = await one.lookup(KEY)
        tasks = [asyncio.create_task(settle(other)) for _ in range(3)]
        await until(lambda: figures(other)["waiting"] == 3)
        await led.lease.release()
        done, waiting = await asyncio.wait(
            tasks, return_when=asyncio.FIRST_COMPLETED, timeout=LONG_S
        )
        (found,) = (task.result() for task in done)
        await found.lease.store(REPLY, 600.0)

        assert [(await task).reply for task in waiting] == [REPLY, REPLY]


async def test_a_refusal_that_would_be_repeated_is_known_to_both(server):
    """What is kept of a refusal is found by the other."""
    async with caches(server) as (one, other):
        await (await one.lookup(KEY)).lease.refuse(BLOCKED)
        await written(one)
        found = await other.lookup(KEY)

        assert isinstance(found, Refused)
        assert found.refusal == BLOCKED


async def test_an_outage_is_not_shared(server):
    """After a failure in one process the other tries itself."""
    async with caches(server) as (one, other):
        await (await one.lookup(KEY)).lease.refuse(OUTAGE)
        await written(one)

        assert isinstance(await settle(other), Miss)


async def test_an_old_answer_is_renewed_by_one_of_all_processes(server):
    """Of two processes with a stale answer one gets the right to renew it, and both the answer."""
    rules = FreshnessRules(jitter=0.0, early_refresh_beta=0.0)
    async with caches(server, rules=rules) as (one, other):
        await (await one.lookup(KEY)).lease.store(REPLY, 600.0)
        await written(one)
        await other.lookup(KEY)
        one.clock.ahead_s = other.clock.ahead_s = 601.0
        first, second = await one.lookup(KEY), await other.lookup(KEY)

        assert (type(first), type(second)) == (Stale, Stale)
        assert (first.refresh is None, second.refresh is None) == (False, True)
        await first.refresh.store(NEWER, 600.0)
        await written(one)
        await asyncio.sleep(0.3)
        assert (await other.lookup(KEY)).reply == NEWER


async def test_an_invalidation_reaches_the_other_memory(server):
    """What one invalidates the other soon serves no more, and both count the same."""
    async with caches(server) as (one, other):
        await (await one.lookup(KEY)).lease.store(REPLY, 600.0)
        await written(one)
        await other.lookup(KEY)

        assert await one.invalidate("persona:sage") == 1
        assert isinstance(await no_hit(other), Miss)


async def test_an_answer_begun_before_an_invalidation_elsewhere_is_not_kept(server):
    """What one makes while the other invalidates its tag is served to nobody afterwards."""
    async with caches(server) as (one, other):
        led = await one.lookup(KEY)
        await other.invalidate("persona:sage")
        await led.lease.store(REPLY, 600.0)
        await written(one)
        await until(lambda: figures(one)["voided"] + one._tiers.remote.stats().counts.writes > 0)

        assert isinstance(await settle(other), Miss)


async def test_clear_empties_both(server):
    """After one has cleared, neither finds anything."""
    async with caches(server) as (one, other):
        await (await one.lookup(KEY)).lease.store(REPLY, 600.0)
        await written(one)
        await other.lookup(KEY)

        assert await other.clear() == 1
        assert isinstance(await no_hit(one), Miss)


async def test_misses_of_one_process_share_one_look_up(server):
    """A hundred turns that miss at once ask Redis once."""
    async with caches(server) as (one, other):
        await (await one.lookup(KEY)).lease.store(REPLY, 600.0)
        await written(one)
        before = other._tiers.remote.stats().counts.batches
        results = await asyncio.gather(*(settle(other) for _ in range(100)))

        assert {found.reply for found in results} == {REPLY}
        assert other._tiers.remote.stats().counts.batches - before == 1
        assert figures(other)["fetched"] == 1


async def test_a_caller_that_leaves_during_a_look_up_disturbs_nobody(server):
    """When the turn that asks Redis is cancelled, those who share its look-up ask again."""
    async with caches(server, count=1) as (cache,):
        tasks = [asyncio.create_task(settle(cache)) for _ in range(3)]
        await asyncio.sleep(0)
        tasks[0].cancel()
        done, waiting = await asyncio.wait(
            tasks[1:], return_when=asyncio.FIRST_COMPLETED, timeout=LONG_S
        )
        (led,) = (task.result() for task in done)
        await led.lease.store(REPLY, 600.0)

        assert [(await task).reply for task in waiting] == [REPLY]


async def test_a_dead_redis_stops_no_turn():
    """With nobody at its address the cache starts, works from memory, and shares within itself."""
    with RedisServer() as gone:
        gone.kill()
        cache = make_cache(gone, "gone")
        await cache.open()
        try:
            led = await cache.lookup(KEY)
            task = asyncio.create_task(settle(cache))
            await asyncio.sleep(0)
            await led.lease.store(REPLY, 600.0)

            assert (await task).reply == (await cache.lookup(KEY)).reply == REPLY
            assert await cache.invalidate("persona:sage") == 1
        finally:
            await cache.close()


async def test_a_frozen_redis_costs_one_timeout_and_then_nothing():
    """While Redis accepts and answers nothing, a few turns wait one timeout and all others none."""
    with RedisServer() as frozen:
        async with caches(frozen, count=1, timeout_s=0.1) as (cache,):
            frozen.freeze()
            spent = []
            for number in range(50):
                began = time.perf_counter()
                found = await cache.lookup(attrs.evolve(KEY, text=str(number)))
                spent.append(time.perf_counter() - began)
                assert isinstance(found, Miss)
                await found.lease.store(REPLY, 600.0)

            assert max(spent) < 1.0
            assert sorted(spent)[25] < 0.05
            frozen.thaw()


async def test_memory_is_short_while_invalidations_are_not_heard_of():
    """With the channel cut an entry stays in memory for five seconds, and else for a minute."""
    with RedisServer() as server:
        async with caches(server, count=1) as (cache,):
            await (await cache.lookup(KEY)).lease.store(REPLY, 600.0)
            assert 54.0 < left_s(cache) <= 60.0
            await written(cache)
            server.kill()
            await until(lambda: not cache._tiers.remote.coherent)
            other = attrs.evolve(KEY, text="other")
            await (await cache.lookup(other)).lease.store(REPLY, 600.0)
            assert 0.0 < left_s(cache, other) <= 5.0


async def test_what_was_begun_before_an_unheard_invalidation_leaves_memory_soon():
    """An answer begun before the channel was lost and found again does not stay for a minute."""
    with RedisServer() as server:
        async with caches(server) as (one, other):
            led = await other.lookup(KEY)
            heard = other._tiers.remote.hearing_epoch
            server.command("CLIENT", "KILL", "TYPE", "pubsub")
            await one.invalidate("persona:sage")
            await until(lambda: other._tiers.remote.hearing_epoch >= heard + 2)
            await led.lease.store(REPLY, 600.0)

            assert left_s(other) <= 5.0
            other._tiers.forget(None)
            again = await other.lookup(KEY)
            assert isinstance(again, Miss | Pending)


def left_s(cache, key=KEY):
    """Seconds that an entry may still stay in memory."""
    slot = cache._memory._slots.get(key.digest)
    return 0.0 if slot is None else slot.deadline.at - time.monotonic()


async def test_the_figures_hold_those_of_redis(server):
    """Beside memory and flights stand the figures of the tier that processes share."""
    async with caches(server, count=1) as (cache,):
        await (await cache.lookup(KEY)).lease.store(REPLY, 600.0)
        # What is no longer queued may still be on its way.
        await until(lambda: cache.stats().tiers["redis"]["counts"]["writes"])
        tiers = cache.stats().tiers

        assert set(tiers) == {"memory", "redis", "flights"}
        assert tiers["redis"]["counts"]["writes"] == 1


async def test_closing_stops_what_watches(server):
    """A cache that is closed while turns wait for another process leaves no task behind."""
    async with caches(server) as (one, other):
        led = await one.lookup(KEY)
        task = asyncio.create_task(settle(other))
        await until(lambda: figures(other)["waiting"] == 1)
        await other.close()

        assert not other._fetching._watches
        assert isinstance(await asyncio.wait_for(task, LONG_S), Miss)
        await led.lease.release()
