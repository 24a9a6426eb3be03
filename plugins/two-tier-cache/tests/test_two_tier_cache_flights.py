"""Turns that ask the same at once: one makes the answer, the others wait for it."""

from __future__ import annotations

import asyncio
import gc
import itertools

import attrs
import pytest
from ion_two_tier_cache.cache import TwoTierCache
from ion_two_tier_cache.flights import WAKE_AT_ONCE
from ion_two_tier_cache.memory import MemoryTier

from ion_framework.clock import SystemClock
from ion_framework.pipeline.cache import CachedRefusal, Hit, Miss, Pending, Refused
from ion_framework.pipeline.chunks import FinishReason
from ion_framework.testing import run_virtual
from ion_framework.testing.contracts.cache import KEY, REPLY

OUTAGE = CachedRefusal("generate", "no_answer", "every generator failed", 5)
BLOCKED = CachedRefusal("g", "safety", "not this", repeatable=True)


def make_cache(**options):
    """A cache over a memory tier on the machine's clock."""
    clock = SystemClock()
    return TwoTierCache(
        MemoryTier(max_entries=100, max_bytes=1 << 20, clock=clock), clock, **options
    )


async def settle(cache, key=KEY):
    """What a turn gets, after waiting where it has to."""
    found = await cache.lookup(key)
    return await found.flight.wait() if isinstance(found, Pending) else found


async def crowd(cache, count, key=KEY):
    """A leader's lease, and tasks of turns that wait for it."""
    led = await cache.lookup(key)
    assert isinstance(led, Miss)
    tasks = [asyncio.create_task(settle(cache, key)) for _ in range(count)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return led.lease, tasks


def figures(cache):
    """The figures about flights."""
    return cache.stats().tiers["flights"]


async def test_a_thousand_turns_make_one_answer():
    """Of a thousand concurrent misses one leads, and all others get its answer, aged 0."""
    cache = make_cache()
    lease, tasks = await crowd(cache, 999)
    await lease.store(REPLY, 600.0)

    assert await asyncio.gather(*tasks) == [Hit(REPLY, 0.0)] * 999
    assert (figures(cache)["leaders"], figures(cache)["waiters"]) == (1, 999)
    assert (cache.stats().hits, cache.stats().misses) == (999, 1)


async def test_a_failing_leader_costs_two_calls():
    """After a refusal one turn that waited tries; after the second everybody gets the refusal."""
    cache = make_cache()
    calls = 0

    async def turn():
        nonlocal calls
        found = await settle(cache)
        if isinstance(found, Miss):
            calls += 1
            await asyncio.sleep(0.001)
            await found.lease.refuse(OUTAGE)
            return OUTAGE
        return found.refusal

    told = await asyncio.gather(*(turn() for _ in range(1000)))

    assert (calls, set(told)) == (2, {OUTAGE})
    assert (figures(cache)["reelections"], figures(cache)["refusals_shared"]) == (1, 998)
    assert isinstance(await cache.lookup(KEY), Miss), "an outage is not remembered"


async def test_a_refusal_that_would_be_repeated_costs_one_call():
    """What the same request would meet again is told to everybody at once, and kept."""
    cache = make_cache()
    lease, tasks = await crowd(cache, 10)
    await lease.refuse(BLOCKED)

    assert await asyncio.gather(*tasks) == [Refused(BLOCKED, 0.0)] * 10
    assert (await cache.lookup(KEY)).refusal == BLOCKED


async def test_a_leader_that_leaves_hands_on_its_right():
    """A release gives the lead to the turn that waits for longest, and is no failure."""
    cache = make_cache()
    lease, tasks = await crowd(cache, 5)
    for task in tasks[:4]:
        await lease.release()
        lease = (await task).lease
    await lease.store(REPLY, 600.0)

    assert await tasks[4] == Hit(REPLY, 0.0)
    assert (figures(cache)["reelections"], figures(cache)["refusals"]) == (4, 0)


async def test_a_leader_that_leaves_alone_leaves_a_miss():
    """Where nobody waits, the next turn to ask is the next to lead."""
    cache = make_cache()
    lease, _ = await crowd(cache, 0)
    await lease.release()

    assert isinstance(await cache.lookup(KEY), Miss)
    assert figures(cache)["flights"] == 1


async def test_a_shared_answer_is_not_kept():
    """Those who wait get an answer that is not for keeping as it is; nobody after them does."""
    cache = make_cache()
    reply = attrs.evolve(REPLY, finish_reason=FinishReason.LENGTH, degraded="a stand-in")
    lease, tasks = await crowd(cache, 3)
    await lease.share(reply)

    assert await asyncio.gather(*tasks) == [Hit(reply, 0.0)] * 3
    assert isinstance(await cache.lookup(KEY), Miss)


async def test_who_asks_late_is_told_all_the_same():
    """A turn that comes to wait when the flight is over gets what came of it."""
    cache = make_cache()
    lease, _ = await crowd(cache, 0)
    pending = await cache.lookup(KEY)
    await lease.share(REPLY)

    assert await pending.flight.wait() == Hit(REPLY, 0.0)


async def test_who_comes_late_to_a_flight_without_a_result_looks_again():
    """A turn that comes to wait when the leader has left alone leads itself."""
    cache = make_cache()
    lease, _ = await crowd(cache, 0)
    pending = await cache.lookup(KEY)
    await lease.release()

    assert isinstance(await pending.flight.wait(), Miss)


async def test_a_turn_that_stops_waiting_disturbs_nobody():
    """Half of those who wait leave, and the other half are answered."""
    cache = make_cache()
    lease, tasks = await crowd(cache, 100)
    for task in tasks[::2]:
        task.cancel()
    await asyncio.sleep(0)
    await lease.store(REPLY, 600.0)
    results = await asyncio.gather(*tasks, return_exceptions=True)

    assert results[1::2] == [Hit(REPLY, 0.0)] * 50
    assert all(isinstance(result, asyncio.CancelledError) for result in results[::2])
    assert (figures(cache)["left"], figures(cache)["waiting"]) == (50, 0)


async def test_the_lead_is_not_lost_with_the_turn_it_is_offered_to():
    """A turn that is offered the lead and cancelled in the same step passes it on."""
    cache = make_cache()
    lease, tasks = await crowd(cache, 2)
    await lease.release()
    tasks[0].cancel()

    assert isinstance(await tasks[1], Miss)


async def test_a_lease_that_vanishes_keeps_nobody_waiting():
    """The lease of a turn that was cancelled without a word goes on to one that waits."""
    cache = make_cache()
    lease, tasks = await crowd(cache, 1)
    del lease
    gc.collect()
    found = await asyncio.wait_for(tasks[0], 10)

    assert isinstance(found, Miss)
    assert figures(cache)["lost"] == 1


async def test_leases_that_vanish_leave_nothing_behind():
    """A hundred leases that nobody ends leave no flight."""
    cache = make_cache()
    for number in range(100):
        await cache.lookup(attrs.evolve(KEY, text=str(number)))
    gc.collect()
    await asyncio.sleep(0.01)

    assert figures(cache)["flights"] == 0


def test_a_leader_is_not_waited_for_without_end():
    """After its time one that waits leads, and what the first one brings then changes nothing."""

    async def main():
        cache = make_cache(lead_s=30.0)
        lease, tasks = await crowd(cache, 2)
        began = asyncio.get_running_loop().time()
        second = await tasks[0]
        assert asyncio.get_running_loop().time() - began == pytest.approx(30.0)
        await lease.store(attrs.evolve(REPLY, content="far too late"), 600.0)
        await second.lease.store(REPLY, 600.0)
        assert await tasks[1] == Hit(REPLY, 0.0)
        assert (await cache.lookup(KEY)).reply == REPLY

    run_virtual(main())


async def test_only_the_first_call_of_a_lease_counts():
    """Whatever is called after the first call changes nothing."""
    cache = make_cache()
    lease, tasks = await crowd(cache, 1)
    await lease.store(REPLY, 600.0)
    await lease.refuse(BLOCKED)
    await lease.share(attrs.evolve(REPLY, content="another"))
    await lease.release()

    assert await tasks[0] == Hit(REPLY, 0.0)
    assert (await cache.lookup(KEY)).reply == REPLY


@pytest.mark.parametrize("everything", [False, True])
async def test_an_invalidation_parts_those_before_from_those_after(everything):
    """Who waited before it gets the answer begun before it; who asks after it makes another."""
    cache = make_cache()
    lease, before = await crowd(cache, 3)
    await (cache.clear() if everything else cache.invalidate("persona:sage"))
    second, after = await crowd(cache, 3)
    await lease.store(attrs.evolve(REPLY, content="outdated"), 600.0)
    assert isinstance(await cache.lookup(KEY), Pending)
    await second.store(REPLY, 600.0)

    assert {found.reply.content for found in await asyncio.gather(*before)} == {"outdated"}
    assert await asyncio.gather(*after) == [Hit(REPLY, 0.0)] * 3
    assert (await cache.lookup(KEY)).reply == REPLY
    assert figures(cache)["voided"] == 1


async def test_who_waits_for_a_voided_leader_that_leaves_asks_again():
    """After an invalidation a leader's place is not handed on: those who wait begin anew."""
    cache = make_cache()
    lease, tasks = await crowd(cache, 2)
    await cache.invalidate("persona:sage")
    await lease.release()
    found = await tasks[0]
    await found.lease.store(REPLY, 600.0)

    assert await tasks[1] == Hit(REPLY, 0.0)
    assert (await cache.lookup(KEY)).reply == REPLY


async def test_an_invalidation_of_another_tag_voids_nothing():
    """What is being made for other tags is kept."""
    cache = make_cache()
    lease, _ = await crowd(cache, 0)
    await cache.invalidate("persona:other")
    await lease.store(REPLY, 600.0)

    assert (await cache.lookup(KEY)).reply == REPLY


async def test_a_crowd_does_not_wake_in_one_step():
    """Those who waited go on a few at a time, so that the loop serves others in between."""
    cache = make_cache()
    lease, tasks = await crowd(cache, 10 * WAKE_AT_ONCE)
    await lease.store(REPLY, 600.0)
    seen = []
    while not all(task.done() for task in tasks):
        await asyncio.sleep(0)
        seen.append(sum(task.done() for task in tasks))
    steps = [after - before for before, after in itertools.pairwise(seen)]

    assert 0 < max(steps) <= WAKE_AT_ONCE
