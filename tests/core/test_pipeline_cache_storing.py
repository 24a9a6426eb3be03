"""What is stored, what is served, and what a cache out of order costs."""

import asyncio

import attrs
import pytest

from ion_framework.domain.language import Language
from ion_framework.domain.persona import CachePolicy, CacheScope
from ion_framework.domain.prompt import Prompt
from ion_framework.errors import TurnRefusedError
from ion_framework.pipeline.cache import Hit, Miss, Stale
from ion_framework.pipeline.cache_key import make_key
from ion_framework.pipeline.chunks import Finish, TextChunk
from ion_framework.pipeline.markers import hookimpl
from ion_framework.pipeline.receipt import CacheStatus, Outcome
from ion_framework.pipeline.reply import ReplyDelta
from ion_framework.pipeline.turn import TurnRequest
from ion_framework.plugin_host.discovery import inline
from ion_framework.settings.model import Settings
from ion_framework.testing import (
    CacheProvider,
    DictCache,
    FakeGenerator,
    VirtualClock,
    make_manifest,
    make_persona,
    make_plugin,
    make_turn,
    run_virtual,
    running_ion,
)

QUESTION = "How do I read a query plan?"


class CountedGenerator:
    """Says the number of its answer."""

    def __init__(self, model="counted-1"):
        self.model = model
        self.count = 0

    @hookimpl
    async def ion_generate(self):
        """Generate as the class says."""
        self.count += 1
        yield TextChunk(f"answer {self.count}")
        yield Finish()


SHARED = make_persona(cache=CachePolicy(CacheScope.SHARED))


def statuses(*requests, persona=None, plugins=(), cache=None):
    """What the cache did for each request in turn."""

    async def main():
        store = make_plugin("store", CacheProvider(cache or DictCache()), "cache")
        async with running_ion(store, *plugins, personas=(persona or make_persona(),)) as ion:
            return [(await ion.respond(request)).receipt.cache.status for request in requests]

    return asyncio.run(main())


def request(text=QUESTION, **changes):
    """A request with a question."""
    return TurnRequest(text=text, **changes)


def _prompt(**changes):
    return attrs.evolve(
        Prompt("sage/standard", "1", "system", (), "user", Language.ENGLISH), **changes
    )


def test_a_hit_is_served_as_it_was_sent_with_a_receipt_of_its_own():
    """A stored answer is not generated or transformed again; reading and receipt are new."""

    class Shout:
        @hookimpl
        async def ion_transform_stream(self, chunks):
            async for chunk in chunks:
                yield TextChunk(chunk.text + "!") if isinstance(chunk, TextChunk) else chunk

    async def main():
        generator = CountedGenerator()
        plugins = (
            make_plugin("gen", generator, "generator"),
            make_plugin("shout", Shout(), "extension"),
            make_plugin("store", CacheProvider(DictCache()), "cache"),
        )
        async with running_ion(*plugins, clock=VirtualClock()) as ion:
            first, second = await ion.respond(QUESTION), await ion.respond(QUESTION)
            events = [event async for event in ion.stream(QUESTION)]
            return first, second, events, generator.count

    first, second, events, count = asyncio.run(main())

    assert ("answer 1!", "answer 1!", 1) == (first.content, second.content, count)
    assert ["answer 1!"] == [event.text for event in events if isinstance(event, ReplyDelta)]
    assert first.receipt.request_id != second.receipt.request_id
    assert (CacheStatus.MISS, True) == (first.receipt.cache.status, first.receipt.cache.stored)
    assert (CacheStatus.HIT, 0.0) == (second.receipt.cache.status, second.receipt.cache.age_s)
    assert first.receipt.cache.key == second.receipt.cache.key != ""
    assert () == second.receipt.attempts
    assert ("gen", "counted-1") == (second.generator, second.model)
    hooks = [item.hook for item in second.receipt.plugins]
    assert "ion_route" in hooks
    assert not {"ion_generate", "ion_transform_stream"} & set(hooks)


@pytest.mark.parametrize(
    ("plugins", "use_cache", "reason"),
    [
        ((), True, "no cache is active"),
        (("store",), False, "the caller asked for a fresh answer"),
    ],
)
def test_a_bypass_says_why(plugins, use_cache, reason):
    """Without a cache, or when the caller wants none, the receipt says so and nothing is stored."""

    async def main():
        cache = DictCache()
        found = [make_plugin(name, CacheProvider(cache), "cache") for name in plugins]
        async with running_ion(*found) as ion:
            await ion.respond(request(use_cache=use_cache))
            reply = await ion.respond(request(use_cache=use_cache))
        return reply.receipt.cache, cache.stats().entries

    outcome, entries = asyncio.run(main())

    assert (CacheStatus.BYPASS, reason, False, 0) == (
        outcome.status,
        outcome.reason,
        outcome.stored,
        entries,
    )


def test_a_refused_turn_stores_nothing_and_keeps_no_lease():
    """An answer that an output guard refuses is not stored, and those who wait are told."""

    class Guard:
        @hookimpl
        async def ion_transform_stream(self, chunks):
            async for chunk in chunks:
                raise ValueError("not this")
                yield chunk

    cache = TrackedCache()

    async def main():
        plugins = (
            make_plugin("g", Guard(), "guard"),
            make_plugin("c", CacheProvider(cache), "cache"),
        )
        async with running_ion(*plugins) as ion:
            with pytest.raises(TurnRefusedError):
                await ion.respond(QUESTION)

    asyncio.run(main())

    assert ["lookup", "refuse", "release"] == cache.calls


def test_standing_degradation_stores_nothing():
    """While a preferred generator is broken, every answer is second best and none is stored."""

    def broken(_):
        raise OSError("no library")

    async def main():
        plugins = (
            inline(make_manifest("wanted", "generator"), broken),
            make_plugin("spare", FakeGenerator(), "generator", fallback=True),
            make_plugin("store", CacheProvider(DictCache()), "cache"),
        )
        async with running_ion(*plugins) as ion:
            reply = await ion.respond(QUESTION)
            return reply, ion.cache.stats().entries

    reply, entries = asyncio.run(main())

    assert "the generator wanted is failed" == reply.degraded
    assert (0, "the answer is degraded") == (entries, reply.receipt.cache.reason)


def test_a_fallback_generator_alone_is_normal():
    """Where the fallback is all there is, as configured, answers are not degraded and stored."""
    plugin = make_plugin("offline", FakeGenerator(), "generator", fallback=True)

    assert ["miss", "hit"] == statuses(request(), request(), plugins=(plugin,))


class TrackedCache(DictCache):
    """Notes the calls, and does what a test says instead of one of them."""

    def __init__(self, **instead):
        super().__init__()
        self.calls = []
        self.instead = instead

    async def _do(self, name, otherwise):
        self.calls.append(name)
        if name in self.instead:
            return await self.instead[name]()
        return await otherwise()

    async def lookup(self, key):
        """Note the call, and look up."""

        async def found():
            result = await DictCache.lookup(self, key)
            return Miss(_TrackedLease(self, result.lease)) if isinstance(result, Miss) else result

        return await self._do("lookup", found)


class _TrackedLease:
    def __init__(self, cache, lease):
        self._cache, self._lease = cache, lease

    async def store(self, reply, ttl_s):
        await self._cache._do("store", lambda: self._lease.store(reply, ttl_s))

    async def share(self, reply):
        await self._cache._do("share", lambda: self._lease.share(reply))

    async def refuse(self, refusal):
        await self._cache._do("refuse", lambda: self._lease.refuse(refusal))

    async def release(self):
        await self._cache._do("release", self._lease.release)


async def _raise():
    raise ConnectionError("no route to the cache")


async def _exit():
    raise SystemExit(1)


async def _hang():
    await asyncio.sleep(3600)


async def _cancel():
    raise asyncio.CancelledError


async def _wrong():
    return "a hit, honestly"


async def _hollow():
    return Hit("text", 0.0)


OUTAGES = {
    ("lookup", "raises"): (_raise, "bypass", "raised ConnectionError: no route to the cache"),
    ("lookup", "exits"): (_exit, "bypass", "raised SystemExit"),
    ("lookup", "cancels"): (_cancel, "bypass", "raised CancelledError"),
    ("lookup", "hangs"): (_hang, "bypass", "took longer than 2 s"),
    ("lookup", "returns the wrong type"): (
        _wrong,
        "bypass",
        "returned str instead of Hit or Stale or Miss",
    ),
    ("lookup", "returns a hollow hit"): (_hollow, "bypass", "found nothing that can be served"),
    ("store", "raises"): (_raise, "miss", "raised ConnectionError: no route to the cache"),
    ("store", "hangs"): (_hang, "miss", "took longer than 2 s"),
    ("release", "raises"): (_raise, "miss", ""),
    ("release", "hangs"): (_hang, "miss", ""),
}


@pytest.mark.parametrize(
    ("call", "way", "party"),
    [(*outage, party) for outage in OUTAGES for party in ("first", "third")],
)
def test_a_cache_out_of_order_stops_no_turn(call, way, party):
    """A cache that breaks its port's promise costs at most two seconds and is named."""
    instead, status, reason = OUTAGES[call, way]

    async def main():
        loop = asyncio.get_running_loop()
        plugin = make_plugin("store", CacheProvider(TrackedCache(**{call: instead})), "cache")
        if party == "first":
            plugin = attrs.evolve(plugin, distribution="ion-two-tier-cache")
        async with running_ion(plugin, clock=loop) as ion:
            began = loop.time()
            reply = await ion.respond(QUESTION)
            return reply, loop.time() - began

    reply, took_s = run_virtual(main())

    assert f"You said: {QUESTION}" == reply.content
    assert took_s <= 2.0
    outcome = reply.receipt.cache
    assert status == outcome.status
    assert outcome.reason.startswith(f"the cache failed: {reason}" if reason else "")
    failed = [i.plugin for i in reply.receipt.plugins if i.outcome is Outcome.FAILED]
    assert ["store"] == failed


def test_a_stale_answer_is_served_as_such():
    """What the cache calls stale is served with its age and told as stale."""

    async def main():
        cache = DictCache()
        async with running_ion(make_plugin("store", CacheProvider(cache), "cache")) as ion:
            await ion.respond(QUESTION)
            ((key, kept),) = cache._entries.values()

            async def stale():
                return Stale(kept, 77.0)

        again = TrackedCache(lookup=stale)
        async with running_ion(make_plugin("store", CacheProvider(again), "cache")) as ion:
            return await ion.respond(QUESTION), key

    reply, _ = asyncio.run(main())

    assert (CacheStatus.STALE, 77.0) == (reply.receipt.cache.status, reply.receipt.cache.age_s)


def test_entries_carry_the_tags_by_which_they_are_dropped():
    """An answer is found by persona, version, tenant and resonance key."""
    turn = make_turn(tenant="t1", key="urgent-burst-problem_solving")
    key = make_key(turn, make_persona(), _prompt(), "g@m")

    expected = (
        "persona:sage",
        "version:sage@1.0",
        "tenant:t1",
        "key:urgent-burst-problem_solving",
    )
    assert expected == key.tags


def test_the_ttl_is_the_personas():
    """An answer is stored for as long as its persona's manifest says."""
    seen = []

    class Lease:
        async def store(self, reply, ttl_s):
            seen.append(ttl_s)

        async def release(self):
            """Nothing is held."""

    async def miss():
        return Miss(Lease())

    persona = make_persona(cache=CachePolicy(ttl_s=42))
    statuses(request(), persona=persona, cache=TrackedCache(lookup=miss))

    assert [42] == seen


def test_of_two_caches_the_order_decides():
    """Where two plugins provide a cache, the settings say which one serves."""
    caches = {"a": DictCache(), "b": DictCache()}

    async def main():
        plugins = [
            make_plugin(name, CacheProvider(cache), "cache") for name, cache in caches.items()
        ]
        settings = Settings(order={"ion_provide_cache": ("b", "a")})
        async with running_ion(*plugins, settings=settings) as ion:
            await ion.respond(QUESTION)
            return ion.cache

    assert caches["b"] is asyncio.run(main())
    assert [0, 1] == [cache.stats().entries for cache in caches.values()]
