"""What every cache has to hold."""

from __future__ import annotations

from typing import Any, ClassVar

import attrs

from ion_framework.manifest.model import Kind
from ion_framework.pipeline.cache import CachedReply, CacheKey, Hit, Miss, TurnCache
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


class CacheContract(PluginContract):
    """Subclass with ``plugin = "<name>"`` to test a plugin that provides a cache."""

    kind: ClassVar[Kind | None] = Kind.CACHE

    async def fill(self, cache: TurnCache, key: CacheKey = KEY) -> None:
        """Store the reply under a key."""
        found = await cache.lookup(key)
        assert isinstance(found, Miss)
        await found.lease.store(REPLY, 600)

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

    async def test_no_caller_gets_anothers_answer(self) -> None:
        """Two principals with the same message never share an answer."""
        async with self.running() as ion:
            for principal in ("ann", "bob"):
                reply = await ion.respond(TurnRequest(text="hello", principal=principal))
                assert reply.receipt.cache.status is CacheStatus.MISS
