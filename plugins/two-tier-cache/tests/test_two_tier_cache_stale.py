"""Answers past their time: served while a new one is made, and where none can be made."""

from __future__ import annotations

import asyncio
import time

import attrs
import pytest
from ion_two_tier_cache.cache import TwoTierCache
from ion_two_tier_cache.freshness import FreshnessRules
from ion_two_tier_cache.memory import MemoryTier
from ion_two_tier_cache.pauses import MOST, Pauses

from ion_framework.pipeline.cache import CachedRefusal, Hit, Miss, Pending, Refused, Stale
from ion_framework.testing import VirtualClock
from ion_framework.testing.contracts.cache import KEY, REPLY

RULES = FreshnessRules(stale_while_revalidate_s=60.0, stale_if_error_s=3600.0, jitter=0.0)
OUTAGE = CachedRefusal("generate", "no_answer", "every generator failed", 5)
BLOCKED = CachedRefusal("g", "safety", "not this", repeatable=True)
NEWER = attrs.evolve(REPLY, content="a newer answer")


async def filled(clock, rules=RULES):
    """A cache that has one answer for 600 s."""
    memory = MemoryTier(max_entries=100, max_bytes=1 << 20, clock=clock)
    cache = TwoTierCache(memory, clock, rules=rules)
    await (await cache.lookup(KEY)).lease.store(REPLY, 600.0)
    return cache


def figures(cache):
    """The figures about flights."""
    return cache.stats().tiers["flights"]


async def test_an_answer_past_its_time_is_served_and_made_anew_once():
    """In its window each request gets the old answer, and one of them the right to renew it."""
    clock = VirtualClock()
    cache = await filled(clock)
    clock.advance(600.0)
    first, *others = [await cache.lookup(KEY) for _ in range(100)]

    assert (first.reply, first.age_s) == (REPLY, 600.0)
    assert others == [Stale(REPLY, 600.0)] * 99
    await first.refresh.store(NEWER, 600.0)
    assert await cache.lookup(KEY) == Hit(NEWER, 0.0)
    assert (figures(cache)["refreshes"], figures(cache)["stale_served"]) == (1, 100)


async def test_past_both_windows_there_is_nothing():
    """When every window is over the next request is a miss without a spare."""
    clock = VirtualClock()
    cache = await filled(clock)
    clock.advance(600.0 + 60.0 + 3600.0)
    found = await cache.lookup(KEY)

    assert isinstance(found, Miss)
    assert found.spare is None


@pytest.mark.parametrize(
    ("age_s", "kind"), [(599.9, Hit), (600.0, Stale), (659.9, Stale), (660.0, Miss)]
)
async def test_each_window_begins_at_its_instant(age_s, kind):
    """Fresh until its time, stale in the window after it, and then a miss with a spare."""
    clock = VirtualClock()
    cache = await filled(clock)
    clock.advance(age_s)
    found = await cache.lookup(KEY)

    assert type(found) is kind
    served = found.spare if isinstance(found, Miss) else found
    assert (served.reply, served.age_s) == (REPLY, pytest.approx(age_s))


async def test_a_stale_answer_waits_for_nothing():
    """An old answer is served in two milliseconds, or ten times that on a loaded machine."""
    clock = VirtualClock()
    cache = await filled(clock)
    clock.advance(600.0)
    began = time.perf_counter()
    await cache.lookup(KEY)

    assert time.perf_counter() - began < 0.02


async def test_who_waits_gets_the_spare_where_the_upstream_fails():
    """When the leader fails, all who wait get the old answer, without a second try."""
    clock = VirtualClock()
    cache = await filled(clock)
    clock.advance(700.0)
    led = await cache.lookup(KEY)
    tasks = [asyncio.create_task((await cache.lookup(KEY)).flight.wait()) for _ in range(10)]
    await asyncio.sleep(0)
    await led.lease.refuse(OUTAGE)

    assert led.spare == Stale(REPLY, 700.0)
    assert await asyncio.gather(*tasks) == [Stale(REPLY, 700.0)] * 10
    assert figures(cache)["spare_served"] == 10


async def test_while_the_upstream_is_down_it_is_asked_after_growing_pauses():
    """For an hour of failures an answer is tried some hundred times, and served in between."""
    clock = VirtualClock()
    cache = await filled(clock)
    clock.advance(660.0)
    tries, served, gaps, last = 0, 0, [], clock.time()
    for _ in range(7000):
        found = await cache.lookup(KEY)
        if isinstance(found, Miss):
            tries += 1
            gaps.append(clock.time() - last)
            last = clock.time()
            assert found.spare is not None
            await found.lease.refuse(OUTAGE)
        else:
            served += 1
            assert isinstance(found, Stale)
        clock.advance(0.5)

    assert gaps[1:7] == [1.0, 2.0, 4.0, 8.0, 16.0, 30.0]
    assert tries == pytest.approx(3500 / 30 + 5, abs=2)
    assert (tries + served, figures(cache)["spare_served"]) == (7000, served)


async def test_while_one_tries_again_the_others_get_the_spare_at_once():
    """Where the upstream is known to fail, nobody waits for the one that asks it again."""
    clock = VirtualClock()
    cache = await filled(clock)
    clock.advance(660.0)
    await (await cache.lookup(KEY)).lease.refuse(OUTAGE)
    clock.advance(1.0)
    probe = await cache.lookup(KEY)

    assert isinstance(probe, Miss)
    assert isinstance(await cache.lookup(KEY), Stale)
    await probe.lease.store(NEWER, 600.0)
    assert await cache.lookup(KEY) == Hit(NEWER, 0.0)


async def test_a_failed_refreshment_is_tried_again_after_a_pause():
    """After a failure nobody gets the right to renew for a second, and then one does."""
    clock = VirtualClock()
    cache = await filled(clock)
    clock.advance(600.0)
    await (await cache.lookup(KEY)).refresh.refuse(OUTAGE)

    assert await cache.lookup(KEY) == Stale(REPLY, 600.0)
    clock.advance(1.0)
    assert (await cache.lookup(KEY)).refresh is not None
    assert figures(cache)["refreshes_failed"] == 1


async def test_a_degraded_refreshment_leaves_the_old_answer():
    """A stand-in's answer does not replace one that is past its time, and counts as a failure."""
    clock = VirtualClock()
    cache = await filled(clock)
    clock.advance(600.0)
    await (await cache.lookup(KEY)).refresh.share(attrs.evolve(NEWER, degraded="a stand-in"))

    assert await cache.lookup(KEY) == Stale(REPLY, 600.0)
    assert figures(cache)["refreshes_failed"] == 1


async def test_a_refreshment_that_is_not_begun_is_offered_again_after_a_second():
    """A right that is given back is nobody's failure, and a request a second later gets it."""
    clock = VirtualClock()
    cache = await filled(clock)
    clock.advance(600.0)
    await (await cache.lookup(KEY)).refresh.release()

    assert [(await cache.lookup(KEY)).refresh for _ in range(100)] == [None] * 100
    clock.advance(1.0)
    refresh = (await cache.lookup(KEY)).refresh
    assert refresh is not None
    assert (figures(cache)["refreshes"], figures(cache)["refreshes_put_off"]) == (0, 1)
    await refresh.store(NEWER, 600.0)
    assert (figures(cache)["refreshes"], figures(cache)["refreshes_failed"]) == (1, 0)


async def test_who_waits_is_told_of_the_old_answer_that_there_is():
    """A turn that waits while an answer for the case of need is there gets it for that case."""
    clock = VirtualClock()
    cache = await filled(clock)
    clock.advance(700.0)
    led, pending = await cache.lookup(KEY), await cache.lookup(KEY)

    assert (led.spare, pending.spare) == (Stale(REPLY, 700.0), Stale(REPLY, 700.0))
    await led.lease.release()


async def test_who_finds_nothing_while_it_is_made_anew_waits_for_that():
    """When the window ends during a refreshment, requests wait for it instead of making another."""
    clock = VirtualClock()
    cache = await filled(clock)
    clock.advance(659.0)
    refresh = (await cache.lookup(KEY)).refresh
    clock.advance(1.0)
    pending = await cache.lookup(KEY)

    assert isinstance(pending, Pending)
    task = asyncio.create_task(pending.flight.wait())
    await asyncio.sleep(0)
    await refresh.store(NEWER, 600.0)
    assert await task == Hit(NEWER, 0.0)


async def test_what_is_blocked_now_is_not_served_from_before():
    """A refusal that would be repeated replaces the old answer for as long as it is kept."""
    clock = VirtualClock()
    cache = await filled(clock)
    clock.advance(600.0)
    await (await cache.lookup(KEY)).refresh.refuse(BLOCKED)

    assert await cache.lookup(KEY) == Refused(BLOCKED, 0.0)


async def test_a_failure_that_would_be_repeated_leaves_the_old_answer():
    """Where no generator can answer any more, the old answer is not lost for a refusal."""
    clock = VirtualClock()
    cache = await filled(clock)
    clock.advance(660.0)
    await (await cache.lookup(KEY)).lease.refuse(attrs.evolve(OUTAGE, repeatable=True))

    assert await cache.lookup(KEY) == Stale(REPLY, 660.0)


async def test_shortly_before_its_end_one_request_may_renew():
    """An answer that took long is made anew ahead of its time, by one request at a time."""
    clock = VirtualClock()
    cache = await filled(clock, attrs.evolve(RULES, random=lambda: 1 - 2**-53))
    await cache.clear()
    lease = (await cache.lookup(KEY)).lease
    clock.advance(10.0)
    await lease.store(REPLY, 600.0)
    clock.advance(300.0)
    first = await cache.lookup(KEY)

    assert (type(first), first.age_s) == (Hit, 300.0)
    assert await cache.lookup(KEY) == Hit(REPLY, 300.0)
    await first.refresh.store(NEWER, 600.0)
    assert (await cache.lookup(KEY)).reply == NEWER


def test_pauses_are_bounded_in_number_and_length():
    """However much fails, so many pauses are remembered and none exceeds half a minute."""
    clock = VirtualClock()
    pauses = Pauses(clock)
    for _ in range(2000):
        pauses.failed("often")
    for number in range(MOST + 10):
        pauses.failed(str(number))
    pauses.failed("often")

    assert len(pauses) == MOST
    clock.advance(30.0)
    assert not pauses.holds("often")


async def test_clear_forgets_the_pauses_too():
    """After clear the next answer is tried at once."""
    clock = VirtualClock()
    cache = await filled(clock)
    clock.advance(600.0)
    await (await cache.lookup(KEY)).refresh.refuse(OUTAGE)
    await cache.clear()

    assert len(cache._pauses) == 0
    assert isinstance(await cache.lookup(KEY), Miss)
