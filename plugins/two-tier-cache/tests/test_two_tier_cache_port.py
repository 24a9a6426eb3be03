"""The cache port: hits, misses, leases, invalidation and figures."""

from __future__ import annotations

import asyncio
import gc

import attrs
import pytest
from ion_two_tier_cache.cache import TwoTierCache
from ion_two_tier_cache.memory import MemoryTier

from ion_framework.clock import SystemClock
from ion_framework.pipeline.cache import CachedReply, CacheKey, CacheStats, Hit, Miss, TurnCache
from ion_framework.pipeline.chunks import Usage


def make_cache(max_entries=1000):
    """A cache over a memory tier on the machine's clock."""
    return TwoTierCache(
        MemoryTier(max_entries=max_entries, max_bytes=1_000_000, clock=SystemClock())
    )


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


async def test_of_two_leases_for_one_key_the_later_store_holds():
    """Two turns that missed together both store, and the later answer stays."""
    cache = make_cache()
    first, second = await lease_for(cache, make_key()), await lease_for(cache, make_key())
    await second.store(make_reply("from the second"), 60.0)
    await first.store(make_reply("from the first"), 60.0)

    assert await content_of(cache, make_key()) == "from the first"


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


async def test_a_lease_that_nobody_ends_is_forgotten():
    """The lease of a turn that was cancelled leaves nothing behind in the cache."""
    cache = make_cache()
    for number in range(100):
        await lease_for(cache, make_key(text=str(number)))
    gc.collect()

    assert len(cache._leases) == 0


async def test_the_figures_of_the_tier_stand_beside_the_totals():
    """Totals and tier agree, since the memory tier is the only one."""
    cache = make_cache(max_entries=1)
    for text in ("a", "b"):
        await (await lease_for(cache, make_key(text=text))).store(make_reply(), 60.0)
    await content_of(cache, make_key(text="b"))
    stats = cache.stats()
    tier = stats.tiers["memory"]

    assert stats == CacheStats(1, 2, 1, tier["bytes"], 1, {"memory": tier})
    assert {name: tier[name] for name in ("hits", "misses", "entries", "evictions")} == {
        "hits": 1,
        "misses": 2,
        "entries": 1,
        "evictions": 1,
    }
    assert tier["bytes"] > 0


async def test_tasks_of_one_loop_share_the_cache():
    """A thousand concurrent turns over ten keys lose no entry and no count."""
    cache = make_cache()

    async def turn(number):
        found = await cache.lookup(make_key(text=str(number % 10)))
        if isinstance(found, Miss):
            await asyncio.sleep(0)
            await found.lease.store(make_reply(str(number % 10)), 60.0)
            return True
        return found.reply.content == str(number % 10)

    assert all(await asyncio.gather(*(turn(number) for number in range(1000))))
    assert cache.stats().entries == 10
    assert cache.stats().hits + cache.stats().misses == 1000
