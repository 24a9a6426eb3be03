"""The cache port: hits, misses, leases, invalidation and figures."""

from __future__ import annotations

import asyncio
import json
import statistics
import time

import attrs
import pytest
from ion_two_tier_cache.cache import TwoTierCache
from ion_two_tier_cache.memory import MemoryTier

from ion_framework.clock import SystemClock
from ion_framework.pipeline.cache import (
    CachedReply,
    CacheKey,
    CacheStats,
    Hit,
    Miss,
    Pending,
    TurnCache,
)
from ion_framework.pipeline.chunks import Usage


def make_cache(max_entries=1000):
    """A cache over a memory tier on the machine's clock."""
    clock = SystemClock()
    memory = MemoryTier(max_entries=max_entries, max_bytes=1_000_000, clock=clock)
    return TwoTierCache(memory, clock)


def make_key(**changes):
    """One key, with these fields changed."""
    key = CacheKey(
        tenant="local",
        principal="anna",
        persona="lua",
        persona_version="1",
        prompt="chat",
        prompt_version="1",
        generator="offline@1",
        parameters="{}",
        text="hello",
        tags=("persona:lua",),
    )
    return attrs.evolve(key, **changes)


def make_reply(content="an answer"):
    """A reply with this content."""
    return CachedReply(content, Usage(), "model", "offline", 1.7e9)


async def lease_for(cache, key):
    """The lease of a look-up that must miss."""
    found = await cache.lookup(key)
    assert isinstance(found, Miss)
    return found.lease


async def content_of(cache, key):
    """What a look-up answers, None for a miss."""
    found = await cache.lookup(key)
    return found.reply.content if isinstance(found, Hit) else None


def test_it_is_a_turn_cache():
    """The cache fulfils the core's port."""
    assert isinstance(make_cache(), TurnCache)


async def test_what_a_lease_stores_is_found():
    """A miss hands out a lease, and what it stores answers the same key from then on."""
    cache = make_cache()
    lease = await lease_for(cache, make_key())
    await lease.store(make_reply("stored"), 60.0)

    assert await content_of(cache, make_key()) == "stored"


@pytest.mark.parametrize(
    "field",
    [field.name for field in attrs.fields(CacheKey) if field.name not in ("tags", "schema")],
)
async def test_every_field_of_the_key_keeps_answers_apart(field):
    """An answer is not served for a key that differs in one field."""
    cache = make_cache()
    lease = await lease_for(cache, make_key())
    await lease.store(make_reply(), 60.0)

    assert await content_of(cache, make_key(**{field: "other"})) is None


async def test_tags_are_no_part_of_the_key():
    """A key with other tags finds the same entry, which keeps the tags it was stored with."""
    cache = make_cache()
    lease = await lease_for(cache, make_key(tags=("first",)))
    await lease.store(make_reply("shared"), 60.0)

    assert await content_of(cache, make_key(tags=("second",))) == "shared"
    assert await cache.invalidate("second") == 0
    assert await cache.invalidate("first") == 1


async def test_a_released_lease_stores_nothing():
    """A release ends the lease; a store after it does nothing."""
    cache = make_cache()
    lease = await lease_for(cache, make_key())
    await lease.release()
    await lease.store(make_reply(), 60.0)

    assert await content_of(cache, make_key()) is None


async def test_only_the_first_store_of_a_lease_counts():
    """A second store and a release after a store change nothing."""
    cache = make_cache()
    lease = await lease_for(cache, make_key())
    await lease.store(make_reply("first"), 60.0)
    await lease.store(make_reply("second"), 60.0)
    await lease.release()

    assert await content_of(cache, make_key()) == "first"


async def test_a_store_without_time_to_live_ends_the_lease():
    """A store for zero seconds stores nothing and uses the lease up."""
    cache = make_cache()
    lease = await lease_for(cache, make_key())
    await lease.store(make_reply(), 0.0)
    await lease.store(make_reply(), 60.0)

    assert await content_of(cache, make_key()) is None


async def test_an_answer_from_before_an_invalidation_is_not_stored():
    """Invalidating a tag voids the leases out for it, and no others."""
    cache = make_cache()
    lua, nana = make_key(), make_key(persona="nana", tags=("persona:nana",))
    lua_lease, nana_lease = await lease_for(cache, lua), await lease_for(cache, nana)
    await cache.invalidate("persona:lua")
    await lua_lease.store(make_reply("outdated"), 60.0)
    await nana_lease.store(make_reply("current"), 60.0)

    assert await content_of(cache, lua) is None
    assert await content_of(cache, nana) == "current"


async def test_an_answer_from_before_a_clear_is_not_stored():
    """Clearing drops every entry and voids every lease."""
    cache = make_cache()
    lease = await lease_for(cache, make_key())
    await (await lease_for(cache, make_key(text="stored"))).store(make_reply(), 60.0)

    assert await cache.clear() == 1
    await lease.store(make_reply("outdated"), 60.0)
    assert cache.stats().entries == 0


async def test_the_figures_of_the_tier_stand_beside_the_totals():
    """Totals and tier agree where every look-up went to the memory tier alone."""
    cache = make_cache(max_entries=1)
    for text in ("a", "b"):
        await (await lease_for(cache, make_key(text=text))).store(make_reply(), 60.0)
    await content_of(cache, make_key(text="b"))
    stats = cache.stats()
    tier = stats.tiers["memory"]

    assert stats == CacheStats(1, 2, 1, tier["bytes"], 1, stats.tiers)
    assert set(stats.tiers) == {"memory", "flights"}
    assert {name: tier[name] for name in ("hits", "misses", "entries", "evictions")} == {
        "hits": 1,
        "misses": 2,
        "entries": 1,
        "evictions": 1,
    }
    assert tier["bytes"] > 0


async def test_tasks_of_one_loop_share_the_cache():
    """A thousand concurrent turns over ten keys make ten answers and lose no count."""
    cache = make_cache()
    made = []

    async def turn(number):
        text = str(number % 10)
        found = await cache.lookup(make_key(text=text))
        if isinstance(found, Pending):
            found = await found.flight.wait()
        if isinstance(found, Miss):
            await asyncio.sleep(0)
            made.append(text)
            await found.lease.store(make_reply(text), 60.0)
            return True
        return found.reply.content == text

    assert all(await asyncio.gather(*(turn(number) for number in range(1000))))
    assert (len(made), cache.stats().entries) == (10, 10)
    assert (cache.stats().hits, cache.stats().misses) == (990, 10)


async def test_a_second_turn_that_misses_waits_for_the_first():
    """While a lease is out the same key is pending, and any other is a miss."""
    cache = make_cache()
    lease = await lease_for(cache, make_key())

    assert isinstance(await cache.lookup(make_key()), Pending)
    assert isinstance(await cache.lookup(make_key(text="another")), Miss)
    await lease.release()
    assert isinstance(await cache.lookup(make_key()), Miss)


async def test_every_caller_gets_the_same_bytes():
    """Nothing that a caller can do to a reply changes what the next one gets."""
    cache = make_cache()
    await (await lease_for(cache, make_key())).store(make_reply("untouched"), 60.0)
    before = json.dumps(attrs.asdict((await cache.lookup(make_key())).reply))
    for number in range(1000):
        found = await cache.lookup(make_key())
        changes = attrs.asdict(found.reply)
        changes["usage"]["input_tokens"] = number
        for field in attrs.fields(CachedReply):
            with pytest.raises(attrs.exceptions.FrozenInstanceError):
                setattr(found.reply, field.name, number)

    assert json.dumps(attrs.asdict((await cache.lookup(make_key())).reply)) == before


async def test_a_hit_costs_microseconds():
    """The median of a hit is 5 microseconds at most, or ten times that on a loaded machine."""
    cache = make_cache()
    key = make_key()
    await (await lease_for(cache, key)).store(make_reply(), 60.0)
    samples = []
    for _ in range(2000):
        began = time.perf_counter_ns()
        await cache.lookup(key)
        samples.append(time.perf_counter_ns() - began)

    assert statistics.median(samples) < 50_000
