"""The memory tier keeps its bounds and its order, finds by tag and counts what happens."""

from __future__ import annotations

import inspect
import random
import tracemalloc

import attrs
import pytest
from ion_two_tier_cache.entry import Entry
from ion_two_tier_cache.memory import MemoryTier
from ion_two_tier_cache.sizes import entry_bytes
from msgspec.structs import replace

from ion_framework.pipeline.cache import CachedRefusal, CachedReply
from ion_framework.pipeline.chunks import Usage
from ion_framework.testing import VirtualClock

START = 1.7e9


def make_tier(clock=None, max_entries=1000, max_bytes=2_000_000):
    """A tier with room for what most tests store."""
    return MemoryTier(
        max_entries=max_entries,
        max_bytes=max_bytes,
        clock=clock or VirtualClock(START),
        random=random.Random(7).random,  # noqa: S311  admission at random, the same in every run
    )


def make_entry(content="an answer", **changes):
    """An entry with this content, made just now, fresh for a minute and gone after a day."""
    reply = CachedReply(content, Usage(10, 20, None), "model-1", "offline", START)
    return replace(Entry(reply, (), START, 60.0, 3600.0, 82740.0, 0.5), **changes)


def put_all(tier, digests, residence_s=60.0):
    """Store one entry for each digest."""
    for digest in digests:
        tier.put(digest, make_entry(digest), residence_s)


def held(tier, digests):
    """The digests that are still answered, in the order asked."""
    return [digest for digest in digests if tier.get(digest) is not None]


def content_of_size(digest, size):
    """A content with which an entry counts for exactly so many bytes."""
    return "x" * (size - entry_bytes(digest, make_entry("")))


def test_a_stored_entry_comes_back():
    """A look-up returns the very entry that was stored."""
    tier = make_tier()
    entry = make_entry("hello")

    assert tier.put("a", entry, 60.0) is True
    assert tier.get("a") is entry
    assert tier.get("b") is None


def test_what_is_asked_for_stays_when_much_passes_by():
    """Five entries asked for now and then survive a thousand that nobody asks for again."""
    tier = make_tier(max_entries=20)
    wanted = "abcde"
    for number in range(1000):
        if number % 10 == 0:
            for digest in wanted:
                if tier.get(digest) is None:
                    tier.put(digest, make_entry(digest), 60.0)
        tier.get(f"passing {number}")
        tier.put(f"passing {number}", make_entry(), 60.0)

    assert held(tier, wanted) == list(wanted)
    assert tier.stats().entries == 20


def test_what_is_new_is_there_until_the_next_store():
    """A stored entry can be read back, however full the tier and however unknown its digest."""
    tier = make_tier(max_entries=3)
    put_all(tier, "abc")
    held(tier, "abc" * 20)
    for number in range(100):
        digest = f"new {number}"

        assert tier.put(digest, make_entry(), 60.0) is True
        assert tier.get(digest) is not None


@pytest.mark.parametrize("max_entries", [1, 2, 3, 101])
def test_the_bound_in_entries_holds_for_small_tiers(max_entries):
    """A tier of any size fills up to its bound in entries and not beyond."""
    tier = make_tier(max_entries=max_entries)
    for number in range(500):
        tier.put(f"{number}", make_entry(), 60.0)

        assert tier.stats().entries == min(number + 1, max_entries)


def test_storing_again_is_no_eviction():
    """A second store of a digest replaces the first and takes no more room."""
    tier = make_tier(max_entries=2)
    put_all(tier, "aba")

    assert held(tier, "ab") == ["a", "b"]
    assert (tier.stats().evictions, tier.stats().replaced) == (0, 1)


def test_expired_entries_go_before_others():
    """Room is made by dropping what has expired, even if it was asked for most."""
    clock = VirtualClock(START)
    tier = make_tier(clock, max_entries=3)
    put_all(tier, "ab")
    put_all(tier, "c", residence_s=5.0)
    held(tier, "c" * 20)
    clock.advance(5.0)
    put_all(tier, "d")

    assert held(tier, "abcd") == ["a", "b", "d"]
    assert (tier.stats().evictions, tier.stats().expired) == (0, 1)


def test_the_end_of_a_replaced_entry_counts_no_more():
    """An entry that was stored again stays until its new end, also when room is needed."""
    clock = VirtualClock(START)
    tier = make_tier(clock, max_entries=2)
    put_all(tier, "a", residence_s=5.0)
    put_all(tier, "ba")
    held(tier, "aaa")
    clock.advance(5.0)
    put_all(tier, "c")

    assert held(tier, "abc") == ["a", "c"]
    assert (tier.stats().evictions, tier.stats().expired) == (1, 0)


def test_the_byte_bound_is_exact():
    """Entries fill the byte bound to the last byte, and the next puts one out."""
    tier = make_tier(max_bytes=20_000)
    for digest in "abcdefghij":
        tier.put(digest, make_entry(content_of_size(digest, 2000)), 60.0)

    assert (tier.stats().bytes, tier.stats().evictions) == (20_000, 0)

    put_all(tier, "k")

    assert (tier.stats().entries, tier.stats().evictions) == (10, 1)
    assert held(tier, "k") == ["k"]


@pytest.mark.parametrize(
    ("bound", "fed", "largest"), [(1 << 20, 64 << 20, 90_000), (64 << 20, 1 << 30, 1_000_000)]
)
def test_the_bound_holds_under_far_more_than_fits(bound, fed, largest):
    """Many times the bound passes through, and neither count nor allocation runs away."""
    tier = make_tier(max_entries=1_000_000, max_bytes=bound)
    choose = random.Random(7)  # noqa: S311  sizes for a test, the same in every run
    number = 0
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        while fed > 0:
            size = choose.randrange(1_000, largest)
            tier.put(f"{number:064x}", make_entry("x" * size), choose.uniform(1.0, 1e6))
            fed -= size
            number += 1

            assert tier.stats().bytes <= bound
        growth = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()

    assert growth < 1.5 * bound
    assert tier.stats().bytes > 0.8 * bound


def test_a_large_entry_that_nobody_asks_for_again_costs_no_wanted_one_for_long():
    """Entries of the largest size pass through, and the wanted small ones are there again."""
    tier = make_tier(max_entries=1000, max_bytes=200_000)
    wanted = [f"wanted {number}" for number in range(20)]
    for number in range(50):
        for digest in wanted:
            if tier.get(digest) is None:
                tier.put(digest, make_entry(), 60.0)
        tier.get(f"large {number}")
        tier.put(f"large {number}", make_entry("x" * 18_000), 60.0)

    assert held(tier, wanted) == wanted


def test_an_entry_above_a_tenth_of_the_bound_is_refused():
    """An entry of exactly a tenth of the bound is stored, one byte more is refused and counted."""
    tier = make_tier(max_bytes=20_000)

    assert tier.put("a", make_entry(content_of_size("a", 2000)), 60.0) is True
    assert tier.put("b", make_entry(content_of_size("b", 2001)), 60.0) is False
    assert held(tier, "ab") == ["a"]
    assert tier.stats().oversize == 1


def test_a_refused_entry_does_not_leave_an_older_one_in_its_place():
    """An entry too large to store takes the earlier one of its digest with it."""
    tier = make_tier(max_bytes=20_000)
    put_all(tier, "a")
    tier.put("a", make_entry("x" * 2000), 60.0)

    assert tier.get("a") is None
    assert tier.stats().dropped == 1


def test_a_refusal_is_kept_and_counted_by_its_words():
    """A refusal comes back like an answer and counts for the length of its texts."""
    tier = make_tier()
    short = CachedRefusal("gemini", "blocked", "No.", None, True)
    long = attrs.evolve(short, message="No." + "!" * 1000)

    assert tier.put("a", make_entry(body=short), 60.0) is True
    assert tier.get("a").body == short
    sizes = [entry_bytes("a", make_entry(body=body)) for body in (short, long)]
    assert sizes[1] - sizes[0] == 1000
    assert tier.stats().bytes == sizes[0]


def test_dropping_tells_whether_there_was_something():
    """One entry is dropped, once; the others stay."""
    clock = VirtualClock(START)
    tier = make_tier(clock)
    put_all(tier, "ab")
    put_all(tier, "c", residence_s=5.0)
    clock.advance(5.0)

    assert [tier.drop(digest) for digest in "aacx"] == [True, False, False, False]
    assert held(tier, "abc") == ["b"]
    assert (tier.stats().dropped, tier.stats().expired) == (1, 1)


def test_a_tag_finds_what_carries_it():
    """Invalidating a tag drops its entries and no others, and says how many there were."""
    tier = make_tier()
    tier.put("a", make_entry(tags=("persona:lua", "tenant:x")), 60.0)
    tier.put("b", make_entry(tags=("persona:lua",)), 60.0)
    tier.put("c", make_entry(tags=("persona:nana", "tenant:x")), 60.0)

    assert tier.invalidate("persona:lua") == 2
    assert held(tier, "abc") == ["c"]
    assert tier.invalidate("persona:lua") == 0
    assert tier.invalidate("tenant:x") == 1


def test_a_replaced_entry_leaves_its_old_tags():
    """An entry is found by the tags it was last stored with."""
    tier = make_tier()
    tier.put("a", make_entry(tags=("old", "old", "both")), 60.0)
    tier.put("a", make_entry(tags=("both", "new")), 60.0)

    assert [tier.invalidate("old"), tier.invalidate("new"), tier.invalidate("both")] == [0, 1, 0]


def test_expired_entries_are_not_counted_as_invalidated():
    """Invalidation and clearing count what was still good; the rest counts as expired."""
    clock = VirtualClock(START)
    tier = make_tier(clock)
    tier.put("a", make_entry(tags=("tag",)), 5.0)
    tier.put("b", make_entry(tags=("tag",)), 60.0)
    put_all(tier, "c", residence_s=5.0)
    clock.advance(5.0)

    assert tier.invalidate("tag") == 1
    assert tier.clear() == 0
    assert (tier.stats().dropped, tier.stats().expired) == (1, 2)


def test_clear_leaves_nothing_behind():
    """After clearing the tier holds no entry and no byte, and works on."""
    tier = make_tier(max_entries=3)
    for digest in "abc":
        tier.put(digest, make_entry(tags=("tag",)), 60.0)

    assert tier.clear() == 3
    assert (tier.stats().entries, tier.stats().bytes, tier.stats().window) == (0, 0, 0)
    assert (len(tier._queue), len(tier._tags)) == (0, 0)
    put_all(tier, "defg")
    assert len(held(tier, "abcdefg")) == 3


def test_the_figures_tell_what_happened():
    """Each figure equals what the calls did."""
    clock = VirtualClock(START)
    tier = make_tier(clock, max_entries=3)
    put_all(tier, "a", residence_s=1.0)
    put_all(tier, "bcc")
    clock.advance(1.0)
    held(tier, "abcc")
    put_all(tier, "defg")
    tier.put("big", make_entry("x" * 200_001), 60.0)
    tier.drop("b")

    assert attrs.asdict(tier.stats()) == {
        "hits": 3,
        "misses": 1,
        "entries": 2,
        "bytes": sum(entry_bytes(digest, make_entry(digest)) for digest in "cg"),
        "stores": 8,
        "evictions": 3,
        "rejected": 3,
        "expired": 1,
        "replaced": 1,
        "dropped": 1,
        "oversize": 1,
        "window": 1,
        "protected": 0,
    }


def test_many_are_stored_as_one_by_one():
    """Many entries at once take the places that they take one by one."""
    many, single = make_tier(max_entries=8), make_tier(max_entries=8)
    entries = [(f"{number}", make_entry(f"{number}", tags=("t",))) for number in range(20)]

    many.put_all(entries, [60.0 + number for number in range(20)])
    for number, (digest, entry) in enumerate(entries):
        single.put(digest, entry, 60.0 + number)

    assert many.stats() == single.stats()
    assert held(many, map(str, range(20))) == held(single, map(str, range(20)))


def test_requests_count_from_half_full():
    """What was asked for before the tier was half full has no say in who stays."""
    early, late = make_tier(max_entries=100), make_tier(max_entries=100)
    for tier, before in ((early, 10), (late, 60)):
        put_all(tier, [f"{number}" for number in range(before)])
        assert held(tier, ["wanted"] * 5) == []
        put_all(tier, [f"{number}" for number in range(99)])
        tier.put("wanted", make_entry(), 60.0)
        put_all(tier, [f"new {number}" for number in range(3)])

    assert held(early, ["wanted"]) == []
    assert held(late, ["wanted"]) == ["wanted"]


def test_what_is_handed_out_cannot_be_changed():
    """A thousand attempts to change what was handed out leave later reads as they were."""
    tier = make_tier()
    tier.put("a", make_entry("untouched", tags=("tag",)), 60.0)
    before = repr(tier.get("a"))
    for number in range(1000):
        entry = tier.get("a")
        for value in (entry, entry.body, entry.body.usage):
            for name in inspect.signature(type(value)).parameters:
                with pytest.raises(AttributeError):
                    setattr(value, name, number)

    assert repr(tier.get("a")) == before


def test_lone_surrogates_are_stored_like_any_text():
    """An answer that UTF-8 cannot express is stored, not an exception in the turn that made it."""
    tier = make_tier()

    assert tier.put("a", make_entry("half a pair: \ud800"), 60.0) is True
