"""What every cache has to hold."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

import attrs

from ion_framework.manifest.model import Kind
from ion_framework.pipeline.cache import (
    CachedRefusal,
    CachedReply,
    CacheKey,
    Hit,
    Lease,
    Miss,
    Pending,
    Refused,
    Settled,
    TurnCache,
)
from ion_framework.pipeline.chunks import Usage
from ion_framework.pipeline.receipt import CacheStatus
from ion_framework.pipeline.turn import TurnRequest
from ion_framework.testing.contracts.plugin import PluginContract

KEY = CacheKey(
    tenant="t",
    principal="p",
    persona="sage",
    persona_version="1",
    prompt="sage/standard",
    prompt_version="1",
    generator="g@m",
    parameters="",
    text="hello",
    tags=("persona:sage", "tenant:t"),
)
REPLY = CachedReply("an answer", Usage(1, 2), "m", "g", 1_000_000.0)
OUTAGE = CachedRefusal("generate", "no_answer", "nobody could answer", 5)
BLOCKED = CachedRefusal("g", "safety", "the model declined", repeatable=True)

WAIT_S = 10.0
"""Seconds after which a turn that waits for another has waited in vain."""


class CacheContract(PluginContract):
    """Subclass with ``plugin = "<name>"`` to test a plugin that provides a cache."""

    kind: ClassVar[Kind | None] = Kind.CACHE

    async def fill(self, cache: TurnCache, key: CacheKey = KEY) -> None:
        """Store the reply under a key."""
        found = await cache.lookup(key)
        assert isinstance(found, Miss)
        await found.lease.store(REPLY, 600)

    async def lease_for(self, cache: TurnCache, key: CacheKey = KEY) -> Lease:
        """The lease of a look-up that must miss."""
        found = await cache.lookup(key)
        assert isinstance(found, Miss)
        return found.lease

    async def settle(self, cache: TurnCache, key: CacheKey = KEY) -> Settled:
        """What a turn gets, after waiting for another where it has to."""
        found = await cache.lookup(key)
        if isinstance(found, Pending):
            async with asyncio.timeout(WAIT_S):
                return await found.flight.wait()
        return found

    async def test_what_is_stored_is_found(self) -> None:
        """A stored answer is a hit, equal to what was stored."""
        async with self.running() as ion:
            assert ion.cache is not None
            await self.fill(ion.cache)
            found = await ion.cache.lookup(KEY)
            assert isinstance(found, Hit)
            assert found.reply == REPLY

    async def test_every_field_of_the_key_tells_apart(self) -> None:
        """A key that differs in any one field is a miss."""
        async with self.running() as ion:
            assert ion.cache is not None
            await self.fill(ion.cache)
            for field in attrs.fields(CacheKey):
                if field.name in ("tags", "schema"):
                    continue
                changes: dict[str, Any] = {field.name: "other"}
                other = attrs.evolve(KEY, **changes)
                assert isinstance(await ion.cache.lookup(other), Miss), field.name

    async def test_a_released_lease_stores_nothing(self) -> None:
        """A lease that is given back leaves a miss."""
        async with self.running() as ion:
            assert ion.cache is not None
            found = await ion.cache.lookup(KEY)
            assert isinstance(found, Miss)
            await found.lease.release()
            assert isinstance(await ion.cache.lookup(KEY), Miss)

    async def test_after_a_release_another_may_try(self) -> None:
        """Whoever asks after a lease was given back gets one that stores."""
        async with self.running() as ion:
            assert ion.cache is not None
            await (await self.lease_for(ion.cache)).release()
            await self.fill(ion.cache)
            assert isinstance(await ion.cache.lookup(KEY), Hit)

    async def test_a_lease_that_has_stored_may_be_released(self) -> None:
        """A release after a store, as in a ``finally`` clause, takes nothing away."""
        async with self.running() as ion:
            assert ion.cache is not None
            lease = await self.lease_for(ion.cache)
            await lease.store(REPLY, 600)
            await lease.release()
            assert isinstance(await ion.cache.lookup(KEY), Hit)

    async def test_what_is_shared_is_not_kept(self) -> None:
        """An answer that must not be kept is not found by whoever asks afterwards."""
        async with self.running() as ion:
            assert ion.cache is not None
            await (await self.lease_for(ion.cache)).share(attrs.evolve(REPLY, degraded="second"))
            assert isinstance(await ion.cache.lookup(KEY), Miss)

    async def test_a_refusal_that_may_pass_is_not_kept(self) -> None:
        """After an outage the next turn may try again."""
        async with self.running() as ion:
            assert ion.cache is not None
            await (await self.lease_for(ion.cache)).refuse(OUTAGE)
            assert isinstance(await ion.cache.lookup(KEY), Miss)

    async def test_a_refusal_that_would_be_repeated_is_kept_whole_or_not_at_all(self) -> None:
        """What the same request would meet again is found as it was, or not found."""
        async with self.running() as ion:
            assert ion.cache is not None
            await (await self.lease_for(ion.cache)).refuse(BLOCKED)
            found = await ion.cache.lookup(KEY)
            assert isinstance(found, Miss | Refused)
            assert isinstance(found, Miss) or found.refusal == BLOCKED

    async def test_a_reply_without_time_to_live_is_not_kept(self) -> None:
        """An answer stored for 0 seconds is not found."""
        async with self.running() as ion:
            assert ion.cache is not None
            await (await self.lease_for(ion.cache)).store(REPLY, 0)
            assert isinstance(await ion.cache.lookup(KEY), Miss)

    async def test_nobody_waits_in_vain(self) -> None:
        """Turns that ask at once all get a result, whatever becomes of the first."""
        async with self.running() as ion:
            assert ion.cache is not None
            for number, end in enumerate(("store", "share", "refuse", "release")):
                key = attrs.evolve(KEY, text=str(number))
                lease = await self.lease_for(ion.cache, key)
                others = [asyncio.create_task(self._ask(ion.cache, key)) for _ in range(10)]
                await asyncio.sleep(0)
                await self._end(lease, end)
                assert await asyncio.gather(*others)

    async def _ask(self, cache: TurnCache, key: CacheKey) -> bool:
        found = await self.settle(cache, key)
        if isinstance(found, Miss):
            await found.lease.release()
        return True

    async def _end(self, lease: Lease, end: str) -> None:
        if end == "store":
            await lease.store(REPLY, 600)
        elif end == "share":
            await lease.share(REPLY)
        elif end == "refuse":
            await lease.refuse(OUTAGE)
        else:
            await lease.release()

    async def test_invalidation_by_tag(self) -> None:
        """Invalidating a tag drops the entries that carry it, says how many, and no others."""
        other = attrs.evolve(KEY, text="other", tags=("persona:other",))
        async with self.running() as ion:
            assert ion.cache is not None
            await self.fill(ion.cache)
            await self.fill(ion.cache, other)
            assert await ion.cache.invalidate("persona:sage") == 1
            assert isinstance(await ion.cache.lookup(KEY), Miss)
            assert isinstance(await ion.cache.lookup(other), Hit)

    async def test_clear_drops_everything(self) -> None:
        """After clear, nothing is found and the statistics hold no entry."""
        async with self.running() as ion:
            assert ion.cache is not None
            await self.fill(ion.cache)
            assert await ion.cache.clear() == 1
            assert ion.cache.stats().entries == 0

    async def test_the_statistics_are_true(self) -> None:
        """A miss and a hit are counted as such, and the entry and its bytes are seen."""
        async with self.running() as ion:
            assert ion.cache is not None
            await self.fill(ion.cache)
            await ion.cache.lookup(KEY)
            stats = ion.cache.stats()
            assert (1, 1, 1) == (stats.hits, stats.misses, stats.entries)
            assert stats.bytes > 0

    async def test_a_turn_is_a_miss_and_then_a_hit(self) -> None:
        """The same message twice is generated once, and both answers are the same."""
        async with self.running() as ion:
            first = await ion.respond("How do I read a query plan?")
            second = await ion.respond("How do I read a query plan?")
            assert first.receipt.cache.status is CacheStatus.MISS
            assert second.receipt.cache.status is CacheStatus.HIT
            assert first.content == second.content

    async def test_turns_that_ask_the_same_at_once_are_all_answered(self) -> None:
        """Twenty turns with one message at once get the same answer."""
        async with self.running() as ion:
            replies = await asyncio.gather(*(ion.respond("hello") for _ in range(20)))
            assert len({reply.content for reply in replies}) == 1

    async def test_no_caller_gets_anothers_answer(self) -> None:
        """Two principals with the same message never share an answer."""
        async with self.running() as ion:
            for principal in ("ann", "bob"):
                reply = await ion.respond(TurnRequest(text="hello", principal=principal))
                assert reply.receipt.cache.status is CacheStatus.MISS
