"""Leases: whatever becomes of a turn, who waits for its entry is let go on."""

import asyncio

import pytest

from ion_framework.pipeline.cache import CachedReply, Hit, Miss
from ion_framework.pipeline.chunks import Finish, Usage
from ion_framework.pipeline.receipt import Outcome
from ion_framework.settings.model import Settings, TurnSettings
from ion_framework.testing import (
    CacheProvider,
    DictCache,
    ScriptedGenerator,
    make_plugin,
    run_virtual,
    running_ion,
)
from tests.support.parties import BOTH, of_party

DEADLINE_S = 10.0


class SlowLeaseCache(DictCache):
    """A cache whose leases take a second for everything, and note what they have done."""

    def __init__(self):
        super().__init__()
        self.done = []

    async def lookup(self, key):
        """A lease."""
        return Miss(_SlowLease(self.done))


class _SlowLease:
    def __init__(self, done):
        self._done = done

    async def store(self, reply, ttl_s):
        await asyncio.sleep(1)
        self._done.append("stored")

    async def share(self, reply):
        await asyncio.sleep(1)
        self._done.append("shared")

    async def release(self):
        await asyncio.sleep(1)
        self._done.append("released")


def ask(generator, party):
    """What the cache's lease has done after a turn, and who failed in it."""
    cache = SlowLeaseCache()

    async def main():
        plugins = (
            make_plugin("gen", generator, "generator"),
            make_plugin("store", CacheProvider(cache), "cache"),
        )
        limits = TurnSettings(deadline_s=DEADLINE_S, first_token_s=30.0, next_token_s=30.0)
        async with running_ion(
            *(of_party(plugin, party) for plugin in plugins),
            settings=Settings(turn=limits),
            clock=asyncio.get_running_loop(),
        ) as ion:
            return await ion.respond("hello")

    reply = run_virtual(main())
    failed = [
        item.plugin
        for item in reply.receipt.plugins
        if item.outcome is Outcome.FAILED and item.hook == "ion_provide_cache"
    ]
    return cache.done, failed


@BOTH
def test_a_turn_out_of_time_still_ends_its_lease(party):
    """After the turn's deadline a lease still has its own time to be shared and released."""
    done, failed = ask(ScriptedGenerator("so far", 3600, "never", Finish()), party)

    assert (["shared", "released"], []) == (done, failed)


@BOTH
@pytest.mark.parametrize("pause", [0.0, DEADLINE_S - 0.5])
def test_an_answer_in_the_last_moment_is_stored(pause, party):
    """An answer that ends just before the deadline is stored, whatever time the turn has left."""
    done, failed = ask(ScriptedGenerator(pause, "whole", Finish()), party)

    assert (["stored", "released"], []) == (done, failed)


@BOTH
@pytest.mark.parametrize(
    ("limit_s", "status", "took_s"), [(1.0, "bypass", 1.0), (5.0, "hit", 3.0), (60.0, "hit", 3.0)]
)
def test_a_lookup_may_wait_for_another_turns_answer_as_long_as_the_settings_say(
    limit_s, status, took_s, party
):
    """A cache that waits three seconds for the answer of another turn serves it within its time."""

    class Following(DictCache):
        async def lookup(self, key):
            await asyncio.sleep(3)
            return Hit(CachedReply("theirs", Usage(), "m", "gen", 0.0), 0.0)

    async def main():
        loop = asyncio.get_running_loop()
        plugin = of_party(make_plugin("store", CacheProvider(Following()), "cache"), party)
        settings = Settings(turn=TurnSettings(cache_s=limit_s))
        async with running_ion(plugin, settings=settings, clock=loop) as ion:
            return (await ion.respond("hello")).receipt.cache.status, loop.time()

    assert (status, took_s) == run_virtual(main())
