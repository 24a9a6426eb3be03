"""The Redis tier keeps entries for all processes, and believes no others."""

from __future__ import annotations

import asyncio
import pickle
import random
import time

import attrs
import pytest
from ion_two_tier_cache.redis_tier import RedisTier
from ion_two_tier_cache.redis_tokens import Tokens
from msgspec.structs import replace

from ion_framework.pipeline.cache import CachedRefusal
from ion_framework.testing import VirtualClock

PREFIX = "ion:2.1:"


def keys(server, pattern="*"):
    """Names of the keys in Redis."""
    return {name.decode() for name in server.command("KEYS", pattern)}


async def test_an_entry_is_found_by_every_tier(redis_server, open_tier, make_entry, digest):
    """What one tier stores another one finds, equal to what was stored."""
    one, other = await open_tier(redis_server.url), await open_tier(redis_server.url)
    entry = make_entry()

    await one.store(digest(1), entry)
    found = await other.tier.get(digest(1), entry.tags)

    assert found.entry == entry
    assert found.tokens.known
    assert found.leased is False
    assert (await other.tier.get(digest(2), entry.tags)).entry is None
    counts = other.tier.stats().counts
    assert (counts.hits, counts.misses, counts.failures) == (1, 1, 0)
    assert counts.bytes_in == one.tier.stats().counts.bytes_out > 0


async def test_a_refusal_is_kept_as_well(redis_server, open_tier, make_entry, digest):
    """A refusal that would be repeated comes back as it was."""
    opened = await open_tier(redis_server.url)
    refusal = CachedRefusal("gemini", "blocked", "No.", 30, repeatable=True)
    entry = make_entry(body=refusal)

    await opened.store(digest(1), entry)

    assert (await opened.tier.get(digest(1), entry.tags)).entry == entry


async def test_look_ups_of_one_moment_take_one_round_trip(
    redis_server, open_tier, make_entry, digest
):
    """64 look-ups at once are one batch, in which each finds its own entry."""
    opened = await open_tier(redis_server.url)
    for number in range(64):
        await opened.store(digest(number), make_entry(f"answer {number}"))
    before = opened.tier.stats().counts.batches

    found = await asyncio.gather(
        *(opened.tier.get(digest(number), make_entry().tags) for number in range(64))
    )

    assert [one.entry.body.content for one in found] == [f"answer {n}" for n in range(64)]
    assert opened.tier.stats().counts.batches == before + 1


async def test_an_entry_ends_with_its_last_span(redis_server, open_tier, make_entry, digest):
    """Redis forgets an entry when it is gone, and before that the tier does by its own clock."""
    clock = VirtualClock(time.time())
    opened = await open_tier(redis_server.url, clock=clock)
    entry = make_entry(fresh_s=30.0, revalidate_s=20.0, on_error_s=10.0)
    found = await opened.tier.get(digest(1), entry.tags)

    assert opened.tier.put(digest(1), entry, found.tokens)
    await asyncio.sleep(0.2)

    left_ms = redis_server.command("PTTL", f"{PREFIX}e:{digest(1)}")
    assert 50_000 < left_ms <= 60_000
    clock.advance(61)
    assert (await opened.tier.get(digest(1), entry.tags)).entry is None
    assert opened.tier.put(digest(2), entry, found.tokens) is False


async def test_names_in_redis_tell_nothing(redis_server, open_tier, make_entry, digest):
    """Keys are named by namespace, version, digest and quoted tag, and all of them end."""
    opened = await open_tier(redis_server.url, namespace="mine")
    await opened.store(digest(1), make_entry(tags=("tenant:a b",)))

    names = keys(redis_server)

    assert names == {
        f"mine:2.1:e:{digest(1)}",
        "mine:2.1:t:*",
        "mine:2.1:t:tenant%3Aa%20b",
    }
    assert all(redis_server.command("PTTL", name) > 0 for name in names)


@pytest.mark.parametrize(
    "changes",
    [
        {"body": CachedRefusal("gemini", "busy", "Later.", repeatable=False)},
        {"fresh_s": 8 * 86400.0},
        {"made_at": 0.0},
        {"tags": ("\ud800", "x")},
    ],
)
async def test_what_is_not_to_be_kept_is_not_taken(
    redis_server, open_tier, make_entry, digest, changes
):
    """An entry that must not be kept is refused and counted, and the tier goes on."""
    opened = await open_tier(redis_server.url)
    found = await opened.tier.get(digest(1), make_entry().tags)

    assert opened.tier.put(digest(1), make_entry(**changes), found.tokens) is False
    assert opened.tier.put(digest(1), make_entry(), Tokens.unknown) is False
    assert opened.tier.stats().counts.dropped == 2
    assert opened.tier.put(digest(1), make_entry(), found.tokens) is True


async def test_sizes_are_bounded(redis_server, open_tier, make_entry, digest):
    """What is too large is not stored, and not read where another has stored it."""
    small = await open_tier(redis_server.url, max_value_bytes=2000)
    large = await open_tier(redis_server.url)
    entry = make_entry("x" * 3000)
    await large.store(digest(1), entry)
    found = await small.tier.get(digest(1), entry.tags)

    assert found.entry is None
    assert small.tier.put(digest(2), entry, found.tokens) is False
    assert small.tier.stats().counts.hostile == 1


async def test_hostile_bytes_are_misses(redis_server, open_tier, make_entry, digest, until):
    """Whatever somebody writes under an entry's key is a miss, is counted, and is removed."""
    opened = await open_tier(redis_server.url)
    entry = make_entry()
    await opened.store(digest("good"), entry)
    sealed = redis_server.command("GET", f"{PREFIX}e:{digest('good')}")
    chance = random.Random(5)  # noqa: S311  the same in every run
    hostile = [
        b"",
        b"\x00" * 10_000_000,
        pickle.dumps({"a": 1}),
        sealed,
        sealed[:-1],
        sealed.replace(b"an answer", b"an insult"),
        *(chance.randbytes(chance.randint(1, 500)) for _ in range(50)),
    ]
    for number, data in enumerate(hostile):
        redis_server.command("SET", f"{PREFIX}e:{digest(number)}", data, timeout_s=20)

    for number in range(len(hostile)):
        assert (await opened.tier.get(digest(number), entry.tags)).entry is None

    assert opened.tier.stats().counts.hostile == len(hostile)
    await until(lambda: keys(redis_server, f"{PREFIX}e:*") == {f"{PREFIX}e:{digest('good')}"})


async def test_keys_of_another_type_are_misses(redis_server, open_tier, make_entry, digest):
    """A list under the key of an entry, a lease or a token raises nothing."""
    for name in (f"e:{digest(1)}", f"l:{digest(1)}", "t:*"):
        redis_server.command("RPUSH", PREFIX + name, "x")
    opened = await open_tier(redis_server.url)

    found = await opened.tier.get(digest(1), make_entry().tags)

    assert found.entry is None
    assert found.tokens is Tokens.unknown


async def test_an_answer_begun_before_an_invalidation_is_never_served(
    redis_server, open_tier, make_entry, digest
):
    """An entry with the tokens of before is stored and yet not found, by any tier."""
    one, other = await open_tier(redis_server.url), await open_tier(redis_server.url)
    entry = make_entry()
    begun = await one.tier.get(digest(1), entry.tags)

    assert await other.tier.invalidate("tenant:a") == 0
    assert one.tier.put(digest(1), entry, begun.tokens)
    await asyncio.sleep(0.2)

    assert redis_server.command("EXISTS", f"{PREFIX}e:{digest(1)}") == 1
    for opened in (one, other):
        assert (await opened.tier.get(digest(1), entry.tags)).entry is None
    await one.store(digest(1), entry)
    assert (await other.tier.get(digest(1), entry.tags)).entry == entry


async def test_a_lost_token_makes_invalid(redis_server, open_tier, make_entry, digest):
    """Entries whose token Redis evicted are not believed again, also not after an invalidation."""
    opened = await open_tier(redis_server.url)
    entry = make_entry()
    begun = await opened.tier.get(digest(1), entry.tags)
    await opened.tier.invalidate("tenant:a")
    redis_server.command("DEL", f"{PREFIX}t:tenant%3Aa")
    assert opened.tier.put(digest(1), entry, begun.tokens)
    await asyncio.sleep(0.2)

    assert (await opened.tier.get(digest(1), entry.tags)).entry is None


async def test_an_entry_can_be_asked_for_with_other_tags(
    redis_server, open_tier, make_entry, digest
):
    """An entry is found, and invalidated, by its own tags, whatever tags the look-up names."""
    opened = await open_tier(redis_server.url)
    await opened.store(digest(1), make_entry(tags=("routing:a",)))

    assert (await opened.tier.get(digest(1), ("routing:b",))).entry is not None
    assert await opened.tier.invalidate("routing:b") == 0
    assert (await opened.tier.get(digest(1), ("routing:b",))).entry is not None
    assert await opened.tier.invalidate("routing:a") == 1
    assert (await opened.tier.get(digest(1), ("routing:b",))).entry is None


async def test_invalidating_removes_what_carries_the_tag(
    redis_server, open_tier, make_entry, digest
):
    """An invalidation removes and counts the entries with the tag, and no others."""
    opened = await open_tier(redis_server.url)
    for number in range(30):
        await opened.store(digest(number), make_entry(tags=(f"tenant:{number % 3}", "all")))

    assert await opened.tier.invalidate("tenant:1") == 10

    left = {f"{PREFIX}e:{digest(number)}" for number in range(30) if number % 3 != 1}
    assert keys(redis_server, f"{PREFIX}e:*") == left
    assert await opened.tier.clear() == 20
    assert keys(redis_server, f"{PREFIX}e:*") == set()


async def test_nothing_of_others_is_touched(redis_server, open_tier, make_entry, digest):
    """Clearing leaves 20,000 foreign keys and another namespace alone, and flushes nothing."""
    lua = "for i = 1, 20000 do redis.call('SET', ARGV[1] .. i, i) end"
    redis_server.command("EVAL", lua, "0", "ion:2.1:elsewhere:", timeout_s=30)
    mine = await open_tier(redis_server.url)
    other = await open_tier(redis_server.url, namespace="io")
    for opened in (mine, other):
        await opened.store(digest(1), make_entry())
    redis_server.command("CONFIG", "RESETSTAT")

    assert await mine.tier.invalidate("tenant:a") == 1
    await mine.store(digest(1), make_entry())
    assert await mine.tier.clear() == 1

    assert (await other.tier.get(digest(1), make_entry().tags)).entry is not None
    called = redis_server.command("INFO", "commandstats").decode()
    assert not any(f"cmdstat_{word}:" in called for word in ("keys", "flushdb", "flushall"))
    assert len(keys(redis_server, "ion:2.1:elsewhere:*")) == 20_000


async def test_nothing_happens_before_it_is_opened(redis_server, make_entry, digest):
    """A tier that is not open, or closed again, finds nothing, keeps nothing and does no I/O."""
    from ion_two_tier_cache.redis_settings import RedisSettings

    tier = RedisTier(
        RedisSettings(redis_server.url), clock=VirtualClock(), logger=None, on_invalidate=print
    )
    assert not redis_server.command("CLIENT", "LIST").count(b"\n") > 1

    for _ in range(2):
        found = await tier.get(digest(1), ())
        assert (found.entry, found.tokens) == (None, Tokens.unknown)
        assert tier.put(digest(1), make_entry(), found.tokens) is False
        lease = await tier.acquire(digest(1))
        assert lease.is_local
        await lease.release()
        assert await tier.invalidate("x") == await tier.clear() == 0
        assert tier.coherent is False
        assert tier.stats().coherence == "down"
        await tier.close()


async def test_closing_writes_what_is_queued(redis_server, open_tier, make_entry, digest):
    """What was queued just before closing is in Redis after it, and no task is left."""
    before = asyncio.all_tasks()
    opened = await open_tier(redis_server.url)
    found = await opened.tier.get(digest(1), make_entry().tags)
    for number in range(100):
        assert opened.tier.put(digest(number), make_entry(), found.tokens)

    await opened.tier.close()

    assert len(keys(redis_server, f"{PREFIX}e:*")) == 100
    assert asyncio.all_tasks() == before


async def test_a_clock_that_is_behind_destroys_nothing(redis_server, open_tier, make_entry, digest):
    """Where the clock is 70 s behind, others' entries are misses, stay in Redis, and are logged."""
    right = await open_tier(redis_server.url)
    wrong = await open_tier(redis_server.url, clock=VirtualClock(time.time() - 70))
    entries = [make_entry(f"answer {number}") for number in range(5)]
    for number, entry in enumerate(entries):
        await right.store(digest(number), entry)

    found = [await wrong.tier.get(digest(number), make_entry().tags) for number in range(5)]
    await asyncio.sleep(0.2)

    assert [one.entry for one in found] == [None] * 5
    assert all(one.tokens.known for one in found)
    counts = wrong.tier.stats().counts
    assert (counts.skewed, counts.hostile, counts.misses) == (5, 0, 5)
    assert wrong.log.events("warning") == ["redis_clocks_differ"]
    kept = [await right.tier.get(digest(number), make_entry().tags) for number in range(5)]
    assert [one.entry for one in kept] == entries


async def test_tokens_live_on_while_entries_are_written(
    redis_server, open_tier, make_entry, digest
):
    """Writing keeps the tokens of its tags alive, as they were, for longer than they would live."""
    opened = await open_tier(redis_server.url, longest_life_s=1.0)
    entry = make_entry(fresh_s=0.5, revalidate_s=0.0, on_error_s=0.0)
    names = [f"{PREFIX}t:{name}" for name in ("*", "persona%3Alua", "tenant%3Aa")]
    await opened.store(digest(0), entry)
    tokens = [redis_server.command("GET", name) for name in names]

    for number in range(1, 16):
        await asyncio.sleep(0.2)
        await opened.store(digest(number), replace(entry, made_at=time.time()))

    assert [redis_server.command("GET", name) for name in names] == tokens
    assert all(redis_server.command("PTTL", name) > 1000 for name in names)
    stats = redis_server.command("INFO", "commandstats").decode()
    assert 3 * 3 <= int(stats.split("cmdstat_pexpire:calls=")[1].split(",")[0]) <= 3 * 10


async def test_an_invalidation_has_two_steps(redis_server, open_tier, make_entry, digest):
    """After the first step nobody finds an entry; the second removes it and counts it."""
    one, other = await open_tier(redis_server.url), await open_tier(redis_server.url)
    await one.store(digest(1), make_entry())

    assert await one.tier.tell("tenant:a") is True
    assert keys(redis_server, f"{PREFIX}e:*") == {f"{PREFIX}e:{digest(1)}"}
    assert await one.tier.sweep("tenant:a") == 1
    assert (await other.tier.get(digest(1), make_entry().tags)).entry is None
    await one.store(digest(1), make_entry())
    assert await one.tier.tell(None) is True
    assert await one.tier.sweep(None) == 1
    await asyncio.to_thread(redis_server.kill)
    assert await one.tier.tell("tenant:a") is False
    assert await one.tier.sweep("tenant:a") == 0


async def test_the_figures_can_be_told(redis_server, open_tier):
    """All figures can be taken apart into plain values."""
    opened = await open_tier(redis_server.url)

    told = attrs.asdict(opened.tier.stats())

    assert told["counts"]["hits"] == 0
    assert told["breakers"]["answers"]["state"] == "closed"
