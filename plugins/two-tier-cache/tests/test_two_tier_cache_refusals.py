"""What is never kept: refusals that may pass, answers that are not complete and first-rate."""

from __future__ import annotations

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ion_two_tier_cache.cache import TwoTierCache
from ion_two_tier_cache.memory import MemoryTier

from ion_framework.errors import FailureCause, GenerationError, NoAnswerError
from ion_framework.pipeline.cache import CachedRefusal, Miss, Refused
from ion_framework.pipeline.chunks import Finish, FinishReason, TextChunk
from ion_framework.pipeline.receipt import CacheStatus
from ion_framework.testing import (
    CacheProvider,
    ScriptedGenerator,
    VirtualClock,
    make_plugin,
    running_ion,
)
from ion_framework.testing.contracts.cache import KEY, REPLY

CODES = ("no_answer", "safety", "invalid_request", "guard_failed", "turn_failed")
BLOCKED = CachedRefusal("g", "safety", "not this", repeatable=True)


def make_cache(clock=None):
    """A cache over a memory tier."""
    clock = clock or VirtualClock()
    return TwoTierCache(MemoryTier(max_entries=100, max_bytes=1 << 20, clock=clock), clock)


@given(
    reason=st.sampled_from(FinishReason),
    degraded=st.sampled_from(("", "g failed before it spoke")),
    ttl_s=st.sampled_from((-1.0, 0.0, 600.0)),
    data=st.data(),
)
async def test_only_a_complete_first_rate_answer_is_kept(reason, degraded, ttl_s, data):
    """Whatever way a reply that is cut off, refused or degraded is handed in, it is not kept."""
    cache = make_cache()
    reply = attrs.evolve(REPLY, finish_reason=reason, degraded=degraded)
    lease = (await cache.lookup(KEY)).lease
    shared = data.draw(st.booleans())
    await (lease.share(reply) if shared else lease.store(reply, ttl_s))
    kept = reason is FinishReason.STOP and not degraded and ttl_s > 0 and not shared

    assert isinstance(await cache.lookup(KEY), Miss) is not kept


@given(code=st.sampled_from(CODES), repeatable=st.booleans(), retry_s=st.none() | st.just(5))
async def test_only_a_refusal_that_would_be_repeated_is_kept(code, repeatable, retry_s):
    """An outage, a limit or a failed guard is forgotten; what is refused for itself is not."""
    cache = make_cache()
    refusal = CachedRefusal("g", code, "no", retry_s, repeatable)
    await (await cache.lookup(KEY)).lease.refuse(refusal)
    found = await cache.lookup(KEY)

    assert found == Refused(refusal, 0.0) if repeatable else isinstance(found, Miss)


async def test_a_kept_refusal_is_served_for_half_a_minute():
    """A refusal that is kept is served with its age, for 30 seconds at most, and then forgotten."""
    clock = VirtualClock()
    cache = make_cache(clock)
    await (await cache.lookup(KEY)).lease.refuse(BLOCKED)
    clock.advance(20.0)

    assert await cache.lookup(KEY) == Refused(BLOCKED, 20.0)
    clock.advance(10.0)
    assert isinstance(await cache.lookup(KEY), Miss)
    assert cache.stats().tiers["flights"]["refusals_served"] == 1


async def test_a_kept_refusal_is_invalidated_like_an_answer():
    """The tags of a key find what was refused for it too."""
    cache = make_cache()
    await (await cache.lookup(KEY)).lease.refuse(BLOCKED)

    assert await cache.invalidate("persona:sage") == 1
    assert isinstance(await cache.lookup(KEY), Miss)


@pytest.mark.parametrize("reason", list(FinishReason))
@pytest.mark.parametrize("repeatable", [False, True])
async def test_a_turn_keeps_only_what_ended_well(reason, repeatable):
    """Through a whole turn, an answer is a hit the second time only if it ended as stop."""
    generator = ScriptedGenerator(TextChunk("an answer"), Finish(reason, repeatable=repeatable))
    async with running(generator) as ion:
        await ion.respond("hello")
        second = await ion.respond("hello")

    status = CacheStatus.HIT if reason is FinishReason.STOP else CacheStatus.MISS
    assert (second.receipt.cache.status, generator.calls) == (status, 1 if status == "hit" else 2)


@pytest.mark.parametrize("cause", list(FailureCause))
async def test_a_turn_keeps_no_failure_that_may_pass(cause):
    """A failure of the service is asked for again; one of the request itself is not."""
    generator = ScriptedGenerator(GenerationError(cause, "no"))
    async with running(generator) as ion:
        for _ in range(2):
            with pytest.raises(NoAnswerError):
                await ion.respond("hello")

    assert generator.calls == (1 if cause is FailureCause.REJECTED else 2)


async def test_a_stream_that_ends_without_an_end_is_not_kept():
    """An answer that was cut off without a word is made again."""
    generator = ScriptedGenerator(TextChunk("half an ans"))
    async with running(generator) as ion:
        await ion.respond("hello")
        await ion.respond("hello")

    assert generator.calls == 2


def running(generator):
    """An `Ion` with this generator and the cache."""
    return running_ion(
        make_plugin("gen", generator, "generator"),
        make_plugin("store", CacheProvider(make_cache()), "cache"),
    )
