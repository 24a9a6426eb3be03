"""The memory tier keeps its bounds, its order and its times."""

from __future__ import annotations

import random
import tracemalloc

import attrs
import pytest
from ion_two_tier_cache.memory import MemoryTier
from ion_two_tier_cache.sizes import entry_bytes

from ion_framework.pipeline.cache import CachedReply, Hit
from ion_framework.pipeline.chunks import Usage


class ManualClock:
    """A clock that the test moves."""

    def __init__(self):
        self.now = 1000.0

    def monotonic(self):
        """Seconds that only the test changes."""
        return self.now

    def time(self):
        """The same as seconds of an epoch."""
        return self.now + 1.7e9


def make_tier(clock=None, max_entries=1000, max_bytes=1_000_000):
    """A tier with room for what most tests store."""
    return MemoryTier(max_entries=max_entries, max_bytes=max_bytes, clock=clock or ManualClock())


def make_reply(content="an answer"):
    """A reply with this content."""
    return CachedReply(content, Usage(10, 20, None), "model-1", "offline", 1.7e9)


def put_all(tier, digests, ttl_s=60.0):
    """Store one reply for each digest."""
    for digest in digests:
        tier.put(digest, make_reply(digest), ttl_s, ())


def held(tier, digests):
    """The digests that are still answered, in the order asked."""
    return [digest for digest in digests if tier.get(digest) is not None]


def content_of_size(digest, size):
    """A content with which an entry counts for exactly so many bytes."""
    return "x" * (size - entry_bytes(digest, make_reply(""), ()))


def test_a_stored_reply_comes_back_with_its_age():
    """A look-up returns the very reply that was stored, and the seconds since it was stored."""
    clock = ManualClock()
    tier = make_tier(clock)
    tier.put("a", make_reply("hello"), 60.0, ())
    clock.now += 12.5

    assert tier.get("a") == Hit(make_reply("hello"), 12.5)


@pytest.mark.parametrize(("elapsed", "fresh"), [(0.0, True), (59.999, True), (60.0, False)])
def test_the_time_to_live_ends_exactly(elapsed, fresh):
    """An entry is answered before stored + ttl and no longer from that very instant on."""
    clock = ManualClock()
    tier = make_tier(clock)
    tier.put("a", make_reply(), 60.0, ())
    clock.now += elapsed

    assert (tier.get("a") is not None) == fresh


def test_a_look_up_does_not_prolong_an_entry():
    """Reading an entry leaves its end where it was."""
    clock = ManualClock()
    tier = make_tier(clock)
    tier.put("a", make_reply(), 10.0, ())
    clock.now += 9.0
    tier.get("a")
    clock.now += 1.0

    assert tier.get("a") is None


@pytest.mark.parametrize("ttl_s", [0.0, -1.0, float("-inf"), float("nan")])
def test_no_time_to_live_stores_nothing(ttl_s):
    """A time to live that is not above zero stores nothing."""
    tier = make_tier()

    assert tier.put("a", make_reply(), ttl_s, ()) is False
    assert tier.stats().entries == 0


def test_the_least_recently_used_entry_goes_first():
    """At the bound in entries the one goes that was neither stored nor read for longest."""
    tier = make_tier(max_entries=3)
    put_all(tier, "abc")
    tier.get("a")
    put_all(tier, "d")

    assert held(tier, "abcd") == ["a", "c", "d"]


def test_storing_again_makes_an_entry_the_most_recent():
    """A second store of a digest replaces the first, counts no eviction and renews its place."""
    tier = make_tier(max_entries=2)
    put_all(tier, "aba")
    put_all(tier, "c")

    assert held(tier, "abc") == ["a", "c"]
    assert tier.stats().evictions == 1


def test_expired_entries_go_before_fresh_ones():
    """Room is made by dropping what has expired, even if it was used last."""
    clock = ManualClock()
    tier = make_tier(clock, max_entries=3)
    put_all(tier, "ab")
    put_all(tier, "c", ttl_s=5.0)
    clock.now += 5.0
    put_all(tier, "d")

    assert held(tier, "abcd") == ["a", "b", "d"]
    assert (tier.stats().evictions, tier.stats().expired) == (0, 1)


def test_the_end_of_a_replaced_entry_counts_no_more():
    """An entry that was stored again is fresh until its new end, also when room is needed."""
    clock = ManualClock()
    tier = make_tier(clock, max_entries=2)
    put_all(tier, "a", ttl_s=5.0)
    put_all(tier, "ba")
    clock.now += 5.0
    put_all(tier, "c")

    assert held(tier, "abc") == ["a", "c"]
    assert (tier.stats().evictions, tier.stats().expired) == (1, 0)


def test_the_byte_bound_is_exact():
    """Entries fill the byte bound to the last byte, and the next puts the oldest out."""
    tier = make_tier(max_bytes=20_000)
    for digest in "abcdefghij":
        tier.put(digest, make_reply(content_of_size(digest, 2000)), 60.0, ())

    assert (tier.stats().bytes, tier.stats().evictions) == (20_000, 0)

    tier.put("k", make_reply(""), 60.0, ())

    assert held(tier, "abk") == ["b", "k"]


def test_the_bound_holds_under_far_more_than_fits():
    """Sixty-four times the bound passes through, and neither count nor allocation runs away."""
    bound = 1 << 20
    tier = make_tier(max_entries=1_000_000, max_bytes=bound)
    choose = random.Random(7)  # noqa: S311  sizes for a test, the same in every run
    fed = number = 0
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        while fed < 64 * bound:
            size = choose.randrange(1_000, 90_000)
            tier.put(f"{number:064x}", make_reply("x" * size), choose.uniform(1.0, 1e6), ())
            fed += size
            number += 1

            assert tier.stats().bytes <= bound
        growth = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()

    assert growth < 1.5 * bound
    assert tier.stats().entries > 10


def test_a_reply_above_a_tenth_of_the_bound_is_not_admitted():
    """A reply of exactly a tenth of the bound is stored, one byte more is refused and counted."""
    tier = make_tier(max_bytes=20_000)

    assert tier.put("a", make_reply(content_of_size("a", 2000)), 60.0, ()) is True
    assert tier.put("b", make_reply(content_of_size("b", 2001)), 60.0, ()) is False
    assert held(tier, "ab") == ["a"]
    assert tier.stats().oversize == 1


def test_a_tag_finds_what_carries_it():
    """Invalidating a tag drops its entries and no others, and says how many there were."""
    tier = make_tier()
    tier.put("a", make_reply(), 60.0, ("persona:lua", "tenant:x"))
    tier.put("b", make_reply(), 60.0, ("persona:lua",))
    tier.put("c", make_reply(), 60.0, ("persona:nana", "tenant:x"))

    assert tier.invalidate("persona:lua") == 2
    assert held(tier, "abc") == ["c"]
    assert tier.invalidate("persona:lua") == 0
    assert tier.invalidate("tenant:x") == 1


def test_a_replaced_entry_leaves_its_old_tags():
    """An entry is found by the tags it was last stored with."""
    tier = make_tier()
    tier.put("a", make_reply(), 60.0, ("old", "old", "both"))
    tier.put("a", make_reply(), 60.0, ("both", "new"))

    assert [tier.invalidate("old"), tier.invalidate("new"), tier.invalidate("both")] == [0, 1, 0]


def test_expired_entries_are_not_counted_as_invalidated():
    """Invalidation and clearing count what was still fresh; the rest counts as expired."""
    clock = ManualClock()
    tier = make_tier(clock)
    tier.put("a", make_reply(), 5.0, ("tag",))
    tier.put("b", make_reply(), 60.0, ("tag",))
    tier.put("c", make_reply(), 5.0, ())
    clock.now += 5.0

    assert tier.invalidate("tag") == 1
    assert tier.clear() == 0
    assert tier.stats().expired == 2


def test_clear_leaves_nothing_behind():
    """After clearing the tier holds no entry and no byte, and works on."""
    tier = make_tier(max_entries=3)
    for digest in "abc":
        tier.put(digest, make_reply(digest), 60.0, ("tag",))

    assert tier.clear() == 3
    assert (tier.stats().entries, tier.stats().bytes) == (0, 0)
    assert (len(tier._queue), len(tier._tags)) == (0, 0)
    put_all(tier, "defg")
    assert held(tier, "abcdefg") == ["e", "f", "g"]


def test_the_figures_tell_what_happened():
    """Each figure equals what the calls did."""
    clock = ManualClock()
    tier = make_tier(clock, max_entries=2)
    put_all(tier, "a", ttl_s=1.0)
    put_all(tier, "bc")
    clock.now += 1.0
    held(tier, "abcc")
    tier.put("big", make_reply("x" * 100_001), 60.0, ())

    assert attrs.asdict(tier.stats()) == {
        "hits": 3,
        "misses": 1,
        "entries": 2,
        "bytes": sum(entry_bytes(digest, make_reply(digest), ()) for digest in "bc"),
        "stores": 3,
        "evictions": 1,
        "expired": 0,
        "oversize": 1,
    }


def test_what_is_handed_out_cannot_be_changed():
    """Every field of a stored reply refuses assignment, so that sharing it is safe."""
    tier = make_tier()
    tier.put("a", make_reply("untouched"), 60.0, ())
    reply = tier.get("a").reply
    for value in (reply, reply.usage):
        for field in attrs.fields(type(value)):
            with pytest.raises(attrs.exceptions.FrozenInstanceError):
                setattr(value, field.name, "changed")

    hash(reply)  # fails as soon as a field is a list, a dict or a set
    assert tier.get("a").reply == make_reply("untouched")


def test_lone_surrogates_are_stored_like_any_text():
    """A reply that UTF-8 cannot express is stored, not an exception in the turn that wrote it."""
    tier = make_tier()

    assert tier.put("a", make_reply("half a pair: \ud800"), 60.0, ()) is True
