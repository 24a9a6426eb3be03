"""The moving window in one process: exact, bounded in memory, and no easier for the tricky."""

from __future__ import annotations

import random
import time
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ion_host_aiohttp.rates.quota import Quota, Used, fresh_in_s, remaining, violated, wait_s
from ion_host_aiohttp.rates.store import LocalStore, key_of
from ion_host_aiohttp.rates.table import CallerTable
from ion_host_aiohttp.rates.window import TICK, added, free_at, pruned, total
from limits import parse

from ion_framework.testing import VirtualClock

KEY = key_of("caller")
THIRTY = Quota.of(parse("30/minute"))


def take(store, quota=THIRTY, cost=1, key=KEY):
    """Whether a request passes."""
    return store.take_now(key, quota, cost, runs_turns=False).granted


def busiest(granted, window_s):
    """The most that any window of this length held."""
    return max(
        sum(cost for at, cost in granted if end - window_s < at <= end) for end, _ in granted
    )


steps = st.lists(st.tuples(st.floats(0, 20), st.integers(1, 5)), min_size=30, max_size=120)


class TestWindow:
    """Logs of requests."""

    def test_a_window_is_open_at_its_beginning(self):
        """What is exactly a window ago no longer counts."""
        log = added((), 100.0, 2, 60)
        assert (total(log, 159.9 - 60), total(log, 160.0 - 60)) == (2, 0)

    def test_a_log_has_bounded_pairs(self):
        """However many requests there are, a log holds one pair for each tick of the window."""
        log = ()
        for number in range(10_000):
            log = pruned(added(log, number * 0.01, 1, 60), number * 0.01 - 60)
        assert len(log) // 2 <= 1 / TICK + 1
        assert total(log, 99.99 - 60) >= 6000

    def test_room_comes_when_enough_has_passed(self):
        """The time for a larger request is that at which enough old ones have left the window."""
        log = added(added(added((), 0.0, 5, 60), 10.0, 5, 60), 20.0, 5, 60)
        assert [free_at(log, 30.0, 60, room) for room in (15, 12, 5, 0, -1)] == [
            30.0,
            60.0,
            70.0,
            80.0,
            90.0,
        ]


class TestQuota:
    """What may pass."""

    @settings(max_examples=150)
    @given(steps, st.integers(5, 40))
    def test_no_window_ever_holds_more(self, asked, limit):
        """However requests of whatever size come, no window holds more than the limit."""
        clock, quota = VirtualClock(0.0), Quota(limit=limit, window_s=60)
        store, granted = LocalStore(clock, 1000), []
        for pause, cost in asked:
            clock.advance(pause)
            if take(store, quota, cost):
                granted.append((clock.monotonic(), cost))
        assert busiest(granted, 60) <= limit

    @settings(max_examples=150)
    @given(steps, st.floats(0, 1))
    def test_grace_is_borrowed(self, asked, grace):
        """One window may hold the grace as well, and two in a row no more than twice the limit."""
        clock, quota = VirtualClock(0.0), Quota.of(parse("20/minute"), grace)
        store, granted = LocalStore(clock, 1000), []
        for pause, cost in asked:
            clock.advance(pause)
            if take(store, quota, cost):
                granted.append((clock.monotonic(), cost))
        assert busiest(granted, 60) <= 20 + int(20 * grace)
        assert busiest(granted, 120) <= 40

    @settings(max_examples=100)
    @given(steps)
    def test_a_refused_caller_passes_when_it_was_told(self, asked):
        """A caller that waits as long as it was told passes, and earlier it does not."""
        clock = VirtualClock(0.0)
        store, quota = LocalStore(clock, 1000), Quota(limit=10, window_s=60)
        for pause, cost in asked:
            clock.advance(pause)
            standing = store.take_now(KEY, quota, cost, runs_turns=False)
            if not standing.granted:
                wait = wait_s(quota, standing.used, cost)
                assert 0 < wait <= 60 + 1e-6
                clock.advance(wait * 0.999)
                assert not take(store, quota, cost)
                clock.advance(wait * 0.001 + 1e-6)
                assert take(store, quota, cost)

    def test_a_window_is_as_generous_as_it_may(self):
        """Requests at even distance all pass at exactly the limit."""
        clock = VirtualClock(0.0)
        store = LocalStore(clock, 1000)
        for _ in range(300):
            assert take(store)
            clock.advance(2.0)

    def test_a_part_and_a_load_are_at_least_one(self):
        """Neither overload nor division among processes leaves nothing."""
        assert Quota(limit=3).divided(8).limit == 1
        assert Quota(limit=1).at_load(0.1).limit == 1
        assert Quota(limit=30, grace=15).at_load(0.5) == Quota(limit=15, grace=0, remembers_s=120)

    def test_a_quota_that_is_used_up_is_named(self):
        """What does not let a request pass is named, each budget by itself."""
        quota = Quota(limit=1, requests_per_day=5, tokens_per_day=10)
        used = Used(100.0, (99.0, 1), requests=5, tokens=10)
        assert violated(quota, used, 1, runs_turns=True) == (
            "requests",
            "requests-day",
            "tokens-day",
        )
        assert violated(quota, used, 1, runs_turns=False) == ("requests", "requests-day")
        assert (remaining(quota, used), fresh_in_s(quota, used)) == (0, 59.0)


class TestDays:
    """Budgets of a day."""

    def test_they_begin_anew_at_midnight_utc(self):
        """A budget that is used up is whole again when the day of UTC ends."""
        clock = VirtualClock(86400.0 * 20_000 + 86_390)
        store = LocalStore(clock, 1000)
        quota = Quota(limit=None, requests_per_day=2)
        assert [take(store, quota) for _ in range(3)] == [True, True, False]
        assert store.days.left_s() == 10
        clock.advance(10)
        assert take(store, quota)

    async def test_tokens_are_booked_after_they_were_spent(self):
        """A turn passes while the budget is not used up, and its tokens may go beyond it."""
        store = LocalStore(VirtualClock(), 1000)
        quota = Quota(limit=None, tokens_per_day=100)
        for tokens in (60, 60):
            assert (await store.take(KEY, quota, 1, runs_turns=True)).granted
            await store.book(KEY, tokens)
        standing = await store.take(KEY, quota, 1, runs_turns=True)
        assert (standing.granted, standing.used.tokens, standing.broken) == (
            False,
            120,
            ("tokens-day",),
        )
        assert (await store.take(KEY, quota, 1, runs_turns=False)).granted


class TestMemory:
    """Bounded memory."""

    @pytest.mark.slow
    def test_a_million_addresses_fit(self):
        """A million random addresses take less than 64 MB."""
        clock, source = VirtualClock(), random.Random(1)  # noqa: S311  no secret is chosen
        store = LocalStore(clock, 100_000)
        tracemalloc.start()
        try:
            for number in range(1_000_000):
                if number == 110_000:
                    # Every place is taken; tracing each further one would only take time.
                    size, _ = tracemalloc.get_traced_memory()
                    tracemalloc.stop()
                clock.advance(0.00001)
                take(store, key=key_of(str(source.getrandbits(32))))
        finally:
            tracemalloc.stop()
        assert len(store) == 100_000
        assert size < 64 * 2**20

    def test_what_no_longer_counts_is_let_go(self):
        """Callers of earlier windows make room as others come."""
        clock = VirtualClock()
        store = LocalStore(clock, 100_000)
        for number in range(1000):
            take(store, key=key_of(f"early {number}"))
        clock.advance(61)
        for number in range(1001):
            take(store, key=key_of(f"late {number}"))
        assert len(store) <= 1001

    def test_a_flood_of_others_gives_nobody_a_fresh_window(self):
        """A caller that has used its limit stays refused while a million others come once each."""
        clock = VirtualClock()
        store = LocalStore(clock, 1000)
        for _ in range(30):
            assert take(store)
        for number in range(20_000):
            take(store, key=key_of(f"other {number}"))
        assert not take(store)
        assert len(store) == 1000

    def test_the_least_active_is_forgotten_first(self):
        """Of those that still count, the one of the lowest level that was not seen longest goes."""
        table = CallerTable(3, lambda _key, _value: False)
        for name, weight in ((b"heavy", 9), (b"first", 1), (b"second", 1), (b"third", 1)):
            table.put(name, name, weight)
        assert [table.get(name) for name in (b"heavy", b"first", b"second", b"third")] == [
            b"heavy",
            None,
            b"second",
            b"third",
        ]

    def test_a_full_table_is_as_quick_as_an_empty_one(self):
        """Forgetting somebody does not take longer where there are many."""
        clock = VirtualClock()
        store = LocalStore(clock, 50_000)
        for number in range(50_000):
            take(store, key=key_of(str(number)))
        began = time.perf_counter()
        for number in range(5000):
            take(store, key=key_of(f"more {number}"))
        assert (time.perf_counter() - began) / 5000 < 0.001


@pytest.mark.parametrize("text", ["30/minute", "100/hour", "1000/day"])
async def test_the_library_s_own_strategy_grants_the_same(text):
    """The moving window of the library limits, fed the same requests at once, grants as many."""
    from limits.aio.storage import MemoryStorage
    from limits.aio.strategies import MovingWindowRateLimiter

    item = parse(text)
    theirs = MovingWindowRateLimiter(MemoryStorage())
    store = LocalStore(VirtualClock(), 1000)
    source = random.Random(text)  # noqa: S311  no secret is chosen
    ours = 0
    for cost in source.choices((1, 2, 7), k=200):
        granted = take(store, Quota.of(item), cost)
        assert granted is await theirs.hit(item, "caller", cost=cost)
        ours += granted * cost
    assert ours <= item.amount
