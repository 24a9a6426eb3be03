"""How long an answer is good for what, and when it is made anew ahead of time."""

from __future__ import annotations

import asyncio
import math
import random
from collections import Counter

import attrs
import pytest
from ion_two_tier_cache.cache import TwoTierCache
from ion_two_tier_cache.entry import Entry
from ion_two_tier_cache.freshness import FreshnessRules
from ion_two_tier_cache.memory import MemoryTier
from msgspec.structs import replace

from ion_framework.pipeline.cache import CachedRefusal, Hit, Miss, Pending, Stale
from ion_framework.testing import VirtualClock, run_virtual
from ion_framework.testing.contracts.cache import KEY, REPLY

BLOCKED = CachedRefusal("g", "safety", "not this", repeatable=True)


def seeded(number=7):
    """Random numbers for a test, the same in every run."""
    return random.Random(number).random  # noqa: S311  no secret depends on it


def entry(**changes):
    """An entry made at 0 that is fresh for 100 s and took a second."""
    return replace(Entry(REPLY, (), 0.0, 100.0, 60.0, 3600.0, 1.0), **changes)


def test_times_are_spread_so_that_nothing_ends_together():
    """Of ten thousand answers stored for 300 s in one second no second sees more than 5 % end."""
    rules = FreshnessRules(random=seeded())
    ends = Counter(
        int(number / 10_000 + rules.of_reply(REPLY, (), 300.0, 0.0, 0.0).fresh_s)
        for number in range(10_000)
    )

    assert min(ends) >= 270
    assert max(ends) <= 331
    assert max(ends.values()) <= 500


def test_an_answer_carries_its_windows():
    """Its windows are those of the rules, its tags and its work those of the turn."""
    rules = FreshnessRules(stale_while_revalidate_s=5.0, stale_if_error_s=9.0, jitter=0.0)

    assert rules.of_reply(REPLY, ("a",), 60.0, 0.5, 1000.0) == Entry(
        REPLY, ("a",), 1000.0, 60.0, 5.0, 9.0, 0.5
    )


@pytest.mark.parametrize("ttl_s", [0.0, -1.0, math.inf, math.nan])
def test_a_time_that_is_none_keeps_nothing(ttl_s):
    """An answer is kept for a finite time above 0 or not at all."""
    assert FreshnessRules().of_reply(REPLY, (), ttl_s, 0.0, 0.0) is None


def test_a_refusal_is_kept_for_thirty_seconds_at_most():
    """A refusal that would be repeated has no window after its time, which jitter only shortens."""
    rules = FreshnessRules(random=seeded())
    kept = [rules.of_refusal(BLOCKED, (), 0.0) for _ in range(1000)]

    assert all(27.0 <= item.fresh_s <= 30.0 for item in kept)
    assert {(item.revalidate_s, item.on_error_s) for item in kept} == {(0.0, 0.0)}


def test_refusals_may_not_be_kept_at_all():
    """With a time of 0 no refusal is kept, and one that may not be repeated never is."""
    assert FreshnessRules(refusal_ttl_s=0.0).of_refusal(BLOCKED, (), 0.0) is None
    assert FreshnessRules().of_refusal(attrs.evolve(BLOCKED, repeatable=False), (), 0.0) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"stale_while_revalidate_s": -1.0},
        {"stale_if_error_s": math.inf},
        {"early_refresh_beta": -0.1},
        {"refusal_ttl_s": 30.1},
        {"jitter": 1.0},
    ],
    ids=str,
)
def test_rules_outside_their_range_are_refused(wrong):
    """A value outside its range is an error that names it."""
    with pytest.raises(ValueError, match=next(iter(wrong))):
        FreshnessRules(**wrong)


def test_the_nearer_the_end_the_likelier_it_is_due():
    """Far from its end an entry is never due, at its end always, in between now and then."""
    rules = FreshnessRules(random=seeded())

    def share(now):
        return sum(rules.is_due(entry(), now) for _ in range(2000)) / 2000

    assert share(50.0) == 0.0
    assert share(99.0) == pytest.approx(math.exp(-1), abs=0.05)
    assert share(100.0) == 1.0


@pytest.mark.parametrize("extreme", [0.0, 1 - 2**-53])
def test_the_extremes_of_chance_are_numbers(extreme):
    """Neither end of the random numbers makes an entry due that is far from its end."""
    rules = FreshnessRules(random=lambda: extreme)

    assert not rules.is_due(entry(), 62.0)


def test_without_eagerness_nothing_is_due():
    """A beta of 0 switches refreshing ahead of time off."""
    assert not FreshnessRules(early_refresh_beta=0.0).is_due(entry(), 99.999)


async def test_one_request_draws_once():
    """An entry that is due by the first number drawn is made anew, whatever the next would be."""
    clock, numbers = VirtualClock(), iter([])
    memory = MemoryTier(max_entries=10, max_bytes=1 << 20, clock=clock)
    rules = FreshnessRules(random=lambda: next(numbers), jitter=0.0)
    cache = TwoTierCache(memory, clock, rules=rules)
    numbers = iter([0.5])
    led = await cache.lookup(KEY)
    clock.advance(10.0)
    await led.lease.store(REPLY, 100.0)
    clock.advance(95.0)
    # -ln(1 - 0.9) * 10 s of work reach farther than the 5 s that are left; -ln(1 - 0.1) do not.
    numbers = iter([0.9, 0.1])
    found = await cache.lookup(KEY)

    assert found.refresh is not None
    assert next(numbers) == 0.1
    await found.refresh.release()


def test_a_hot_entry_is_made_anew_once_a_period_and_nobody_waits():
    """At 200 requests a second no request waits after the first, over ten times to live."""
    work_s, ttl_s, periods = 0.02, 10.0, 10

    async def main():
        loop = asyncio.get_running_loop()
        memory = MemoryTier(max_entries=10, max_bytes=1 << 20, clock=loop)
        rules = FreshnessRules(random=seeded(), jitter=0.0)
        cache = TwoTierCache(memory, loop, rules=rules)
        seen, work = Counter(), set()

        async def make(lease):
            await asyncio.sleep(work_s)
            await lease.store(REPLY, ttl_s)

        await make((await cache.lookup(KEY)).lease)
        while loop.time() < ttl_s * (periods + 0.5):
            found = await cache.lookup(KEY)
            seen[type(found)] += 1
            if isinstance(found, Hit | Stale) and found.refresh is not None:
                task = loop.create_task(make(found.refresh))
                work.add(task)
                task.add_done_callback(work.discard)
            await asyncio.sleep(1 / 200)
        await asyncio.gather(*work)
        return seen, cache.stats().tiers["flights"]["refreshes"]

    seen, refreshes = run_virtual(main())

    assert seen[Miss] == seen[Pending] == 0
    assert 1.0 <= refreshes / periods <= 1.5
    assert seen[Hit] / seen.total() > 0.99
