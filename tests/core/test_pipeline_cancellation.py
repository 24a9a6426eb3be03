"""A plugin of ours that says it was cancelled: it fails alone, and nobody takes it for the caller.

Plugins of third parties run in tasks of their own; ours are awaited directly, so that a
cancellation of theirs has to be told apart from one of the turn.
"""

import asyncio

import pytest

from ion_framework.pipeline.chunks import TextChunk
from ion_framework.pipeline.markers import hookimpl
from ion_framework.pipeline.receipt import CacheStatus, Outcome
from ion_framework.plugin_host.record import Status
from ion_framework.testing import (
    CacheProvider,
    DictCache,
    FakeGenerator,
    make_plugin,
    run_virtual,
    running_ion,
)
from tests.support.parties import BOTH, of_party

REASON = "raised CancelledError"


async def await_cancelled():
    """Wait for a future that somebody has cancelled, as a lost connection does."""
    future = asyncio.get_running_loop().create_future()
    future.cancel()
    await future


def respond(*plugins, party="first"):
    """The reply to one turn."""

    async def main():
        found = [of_party(plugin, party) for plugin in plugins]
        async with running_ion(*found, clock=asyncio.get_running_loop()) as ion:
            return await ion.respond("hello")

    return run_virtual(main())


def failures(reply):
    """Who failed, and why."""
    return {
        item.plugin: item.detail for item in reply.receipt.plugins if item.outcome is Outcome.FAILED
    }


class CutOff:
    """A generator whose connection is cancelled after some pieces, or before it gives a stream."""

    def __init__(self, *pieces):
        self._pieces = pieces

    @hookimpl
    async def ion_generate(self):
        """Some pieces, and a cancelled future."""
        for piece in self._pieces:
            yield TextChunk(piece)
        await await_cancelled()


class Unopened:
    """A generator that is cancelled before it gives a stream."""

    @hookimpl
    async def ion_generate(self):
        """A cancelled future."""
        await await_cancelled()


@BOTH
@pytest.mark.parametrize("target", [CutOff(), Unopened()], ids=["stream", "call"])
def test_a_cancelled_generator_is_followed_by_the_next(target, party):
    """A generator that awaits a cancelled future before its first word makes room for the next."""
    reply = respond(
        make_plugin("a-cut", target, "generator"),
        make_plugin("spare", FakeGenerator(), "generator", fallback=True),
        party=party,
    )

    assert ("spare", {"a-cut": REASON}) == (reply.generator, failures(reply))


@BOTH
def test_a_generator_cancelled_in_the_middle_keeps_what_it_said(party):
    """What a generator said before it was cancelled is the answer, cut short."""
    reply = respond(make_plugin("cut", CutOff("so ", "far"), "generator"), party=party)

    assert ("so far", "truncated") == (reply.content, reply.finish_reason)


@BOTH
def test_a_cancelled_transformation_is_skipped(party):
    """A transformation that awaits a cancelled future loses no text."""

    class Cut:
        @hookimpl
        async def ion_transform_stream(self, chunks):
            async for chunk in chunks:
                yield chunk
                await await_cancelled()

    reply = respond(make_plugin("cut", Cut(), "extension"), party=party)

    assert ("You said: hello", {"cut": REASON}) == (reply.content, failures(reply))


@BOTH
def test_a_cancelled_lookup_is_a_failure_of_the_cache(party):
    """A cache that awaits a cancelled future is bypassed."""

    class Lost(DictCache):
        async def lookup(self, key):
            await await_cancelled()

    reply = respond(make_plugin("lost", CacheProvider(Lost()), "cache"), party=party)

    assert (CacheStatus.BYPASS, f"the cache failed: {REASON}") == (
        reply.receipt.cache.status,
        reply.receipt.cache.reason,
    )


@BOTH
def test_a_cancelled_startup_stops_no_other(party):
    """A plugin whose start is cancelled has failed, and everything else starts."""

    class Cut:
        @hookimpl
        async def ion_startup(self):
            await await_cancelled()

    async def main():
        plugin = of_party(make_plugin("cut", Cut(), "extension"), party)
        async with running_ion(plugin) as ion:
            return ion.host.record("cut"), (await ion.respond("hello")).content

    record, content = asyncio.run(main())

    assert (Status.FAILED, f"ion_startup {REASON}") == (record.status, record.reason)
    assert "You said: hello" == content


@BOTH
def test_a_cancelled_observer_hears_the_next_event(party):
    """An observer that awaits a cancelled future has failed once and is told on."""

    class Cut:
        heard = 0

        @hookimpl
        async def ion_observe(self, event):
            self.heard += 1
            await await_cancelled()

    async def main():
        target = Cut()
        plugin = of_party(make_plugin("cut", target, "monitor"), party)
        async with running_ion(plugin, clock=asyncio.get_running_loop()) as ion:
            before = target.heard
            await ion.respond("hello")
            await ion.respond("hello again")
            await asyncio.sleep(1)
            return target.heard - before, ion.observer_stats()["cut"].failed - before

    assert (2, 2) == run_virtual(main())


@BOTH
@pytest.mark.parametrize("where", ["lookup", "generate"])
def test_a_caller_who_leaves_is_still_cancelled(where, party):
    """The cancellation of the turn itself goes through plugins of ours to the caller."""
    reached = asyncio.Event()

    class Slow(DictCache):
        async def lookup(self, key):
            reached.set()
            await asyncio.sleep(3600)

    class SlowGenerator:
        @hookimpl
        async def ion_generate(self):
            reached.set()
            await asyncio.sleep(3600)
            yield TextChunk("never")

    plugin = (
        make_plugin("slow", CacheProvider(Slow()), "cache")
        if where == "lookup"
        else make_plugin("slow", SlowGenerator(), "generator")
    )

    async def main():
        clock = asyncio.get_running_loop()
        async with running_ion(of_party(plugin, party), clock=clock) as ion:
            turn = asyncio.ensure_future(ion.respond("hello"))
            await reached.wait()
            turn.cancel()
            await asyncio.wait({turn})
            return turn.cancelled(), clock.time()

    assert (True, 0.0) == run_virtual(main())
