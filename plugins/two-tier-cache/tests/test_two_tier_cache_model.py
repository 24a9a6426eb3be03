"""The memory tier answers what was stored and keeps its bounds, whatever the order of calls."""

from __future__ import annotations

import random

import attrs
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from ion_two_tier_cache.entry import Entry
from ion_two_tier_cache.expiry import ExpiryQueue
from ion_two_tier_cache.memory import MemoryTier
from ion_two_tier_cache.sizes import entry_bytes
from msgspec.structs import replace

from ion_framework.pipeline.cache import CachedReply
from ion_framework.pipeline.chunks import Usage
from ion_framework.testing import VirtualClock

FIRST = "abc"
DIGESTS = "abcdefghijklmnop"
OVERSIZE = 2001
BOUNDS = ((1, 1 << 20), (2, 1 << 20), (4, 1 << 20), (100, 20_000), (12, 20_000))
"""Bounds in entries and bytes; in the last two it is the bytes that some of the entries fill."""

digests = st.sampled_from(FIRST) | st.sampled_from(DIGESTS)
tags = st.sampled_from(((), ("x",), ("x", "y"), ("y", "y")))
# Few instants, so that calls meet each other; halves, so that sums are exact.
span = st.sampled_from((0.0, 0.5, 2.0))
spans = st.tuples(span, span, span, span)
residences = st.sampled_from((-1.0, 0.0, 0.5, 1.0, 2.0))
sizes = st.sampled_from((1500, 2000, OVERSIZE))


@attrs.frozen
class Held:
    """What the model knows of an entry."""

    entry: Entry
    ends: float


class TierMachine(RuleBasedStateMachine):
    """The tier beside a dict; the tier alone says which entries it puts out, but not how many."""

    def __init__(self):
        super().__init__()
        self.clock = VirtualClock()
        self.held = {}
        self.counts = dict.fromkeys(
            ("hits", "misses", "stores", "evictions", "expired", "replaced", "dropped", "oversize"),
            0,
        )

    @initialize(bounds=st.sampled_from(BOUNDS))
    def start(self, bounds):
        """Make a tier with some bounds."""
        self.max_entries, self.max_bytes = bounds
        self.tier = MemoryTier(
            max_entries=self.max_entries,
            max_bytes=self.max_bytes,
            clock=self.clock,
            random=random.Random(7).random,  # noqa: S311  the same in every run
        )

    def is_over(self, digest):
        """Whether an entry of the model has ended."""
        return self.clock.monotonic() >= self.held[digest].ends

    def forget(self, gone):
        """Drop entries from the model; returns how many had not ended."""
        over = sum(map(self.is_over, gone))
        for digest in gone:
            del self.held[digest]
        self.counts["expired"] += over
        return len(gone) - over

    @rule(digest=digests)
    def get(self, digest):
        """A look-up finds the very entry that was stored last, up to its end."""
        found = self.tier.get(digest)
        if digest in self.held and not self.is_over(digest):
            self.counts["hits"] += 1

            assert found is self.held[digest].entry
        else:
            self.counts["misses"] += 1
            self.forget([digest] if digest in self.held else [])

            assert found is None

    @rule(digest=digests, size=sizes, tags=tags, spans=spans, stay=residences)
    def put(self, digest, size, tags, spans, stay):
        """A store is taken in unless it has no time left or is too large."""
        now = self.clock.time()
        age, *lengths = spans
        entry = Entry(make_reply(""), tags, now - age, *lengths, 0.1)
        fill = "x" * (size - entry_bytes(digest, entry))
        entry = replace(entry, body=make_reply(fill))
        ends = now + min(stay, entry.expires_at - now)
        taken = self.tier.put(digest, entry, stay)
        if ends <= now:
            assert taken is False
        elif size * 10 > self.max_bytes:
            self.counts["oversize"] += 1
            self.counts["dropped"] += self.forget([digest] if digest in self.held else [])

            assert taken is False
        else:
            assert taken is True
            self.counts["stores"] += 1
            self.counts["replaced"] += digest in self.held
            self.held[digest] = Held(entry, ends)
            self.check_room(digest)

    def check_room(self, newest):
        """Only what had to go has gone, what had ended went first, and the newest is there."""
        gone = [digest for digest in self.held if digest not in self.tier._slots]
        count = len(self.held)
        size = sum(entry_bytes(digest, held.entry) for digest, held in self.held.items())
        put_out = self.forget(gone)
        self.counts["evictions"] += put_out

        assert newest in self.held
        assert not gone or count > self.max_entries or size > self.max_bytes
        assert not (put_out and any(map(self.is_over, self.held)))

    @rule(passing=st.integers(1, len(DIGESTS)))
    def put_many(self, passing):
        """A run of stores fills the tier."""
        for digest in DIGESTS[:passing]:
            self.put(digest, 2000, ("x",), (0.0, 2.0, 0.0, 0.0), 1.0)

    @rule(by=st.sampled_from((0.5, 1.0, 2.0)))
    def wait(self, by):
        """Time passes."""
        self.clock.advance(by)

    @rule(share=st.sampled_from((0.0, 0.01, 0.3, 0.8)))
    def divide(self, share):
        """The window gets another share, as it does after many requests."""
        self.tier._segments.divide(share)

    @rule(digest=digests)
    def drop(self, digest):
        """A drop tells whether there was an entry."""
        dropped = self.forget([digest] if digest in self.held else [])
        self.counts["dropped"] += dropped

        assert self.tier.drop(digest) is bool(dropped)

    @rule(tag=st.sampled_from("xyz"))
    def invalidate(self, tag):
        """An invalidation drops what carries the tag and nothing else."""
        found = [digest for digest, held in self.held.items() if tag in held.entry.tags]
        dropped = self.forget(found)
        self.counts["dropped"] += dropped

        assert self.tier.invalidate(tag) == dropped

    @rule()
    def clear(self):
        """A clear drops everything."""
        dropped = self.forget(list(self.held))
        self.counts["dropped"] += dropped

        assert self.tier.clear() == dropped

    @invariant()
    def figures_are_true(self):
        """The figures are those of the model after every call, and add up."""
        stats = attrs.asdict(self.tier.stats())
        size = sum(entry_bytes(digest, held.entry) for digest, held in self.held.items())

        assert stats.items() >= {**self.counts, "entries": len(self.held), "bytes": size}.items()
        assert stats["entries"] <= self.max_entries
        assert stats["bytes"] <= self.max_bytes
        assert stats["stores"] == sum(
            stats[name] for name in ("entries", "evictions", "expired", "replaced", "dropped")
        )
        assert stats["rejected"] <= stats["evictions"]

    @invariant()
    def segments_hold_every_entry_once(self):
        """Every entry is in one segment, and each segment counts its own bytes."""
        parts = self.tier._segments
        in_order = [slot.digest for slot in parts.in_order()]

        assert sorted(in_order) == sorted(self.held)
        for segment in (parts.window, parts.probation, parts.protected):
            assert segment.bytes == sum(slot.size for slot in segment.slots.values())
            assert all(slot.place == segment.place for slot in segment.slots.values())

    @invariant()
    def index_and_queue_hold_no_more_than_the_entries(self):
        """The tags are those of the entries, and what is left behind in the queue is bounded."""
        carried = {tag for held in self.held.values() for tag in held.entry.tags}

        assert len(self.tier._tags) == len(carried)
        assert len(self.tier._queue) <= 1.5 * len(self.held) + ExpiryQueue.SLACK + 1


def make_reply(content):
    """A reply with this content."""
    return CachedReply(content, Usage(), "m", "g", 0.0)


@pytest.mark.parametrize("examples", [100, pytest.param(3000, marks=pytest.mark.slow)])
def test_the_tier_does_what_its_model_does(examples):
    """Any sequence of calls leaves the tier with what its model holds."""
    run_state_machine_as_test(
        TierMachine,
        settings=settings(max_examples=examples, stateful_step_count=30, deadline=None),
    )
