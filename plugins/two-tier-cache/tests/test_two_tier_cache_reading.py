"""What look-ups that are asked together in the tier that processes share come to."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

import attrs
from ion_two_tier_cache.cache import TwoTierCache
from ion_two_tier_cache.entry import Entry
from ion_two_tier_cache.memory import MemoryTier
from ion_two_tier_cache.redis_found import NOTHING_AT_ALL, FoundMany
from ion_two_tier_cache.redis_tokens import Tokens
from ion_two_tier_cache.remote_lease import RemoteLease
from ion_two_tier_cache.tiers import finds_many

from ion_framework.pipeline.cache import CachedRefusal, Hit, Miss, Refused
from ion_framework.testing import VirtualClock
from ion_framework.testing.contracts.cache import KEY, REPLY

KEYS = tuple(attrs.evolve(KEY, text=f"message {number}", tags=("a",)) for number in range(4))
TOKENS = Tokens(("0" * 16, "1" * 16))


@attrs.frozen
class Figures:
    """The figures: none."""


class ManyTier:
    """A tier that looks many up at once, as soon as the test lets it."""

    coherent, hearing_epoch = True, 1

    def __init__(self):
        self.entries, self.asked = {}, []
        self.gate = asyncio.Event()
        self.gate.set()

    async def open(self):
        """Nothing to open."""

    async def close(self):
        """Nothing to close."""

    async def find_many(self, questions, waited_s):
        """The entries, and no lease."""
        assert waited_s >= 0
        found = {digest: self.entries[digest] for digest, _ in questions if digest in self.entries}
        self.asked.append(len(questions))
        await self.gate.wait()
        if not self.coherent:
            return NOTHING_AT_ALL
        return FoundMany(found, {tags: TOKENS for _, tags in questions}, frozenset())

    async def acquire(self, digest):
        """A lease."""
        return RemoteLease.local(digest)

    def put(self, digest, entry, tokens, lease=None):
        """Take it."""
        assert tokens.known
        assert lease is not None
        self.entries[digest] = entry
        return True

    async def tell(self, tag):
        """Nobody else is there."""
        assert tag
        return True

    async def sweep(self, tag):
        """Nothing to remove."""
        assert tag
        return 0

    def stats(self):
        """The figures."""
        return Figures()


@asynccontextmanager
async def opened(bodies=(REPLY, REPLY, REPLY, REPLY)):
    """A cache over a tier that has an entry for each of these, and the tier."""
    clock, tier = VirtualClock(1.7e9), ManyTier()
    for key, body in zip(KEYS, bodies, strict=False):
        tier.entries[key.digest] = Entry(body, key.tags, clock.time(), 60.0, 0.0, 0.0, 0.0)
    memory = MemoryTier(max_entries=100, max_bytes=1 << 20, clock=clock)
    cache = TwoTierCache(memory, clock, make_remote=lambda _: tier)
    await cache.open()
    yield cache, tier
    await cache.close()


async def begun(cache, keys):
    """Look-ups that wait for the tier."""
    tasks = [asyncio.create_task(cache.lookup(key)) for key in keys]
    for _ in range(5):
        await asyncio.sleep(0)
    return tasks


async def test_look_ups_of_one_moment_are_one_question():
    """Look-ups that begin together are asked for at once, and memory has all of them afterwards."""
    async with opened() as (cache, tier):
        found = await asyncio.gather(*map(cache.lookup, KEYS))
        again = await asyncio.gather(*map(cache.lookup, KEYS))

    assert [type(one) for one in (*found, *again)] == [Hit] * 8
    assert tier.asked == [4]
    assert cache.stats().tiers["flights"]["fetched"] == 4
    assert cache.stats().tiers["flights"]["flights"] == 0


async def test_some_are_found_and_some_are_not():
    """Of look-ups that travel together each gets what there is for it, and the rest may lead."""
    blocked = CachedRefusal("guard", "blocked", "no", None, repeatable=True)
    async with opened((REPLY, blocked)) as (cache, tier):
        found = await asyncio.gather(*map(cache.lookup, KEYS))
        await found[2].lease.store(REPLY, 60.0)
        await found[3].lease.release()

    assert [type(one) for one in found] == [Hit, Refused, Miss, Miss]
    assert KEYS[2].digest in tier.entries
    assert cache.stats().tiers["flights"]["refusals_served"] == 1


async def test_an_invalidation_under_way_keeps_the_answer_out():
    """What was asked for before an invalidation and comes after it is neither served nor kept."""
    async with opened() as (cache, tier):
        tier.gate.clear()
        tasks = await begun(cache, KEYS)
        await cache.invalidate("a")
        tier.gate.set()
        found = await asyncio.gather(*tasks)
        entries = cache.stats().entries
        for one in found:
            await one.lease.release()

    assert [type(one) for one in found] == [Miss] * 4
    assert entries == 0


async def test_who_leaves_disturbs_nobody():
    """A caller that leaves while many are asked for takes no answer with it."""
    async with opened() as (cache, tier):
        tier.gate.clear()
        leaving, *staying = await begun(cache, KEYS)
        leaving.cancel()
        tier.gate.set()
        found = await asyncio.gather(*staying)
        again = await cache.lookup(KEYS[0])

    assert leaving.cancelled()
    assert [type(one) for one in (*found, again)] == [Hit] * 4
    assert tier.asked == [4, 1]


async def test_where_the_tier_is_out_of_order_everybody_leads():
    """Where nothing can be looked up each turn makes its answer, without a second question."""
    async with opened() as (cache, tier):
        tier.coherent = False
        found = await asyncio.gather(*map(cache.lookup, KEYS))
        for one in found:
            await one.lease.release()

    assert [type(one) for one in found] == [Miss] * 4
    assert tier.asked == [4]


async def test_who_waits_while_it_is_closed_goes_on_without():
    """A cache that is closed lets those lead who wait for the tier, and after that serves on."""
    async with opened() as (cache, tier):
        tier.gate.clear()
        tasks = await begun(cache, KEYS)
        await cache.close()
        found = await asyncio.gather(*tasks)
        for one in found:
            await one.lease.release()
        tier.gate.set()
        await cache.open()
        again = await cache.lookup(KEYS[0])

    assert [type(one) for one in found] == [Miss] * 4
    assert isinstance(again, Hit)


class Finder:
    """A tier with a method `find` of its own."""

    async def find(self, pattern):
        """Something else than a look-up of many."""


def test_another_method_is_not_taken_for_the_look_up_of_many():
    """A tier looks many up where it has `find_many`, and not for a `find` of its own."""
    assert finds_many(ManyTier())
    assert not finds_many(Finder())
