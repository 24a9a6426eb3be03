"""Callers who leave before the end of their answer."""

import asyncio
from contextlib import aclosing

import attrs
import pytest

from ion_framework.pipeline import supervision
from ion_framework.pipeline.cache import Miss
from ion_framework.pipeline.chunks import Finish
from ion_framework.pipeline.events import TurnCompleted, TurnFailed
from ion_framework.pipeline.markers import hookimpl
from ion_framework.pipeline.reply import ReplyDelta
from ion_framework.testing import (
    CacheProvider,
    DictCache,
    RecordingMonitor,
    ScriptedGenerator,
    make_plugin,
    run_virtual,
    running_ion,
)

BOTH = pytest.mark.parametrize("mode", ["first", "third"])


def first_party(candidate):
    """The same plugin as one of ours, awaited directly."""
    return attrs.evolve(candidate, distribution="ion-offline")


class CountingCache(DictCache):
    """A cache that counts what becomes of its leases."""

    def __init__(self):
        super().__init__()
        self.open = 0

    async def lookup(self, key):
        """Note the call, and look up."""
        found = await super().lookup(key)
        if isinstance(found, Miss):
            self.open += 1
            return Miss(_CountedLease(self, found.lease))
        return found


class _CountedLease:
    def __init__(self, cache, inner):
        self._cache, self._inner = cache, inner
        self._done = False

    def _end(self):
        self._cache.open -= not self._done
        self._done = True

    async def store(self, reply, ttl_s):
        await self._inner.store(reply, ttl_s)
        self._end()

    async def release(self):
        self._end()


async def _leave_at_first_text(ion):
    async with aclosing(ion.stream("hello")) as events:
        async for event in events:
            if isinstance(event, ReplyDelta):
                return


async def _cancel_while_waiting(ion):
    task = asyncio.ensure_future(ion.respond("hello"))
    await asyncio.sleep(2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def _cancel_while_reading(ion):
    async def read():
        async for event in ion.stream("hello"):
            if isinstance(event, ReplyDelta):
                await asyncio.sleep(60)

    task = asyncio.ensure_future(read())
    await asyncio.sleep(2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def _time_out(ion):
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(ion.respond("hello"), 2)


class PassThrough:
    """A transformation that changes nothing."""

    @hookimpl
    async def ion_transform_stream(self, chunks):
        """Transform as the class says."""
        async for chunk in chunks:
            yield chunk


@BOTH
@pytest.mark.parametrize("transformed", [False, True])
@pytest.mark.parametrize(
    "leave", [_leave_at_first_text, _cancel_while_waiting, _cancel_while_reading, _time_out]
)
def test_a_caller_who_leaves_takes_everything_along(leave, transformed, mode):
    """Leaving early closes the generator, gives the lease back and leaves no task, every time."""

    async def main():
        generator = ScriptedGenerator(1, "one ", *((3, "more ") * 9), Finish())
        cache, monitor = CountingCache(), RecordingMonitor()
        plugins = [
            make_plugin("gen", generator, "generator"),
            make_plugin("store", CacheProvider(cache), "cache"),
            make_plugin("watch", monitor, "monitor"),
        ]
        if transformed:
            plugins.append(make_plugin("pass", PassThrough(), "extension"))
        if mode == "first":
            plugins = [first_party(plugin) for plugin in plugins]
        async with running_ion(*plugins, clock=asyncio.get_running_loop()) as ion:
            before = len(asyncio.all_tasks())
            for _ in range(5):
                await leave(ion)
            await asyncio.sleep(0.01)
            left = (len(asyncio.all_tasks()) - before, cache.open, supervision.abandoned())
            events = [type(event) for event in monitor.events]
            return generator.closed, left, events, cache.stats().entries

    closed, left, events, entries = run_virtual(main())

    assert (5, (0, 0, 0), 0) == (closed, left, entries)
    assert [TurnFailed] * 5 == [event for event in events if event in (TurnFailed, TurnCompleted)]
