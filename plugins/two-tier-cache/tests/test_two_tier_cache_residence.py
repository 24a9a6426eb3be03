"""An entry stays in memory for its residence, or up to its own end if that comes first."""

from __future__ import annotations

import math

import pytest
from ion_two_tier_cache.entry import Entry, Freshness
from ion_two_tier_cache.memory import MemoryTier
from msgspec.structs import replace

from ion_framework.pipeline.cache import CachedReply
from ion_framework.pipeline.chunks import Usage

EPOCH = 1.7e9


class TwoClocks:
    """A monotonic and a wall clock that the test moves, together or one by one."""

    def __init__(self):
        self.steady = 1000.0
        self.wall = EPOCH

    def monotonic(self):
        """Seconds that only the test changes."""
        return self.steady

    def time(self):
        """Seconds since the epoch that only the test changes."""
        return self.wall

    def advance(self, seconds):
        """Let time pass."""
        self.steady += seconds
        self.wall += seconds


def make_tier(clock=None):
    """A tier with room for what the tests store."""
    return MemoryTier(max_entries=10, max_bytes=1_000_000, clock=clock or TwoClocks())


def make_entry(content="an answer", **changes):
    """An entry with this content, made just now, fresh for a minute and gone after a day."""
    reply = CachedReply(content, Usage(10, 20, None), "model-1", "offline", EPOCH)
    return replace(Entry(reply, (), EPOCH, 60.0, 3600.0, 82740.0, 0.5), **changes)


@pytest.mark.parametrize(("elapsed", "there"), [(0.0, True), (59.999, True), (60.0, False)])
def test_the_residence_ends_exactly(elapsed, there):
    """An entry is answered before stored + residence and no longer from that very instant on."""
    clock = TwoClocks()
    tier = make_tier(clock)
    tier.put("a", make_entry(), 60.0)
    clock.advance(elapsed)

    assert (tier.get("a") is not None) == there


@pytest.mark.parametrize(("elapsed", "there"), [(8.0, True), (10.0, False)])
def test_an_entry_that_is_gone_is_not_answered(elapsed, there):
    """The entry's own end counts where it comes before that of its residence."""
    clock = TwoClocks()
    tier = make_tier(clock)
    entry = make_entry(made_at=EPOCH - 90.0, fresh_s=50.0, revalidate_s=30.0, on_error_s=20.0)
    tier.put("a", entry, 3600.0)
    clock.advance(elapsed)

    assert (tier.get("a") is not None) == there


@pytest.mark.parametrize(
    ("elapsed", "state"),
    [(5.0, Freshness.FRESH), (15.0, Freshness.STALE), (25.0, Freshness.ON_ERROR)],
)
def test_an_entry_is_answered_in_every_state_before_its_end(elapsed, state):
    """Stale entries, and those good only on error, come back like fresh ones."""
    clock = TwoClocks()
    tier = make_tier(clock)
    tier.put("a", make_entry(fresh_s=10.0, revalidate_s=10.0, on_error_s=10.0), 3600.0)
    clock.advance(elapsed)

    assert tier.get("a").state(clock.time()) is state


def test_a_wall_clock_that_jumps_ahead_ends_what_is_gone_by_it():
    """No entry is answered that is gone by the wall clock, however short its residence was."""
    clock = TwoClocks()
    tier = make_tier(clock)
    tier.put("a", make_entry(), 60.0)
    clock.wall += 86400.0

    assert tier.get("a") is None
    assert tier.stats().expired == 1


def test_a_wall_clock_that_is_set_back_prolongs_nothing():
    """The residence ends by the monotonic clock, whatever the wall clock says."""
    clock = TwoClocks()
    tier = make_tier(clock)
    tier.put("a", make_entry(), 60.0)
    clock.advance(60.0)
    clock.wall -= 3600.0

    assert tier.get("a") is None


def test_an_entry_from_the_future_stays_for_its_lifetime_at_most():
    """An entry of a host whose clock is ahead lives as if it had been made when it was stored."""
    clock = TwoClocks()
    tier = make_tier(clock)
    tier.put("a", make_entry(made_at=EPOCH + 1e6, revalidate_s=0.0, on_error_s=0.0), 3600.0)
    clock.advance(59.0)
    there = tier.get("a") is not None
    clock.advance(1.0)

    assert (there, tier.get("a")) == (True, None)


def test_a_look_up_does_not_prolong_an_entry():
    """Reading an entry leaves its end where it was."""
    clock = TwoClocks()
    tier = make_tier(clock)
    tier.put("a", make_entry(), 10.0)
    clock.advance(9.0)
    tier.get("a")
    clock.advance(1.0)

    assert tier.get("a") is None


@pytest.mark.parametrize(
    ("residence_s", "changes"),
    [
        (0.0, {}),
        (-1.0, {}),
        (-math.inf, {}),
        (math.nan, {}),
        (60.0, {"made_at": EPOCH - 86400.0}),
        (60.0, {"made_at": math.nan}),
        (60.0, {"made_at": math.inf, "fresh_s": math.inf}),
        (60.0, {"on_error_s": math.nan}),
        (60.0, {"fresh_s": -math.inf}),
    ],
)
def test_what_has_no_time_left_is_not_stored(residence_s, changes):
    """An entry that may not stay, or is gone, is refused and leaves what was there."""
    tier = make_tier()
    earlier = make_entry("earlier")
    tier.put("a", earlier, 60.0)

    assert tier.put("a", make_entry(**changes), residence_s) is False
    assert tier.get("a") is earlier
    assert tier.stats().stores == 1


def test_an_endless_residence_ends_with_the_entry():
    """An infinite residence is one until the entry's own end."""
    clock = TwoClocks()
    tier = make_tier(clock)

    assert tier.put("a", make_entry(), math.inf) is True
    clock.advance(86400.0)
    assert tier.get("a") is None


class TestShorten:
    """Entries that may have missed an invalidation leave soon, and not all at once."""

    def _tier(self, clock, number=1000):
        tier = MemoryTier(max_entries=2 * number, max_bytes=10_000_000, clock=clock)
        for each in range(number):
            tier.put(f"{each:064x}", make_entry(), 60.0)
        return tier

    def _left(self, tier, number=1000):
        return sum(tier.get(f"{each:064x}") is not None for each in range(number))

    def test_all_that_was_there_is_gone_in_time(self):
        """None of the entries that were there outlives the time that is left to them."""
        clock = TwoClocks()
        tier = self._tier(clock)
        tier.shorten(5.0)
        clock.advance(5.0)

        assert self._left(tier) == 0

    def test_they_leave_one_by_one(self):
        """In the first half of the time none leaves, and in the second they leave evenly."""
        clock = TwoClocks()
        tier = self._tier(clock)
        tier.shorten(5.0)
        left = []
        for seconds in (2.49, 1.26, 1.0):
            clock.advance(seconds)
            left.append(self._left(tier))

        assert left[0] == 1000
        assert left[1] == pytest.approx(500, abs=80)
        assert left[2] == pytest.approx(100, abs=50)

    def test_what_comes_later_is_not_concerned(self):
        """An entry that is stored afterwards stays for its whole residence."""
        clock = TwoClocks()
        tier = self._tier(clock)
        tier.shorten(5.0)
        tier.put("later", make_entry(), 60.0)
        clock.advance(59.0)

        assert tier.get("later") is not None

    def test_a_second_time_gives_no_time_back(self):
        """What was shortened before is gone at its first time, whatever follows."""
        clock = TwoClocks()
        tier = self._tier(clock)
        tier.shorten(5.0)
        clock.advance(4.0)
        tier.shorten(5.0)
        clock.advance(1.0)

        assert self._left(tier) == 0

    def test_it_never_lengthens_a_residence(self):
        """An entry whose residence ends sooner leaves when it would have left."""
        clock = TwoClocks()
        tier = make_tier(clock)
        tier.put("a", make_entry(), 1.0)
        tier.shorten(5.0)
        clock.advance(1.0)

        assert tier.get("a") is None
