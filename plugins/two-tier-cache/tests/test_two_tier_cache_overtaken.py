"""What one process stores while another is about to take its lease is made once all the same."""

from __future__ import annotations

import asyncio
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
from ion_framework.pipeline.cache import CachedRefusal, Hit, Miss, Pending, Stale
from ion_framework.testing.contracts.cache import KEY, REPLY

pytestmark = pytest.mark.outage

LONG_S = 30.0
"""Nothing here takes so long, on any machine."""

BLOCKED = CachedRefusal("g", "safety", "not this", repeatable=True)
NEWER = attrs.evolve(REPLY, content="a newer answer")


class ShiftedClock(SystemClock):
    """The machine's clock, ahead by so many seconds."""

    ahead_s = 0.0

    def time(self):
        """Seconds since the epoch, and what it is ahead."""
        return SystemClock.time() + self.ahead_s


class HeldBack(RedisTier):
    """The tier of a process that the test holds back between its look-up and the lease."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.goes_on = asyncio.Event()
        self.goes_on.set()
        self.held = 0

    async def acquire(self, digest):
        """Take the lease, as soon as the test lets it."""
        self.held += not self.goes_on.is_set()
        await self.goes_on.wait()
        return await super().acquire(digest)


@asynccontextmanager
async def two(redis_server):
    """Two caches with one Redis and one clock, and the tier of the second."""
    clock = ShiftedClock()
    async with AsyncExitStack() as stack:
        made = []
        for kind in (RedisTier, HeldBack):
            cache = make_cache(redis_server, clock, kind)
            await cache.open()
            stack.push_async_callback(cache.close)
            made.append(cache)
        await until(lambda: all(cache._tiers.remote.coherent for cache in made))
        yield *made, made[1]._tiers.remote


def make_cache(redis_server, clock, kind):
    """A cache with memory and connections of its own, over a kind of tier."""
    memory = MemoryTier(max_entries=1000, max_bytes=1 << 20, clock=clock)
    settings = RedisSettings(url=redis_server.url, timeout_s=5.0)

    def make_remote(on_invalidate):
        logger = structlog.get_logger()
        return kind(settings, clock=clock, logger=logger, on_invalidate=on_invalidate)

    rules = FreshnessRules(jitter=0.0, early_refresh_beta=0.0)
    cache = TwoTierCache(memory, clock, rules=rules, make_remote=make_remote)
    cache.clock = clock
    return cache


async def until(condition):
    """Wait until something is the case."""
    async with asyncio.timeout(LONG_S):
        while not condition():  # noqa: ASYNC110  nothing tells of it but the figures
            await asyncio.sleep(0.005)


async def written(cache):
    """Wait until what is queued stands in Redis."""
    await until(lambda: cache._tiers.remote.stats().queued == 0)
    await until(lambda: cache._tiers.remote.stats().leases_held == 0)


async def settle(cache):
    """What a turn gets, after waiting where it has to."""
    found = await cache.lookup(KEY)
    if isinstance(found, Pending):
        async with asyncio.timeout(LONG_S):
            return await found.flight.wait()
    return found


async def held_back(cache, tier):
    """A turn that has looked in Redis and is about to take the lease."""
    tier.goes_on.clear()
    task = asyncio.create_task(settle(cache))
    await until(lambda: tier.held)
    return task


async def overtaken(one, other, tier, end):
    """A turn of the second cache that goes on when the first one's has ended its lease."""
    led = await one.lookup(KEY)
    task = await held_back(other, tier)
    await end(led.lease)
    await written(one)
    tier.goes_on.set()
    return task


async def grown_old(cache):
    """Both caches' Redis has an answer that is past its time."""
    await (await cache.lookup(KEY)).lease.store(REPLY, 600.0)
    await written(cache)
    cache.clock.ahead_s = 601.0


def leases(redis_server):
    """The leases in Redis."""
    return redis_server.command("KEYS", "ion:*:l:*")


async def test_what_was_stored_before_the_lease_was_had_is_served(redis_server):
    """Who takes a lease that was given back since its look-up serves what was stored under it."""
    async with two(redis_server) as (one, other, tier):
        task = await overtaken(one, other, tier, lambda lease: lease.store(REPLY, 600.0))
        found = await task

        assert (found.reply, getattr(found, "lease", None)) == (REPLY, None)
        assert tier.stats().counts.leases_taken == 1
        await until(lambda: not leases(redis_server))
        assert (await other.lookup(KEY)).reply == REPLY
        assert one._tiers.remote.stats().counts.batches == 1


async def test_what_was_refused_before_the_lease_was_had_is_refused(redis_server):
    """A refusal that was stored since the look-up is served, and counted as such."""
    async with two(redis_server) as (one, other, tier):
        task = await overtaken(one, other, tier, lambda lease: lease.refuse(BLOCKED))

        assert (await task).refusal == BLOCKED
        assert other.stats().tiers["flights"]["refusals_served"] == 1


async def test_what_was_renewed_before_the_lease_was_had_is_not_renewed_again(redis_server):
    """Who is about to renew what another process has renewed since its look-up serves that."""
    async with two(redis_server) as (one, other, tier):
        await grown_old(one)
        first = await one.lookup(KEY)
        assert isinstance(first, Stale)
        task = await held_back(other, tier)
        await first.refresh.store(NEWER, 600.0)
        await written(one)
        tier.goes_on.set()
        found = await task

        assert isinstance(found, Hit)
        assert (found.reply, found.refresh) == (NEWER, None)
        await until(lambda: not leases(redis_server))


async def test_an_old_answer_is_renewed_by_who_meets_nothing_later(redis_server):
    """Who takes the lease and finds what it knows already has the right to renew it."""
    async with two(redis_server) as (one, other, _):
        await grown_old(one)
        found = await other.lookup(KEY)

        assert isinstance(found, Stale)
        await found.refresh.store(NEWER, 600.0)
        await written(other)
        assert (await other.lookup(KEY)).reply == NEWER


async def test_who_watches_serves_what_was_stored_meanwhile(redis_server):
    """A watch that takes a lease serves what was stored between its look and that moment."""
    async with two(redis_server) as (one, other, tier):
        led = await one.lookup(KEY)
        task = asyncio.create_task(settle(other))
        await until(lambda: other.stats().tiers["flights"]["waiting"] == 1)
        tier.goes_on.clear()
        await led.lease.release()
        await until(lambda: tier.held)
        again = await one.lookup(KEY)
        assert isinstance(again, Miss)
        await again.lease.store(REPLY, 600.0)
        await written(one)
        tier.goes_on.set()

        assert (await task).reply == REPLY
        assert other.stats().tiers["flights"]["leaders"] == 0


async def test_who_leaves_while_it_looks_again_keeps_no_lease(redis_server):
    """A turn that is cancelled on its way to the lease leaves none behind."""
    async with two(redis_server) as (one, other, tier):
        task = await overtaken(one, other, tier, lambda lease: lease.store(REPLY, 600.0))
        await until(lambda: tier.stats().leases_held or task.done())
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

        await until(lambda: not leases(redis_server))
