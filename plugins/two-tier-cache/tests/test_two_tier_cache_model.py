"""The cache behaves as a plain dict does, whatever the order of calls."""

from __future__ import annotations

import asyncio

import attrs
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from ion_two_tier_cache.cache import TwoTierCache
from ion_two_tier_cache.memory import MemoryTier
from ion_two_tier_cache.sizes import entry_bytes

from ion_framework.pipeline.cache import CachedReply, CacheKey, Hit
from ion_framework.pipeline.chunks import Usage

MAX_ENTRIES = 2
MAX_BYTES = 1 << 20


class ManualClock:
    """A clock that the test moves."""

    def __init__(self):
        self.now = 0.0

    def monotonic(self):
        """Seconds that only the test changes."""
        return self.now

    def time(self):
        """The same as seconds of an epoch."""
        return self.now


def make_key(text, *tags):
    """A key for this text with these tags."""
    return CacheKey(
        tenant="local",
        principal="anna",
        persona="lua",
        persona_version="1",
        prompt="chat",
        prompt_version="1",
        generator="offline@1",
        parameters="{}",
        text=text,
        tags=tags,
    )


# Few keys and few instants, so that calls meet each other; halves, so that sums are exact.
KEYS = (make_key("1", "a"), make_key("2", "a", "b"), make_key("3", "b"))
keys = st.sampled_from(KEYS)
seconds = st.sampled_from((0.5, 1.0, 2.0))


@attrs.frozen
class Held:
    """What the model knows of an entry."""

    key: CacheKey
    reply: CachedReply
    stored: float
    ends: float
    serial: int


@attrs.define
class Loan:
    """A lease that the cache handed out, and whether the model takes it for good."""

    lease: object
    key: CacheKey
    good: bool = True


class CacheMachine(RuleBasedStateMachine):
    """The cache beside its model: a dict whose order is that of use."""

    def __init__(self):
        super().__init__()
        self.runner = asyncio.Runner()
        self.clock = ManualClock()
        tier = MemoryTier(max_entries=MAX_ENTRIES, max_bytes=MAX_BYTES, clock=self.clock)
        self.cache = TwoTierCache(tier)
        self.held = {}
        self.loans = []
        self.counts = dict.fromkeys(("hits", "misses", "stores", "evictions", "expired"), 0)

    def teardown(self):
        """Close the loop of this run."""
        self.runner.close()

    def fresh(self, held):
        """Whether an entry of the model is still to be served."""
        return self.clock.now < held.ends

    def forget(self, gone):
        """Drop entries from the model; returns how many were fresh."""
        fresh = sum(self.fresh(held) for held in gone)
        self.counts["expired"] += len(gone) - fresh
        for held in gone:
            del self.held[held.key.digest]
        return fresh

    @rule(key=keys)
    def look_up(self, key):
        """A look-up finds the last fresh store, with its age, or lends a lease."""
        found = self.runner.run(self.cache.lookup(key))
        held = self.held.get(key.digest)
        if held is not None and self.fresh(held):
            self.counts["hits"] += 1
            self.held[key.digest] = self.held.pop(key.digest)

            assert found == Hit(held.reply, self.clock.now - held.stored)
        else:
            self.counts["misses"] += 1
            self.forget([held] if held is not None else [])

            assert not isinstance(found, Hit)
            self.loans.append(Loan(found.lease, key))

    @precondition(lambda self: self.loans)
    @rule(data=st.data(), ttl_s=st.sampled_from((-1.0, 0.0, 0.5, 1.0, 2.0)))
    def store(self, data, ttl_s):
        """The first store of a good lease replaces what was there and makes room for itself."""
        loan = data.draw(st.sampled_from(self.loans))
        reply = CachedReply(f"reply {self.counts['stores']}", Usage(), "m", "g", self.clock.now)
        self.runner.run(loan.lease.store(reply, ttl_s))
        if loan.good and ttl_s > 0:
            self.held.pop(loan.key.digest, None)
            self.make_room()
            self.counts["stores"] += 1
            self.held[loan.key.digest] = Held(
                loan.key,
                reply,
                self.clock.now,
                self.clock.now + ttl_s,
                self.counts["stores"],
            )
        loan.good = False

    def make_room(self):
        """Put out the expired entry that ended first, else the one not used for longest."""
        if len(self.held) < MAX_ENTRIES:
            return
        passed = [held for held in self.held.values() if not self.fresh(held)]
        if passed:
            # Of two that ended together the one stored first goes first.
            self.forget([min(passed, key=lambda held: (held.ends, held.serial))])
        else:
            self.counts["evictions"] += self.forget([next(iter(self.held.values()))])

    @precondition(lambda self: self.loans)
    @rule(data=st.data())
    def release(self, data):
        """A released lease is not good any more."""
        loan = data.draw(st.sampled_from(self.loans))
        self.runner.run(loan.lease.release())
        loan.good = False

    @rule(by=seconds)
    def wait(self, by):
        """Time passes."""
        self.clock.now += by

    @rule(tag=st.sampled_from(("a", "b", "c")))
    def invalidate(self, tag):
        """An invalidation drops what carries the tag and voids the leases for it."""
        expected = self.forget([held for held in self.held.values() if tag in held.key.tags])
        for loan in self.loans:
            loan.good = loan.good and tag not in loan.key.tags

        assert self.runner.run(self.cache.invalidate(tag)) == expected

    @rule()
    def clear(self):
        """A clear drops everything and voids every lease."""
        expected = self.forget(list(self.held.values()))
        for loan in self.loans:
            loan.good = False

        assert self.runner.run(self.cache.clear()) == expected

    @invariant()
    def figures_are_true(self):
        """The figures are those of the model after every call."""
        entries = self.held.values()
        stats = self.cache.stats()

        assert stats.tiers["memory"] == {
            **self.counts,
            "entries": len(entries),
            "bytes": sum(entry_bytes(h.key.digest, h.reply, h.key.tags) for h in entries),
            "oversize": 0,
        }
        assert (stats.hits, stats.misses) == (self.counts["hits"], self.counts["misses"])


CacheMachine.TestCase.settings = settings(max_examples=200, stateful_step_count=50, deadline=None)
TestCacheAgainstModel = CacheMachine.TestCase
