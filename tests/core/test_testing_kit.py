"""The kit itself: virtual time, fakes, plugin packages, and the contracts that use them."""

import asyncio
import os
import sys
import threading
import time

import attrs
import pytest

from ion_framework import testing
from ion_framework.clock import Clock
from ion_framework.ion import Ion
from ion_framework.pipeline.cache import Hit, Miss
from ion_framework.pipeline.chunks import FinishReason, TextChunk
from ion_framework.plugin_host.record import Status
from ion_framework.testing import (
    DictCache,
    FailingGenerator,
    FakeGenerator,
    MappingSecrets,
    PluginPackage,
    RecordingMonitor,
    VirtualClock,
    VirtualTimeLoop,
    installed_on_path,
    make_ion,
    make_manifest,
    make_persona,
    make_plugin,
    make_turn,
    run_virtual,
    running_ion,
)
from ion_framework.testing.builders import standard_parts
from ion_framework.testing.contracts.cache import KEY, REPLY
from ion_framework.testing.packages import environment_with


def test_the_public_names_exist():
    """Everything that the kit lists can be imported from it, in order."""
    assert sorted(testing.__all__) == list(testing.__all__)
    assert all(hasattr(testing, name) for name in testing.__all__)


# --- time ----------------------------------------------------------------------------------------


def test_a_virtual_clock_moves_when_told(virtual_clock):
    """It stands still, moves forward by what it is told, and refuses to go back."""
    begin = virtual_clock.monotonic()
    virtual_clock.advance(90)

    assert (90, 90) == (virtual_clock.monotonic() - begin, virtual_clock.time() - begin)
    with pytest.raises(ValueError, match="a clock does not go back: -1"):
        virtual_clock.advance(-1)
    assert begin + 90 == virtual_clock.time()


def test_an_hour_of_sleep_costs_no_time():
    """In virtual time an hour passes as fast as nothing else is left to do."""
    began = time.monotonic()

    async def main():
        loop = asyncio.get_running_loop()
        start = loop.time()
        await asyncio.sleep(3600)
        return loop.time() - start

    assert run_virtual(main()) == pytest.approx(3600)
    assert time.monotonic() - began < 1.0


def test_virtual_sleepers_wake_in_order():
    """Timers fire in the order of their times, whatever order they were made in."""
    woken = []

    async def sleeper(seconds):
        await asyncio.sleep(seconds)
        woken.append((seconds, round(asyncio.get_running_loop().time(), 6)))

    async def main():
        await asyncio.gather(*(sleeper(seconds) for seconds in (30, 0.001, 86400 * 3, 5)))

    run_virtual(main())

    assert [(0.001, 0.001), (5, 5), (30, 30), (86400 * 3, 86400 * 3)] == woken


def test_a_virtual_timeout_fires_at_its_time():
    """`asyncio.timeout` goes by virtual time."""

    async def main():
        loop = asyncio.get_running_loop()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(12):
                await asyncio.Event().wait()
        return loop.time()

    assert run_virtual(main()) == pytest.approx(12)


def test_the_virtual_loop_is_a_clock():
    """The loop serves wherever a clock is asked for, and both of its times are the loop's."""
    loop = VirtualTimeLoop()
    clock: Clock = loop
    try:
        assert (0.0, 0.0) == (clock.monotonic(), clock.time())
    finally:
        loop.close()


def test_the_virtual_loop_waits_for_a_thread_without_spinning():
    """With no timer left the loop waits for the outside, and uses no processor meanwhile."""

    async def main():
        loop, done = asyncio.get_running_loop(), asyncio.Event()
        threading.Timer(0.2, lambda: loop.call_soon_threadsafe(done.set)).start()
        began = time.process_time()
        await done.wait()
        return time.process_time() - began

    assert run_virtual(main()) < 0.1


def test_an_exception_comes_out_of_virtual_time():
    """What the coroutine raises is raised to the caller."""

    async def main():
        raise LookupError("here")

    with pytest.raises(LookupError, match="here"):
        run_virtual(main())


# --- fakes ---------------------------------------------------------------------------------------


def test_the_fake_generator_says_its_pieces_and_remembers():
    """It streams what it was given, ends as told, and keeps the prompt."""

    async def main():
        generator = FakeGenerator(("one ", "{user}"), FinishReason.LENGTH, "m")
        async with running_ion(make_plugin("gen", generator, "generator")) as ion:
            reply = await ion.respond("two")
        return reply, generator.prompts

    reply, prompts = asyncio.run(main())

    assert ("one two", FinishReason.LENGTH, "m") == (
        reply.content,
        reply.finish_reason,
        reply.model,
    )
    assert ["two"] == [prompt.user for prompt in prompts]


def test_a_fake_generator_without_a_reason_is_cut_off():
    """With no reason its stream ends without a Finish."""

    async def main():
        prompt = attrs.make_class("P", {"user": attrs.field(default="x")})()
        return [chunk async for chunk in FakeGenerator(("a",), None).ion_generate(prompt)]

    assert [TextChunk("a")] == asyncio.run(main())


def test_the_failing_generator_fails_where_it_should():
    """It says its pieces, then raises what it was given."""

    async def main():
        stream = FailingGenerator(("a",), OSError("gone")).ion_generate()
        said = await anext(stream)
        with pytest.raises(OSError, match="gone"):
            await anext(stream)
        return said

    assert TextChunk("a") == asyncio.run(main())


def test_the_dict_cache_keeps_the_port():
    """A miss gives a lease, what is stored is a hit, and a tag drops it."""

    async def main():
        cache = DictCache()
        miss = await cache.lookup(KEY)
        assert isinstance(miss, Miss)
        await miss.lease.store(REPLY, 60)
        hit = await cache.lookup(KEY)
        stats = cache.stats()
        dropped = await cache.invalidate("persona:sage")
        return hit, (stats.hits, stats.misses, stats.entries, stats.bytes), dropped

    assert (Hit(REPLY, 0.0), (1, 1, 1, len(REPLY.content)), 1) == asyncio.run(main())


def test_the_small_fakes_do_what_they_say():
    """Secrets come from the mapping, and the monitor keeps events."""
    monitor = RecordingMonitor()
    monitor.ion_observe("event")

    assert (["event"], "s") == (monitor.events, MappingSecrets({"a": "s"}).get("a"))
    assert MappingSecrets({"a": "s"}).get("b") is None


# --- builders ------------------------------------------------------------------------------------


def test_an_ion_can_be_made_of_nothing():
    """Whatever is not given is filled in, and a turn is answered."""

    async def main():
        async with running_ion() as ion:
            return await ion.respond("hello")

    reply = asyncio.run(main())

    assert ("sage", "You said: hello") == (reply.persona, reply.content)


def test_what_is_given_takes_the_place_of_what_would_be_filled_in():
    """A given kind is not filled in a second time, and given personas are the only ones."""
    ion = make_ion(
        make_plugin("mine", FakeGenerator(), "generator"), personas=(make_persona("ann"),)
    )

    assert ["ann", "mine", "test-analyzer", "test-router"] == sorted(
        record.name for record in ion.plugins
    )


def test_nothing_installed_is_looked_at():
    """An Ion made for a test sees neither installed plugins nor the environment."""
    assert all(record.candidate.folder is None for record in make_ion().plugins)


def test_a_turn_is_on_its_way():
    """A made turn is analysed and routed."""
    turn = make_turn("hello", key="urgent-burst-planning", user_id="u")

    assert ("urgent-burst-planning", "sage", "u") == (
        str(turn.resonance.key),
        turn.decision.primary,
        turn.request.user_id,
    )


def test_a_manifest_takes_any_field():
    """Fields of the manifest are given by name."""
    manifest = make_manifest("x", "guard", "monitor", before=("y",))

    assert (("guard", "monitor"), ("y",)) == (tuple(manifest.provides), manifest.before)


# --- packages ------------------------------------------------------------------------------------


def test_a_persona_package_is_found_and_answers(tmp_path):
    """A written package is discovered by its entry point and serves as a data-only persona."""
    with installed_on_path(tmp_path, PluginPackage(name="quill", version="3.1")):
        ion = Ion(environ={}, source=testing.lone_source("quill", *standard_parts()))
        record = ion.host.record("quill")
        assert (Status.READY, "ion-test-quill", "3.1") == (
            record.status,
            record.distribution,
            record.version,
        )
        assert "ion_test_quill" not in sys.modules

        async def main():
            async with ion:
                return await ion.respond("hello")

        assert "quill" == asyncio.run(main()).persona


CODE = """\
from ion_framework import hookimpl

class Guard:
    @hookimpl
    def ion_guard(self, turn):
        return None

def plugin(context):
    return Guard()
"""
GUARD_MANIFEST = """\
name = "watch"
summary = "Made for a test."
provides = ["guard"]
ion_api = 1
"""


def test_a_package_with_code_is_imported_when_it_is_activated(tmp_path):
    """Code runs at activation; afterwards the process has forgotten the package."""
    package = PluginPackage(name="watch", manifest=GUARD_MANIFEST, code=CODE)
    with installed_on_path(tmp_path, package):
        ion = Ion(environ={}, source=testing.lone_source("watch", *standard_parts()))
        assert "ion_test_watch.plugin" not in sys.modules
        ion.activate()
        assert Status.ACTIVE is ion.host.record("watch").status
        assert "ion_test_watch.plugin" in sys.modules

    assert not [name for name in sys.modules if name.startswith("ion_test_watch")]
    assert str(tmp_path) not in sys.path


def test_a_package_may_lack_its_manifest_or_bring_further_files(tmp_path):
    """A package without a manifest is INVALID; further files land inside the package."""
    bare = PluginPackage(name="bare", manifest=None, files={"prompts/en.md": "hello"})
    with installed_on_path(tmp_path, bare):
        ion = Ion(environ={}, source=testing.lone_source("bare"))
        assert Status.INVALID is ion.host.record("bare").status

    assert "hello" == (tmp_path / "ion_test_bare" / "prompts" / "en.md").read_text("utf-8")


def test_the_environment_of_a_child_process_has_the_packages(tmp_path):
    """The folder goes first, before whatever the environment had."""
    known = environment_with(tmp_path, {"PYTHONPATH": "other", "HOME": "h"})

    assert {"PYTHONPATH": f"{tmp_path}{os.pathsep}other", "HOME": "h"} == known
    assert {"PYTHONPATH": str(tmp_path)} == environment_with(tmp_path, {})


def test_a_virtual_clock_serves_an_ion():
    """An Ion runs on a clock that stands still."""

    async def main():
        async with running_ion(clock=VirtualClock()) as ion:
            return await ion.respond("hello")

    assert {0.0} == {stage.duration_ms for stage in asyncio.run(main()).receipt.stages}
