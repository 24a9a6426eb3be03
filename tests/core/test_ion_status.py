"""What an `Ion` tells of plugins that fail, and what a failed generator means for answers."""

from __future__ import annotations

import asyncio
import time

import pytest

from ion_framework import Ion
from ion_framework.errors import IonError
from ion_framework.pipeline.events import PluginStatusChanged
from ion_framework.pipeline.markers import hookimpl
from ion_framework.plugin_host.discovery import inline
from ion_framework.plugin_host.record import Status
from ion_framework.settings.model import PluginSettings, Settings
from ion_framework.testing import (
    FakeGenerator,
    RecordingMonitor,
    make_manifest,
    make_plugin,
    run_virtual,
    running_ion,
)


class Starting:
    """A plugin whose start fails."""

    @hookimpl
    async def ion_startup(self):
        """Fail."""
        raise OSError("no library")


def broken_generator(name, **changes):
    """A generator whose factory fails."""

    def factory(_):
        raise OSError("no library")

    return inline(make_manifest(name, "generator", **changes), factory)


def test_a_monitor_hears_of_a_plugin_that_failed_to_start():
    """A monitor is told of a plugin that failed before monitors were listening."""
    monitor = RecordingMonitor()

    async def main():
        plugins = (
            make_plugin("monitor", monitor, "monitor"),
            make_plugin("starting", Starting(), "extension"),
        )
        async with running_ion(*plugins):
            await asyncio.sleep(0)

    asyncio.run(main())

    told = [(e.plugin, e.before, e.after) for e in monitor.events]
    assert [("starting", "active", "failed")] == told
    assert isinstance(monitor.events[0], PluginStatusChanged)
    assert "no library" in monitor.events[0].reason


@pytest.mark.parametrize(
    ("order", "degraded"),
    [
        (("good", "broken"), ""),
        (("broken", "good"), "the generator broken is failed"),
    ],
)
def test_only_a_preferred_generator_degrades_by_being_broken(order, degraded):
    """A broken generator degrades the answers only where it stands before the one that answers."""

    async def main():
        plugins = (broken_generator("broken"), make_plugin("good", FakeGenerator(), "generator"))
        settings = Settings(order={"ion_generate": order})
        async with running_ion(*plugins, settings=settings) as ion:
            return (await ion.respond("hello")).degraded

    assert degraded == asyncio.run(main())


def test_a_broken_fallback_degrades_nothing():
    """A fallback that is broken leaves the answers of the preferred generator as they are."""

    async def main():
        plugins = (
            broken_generator("spare", fallback=True),
            make_plugin("good", FakeGenerator(), "generator"),
        )
        async with running_ion(*plugins) as ion:
            return (await ion.respond("hello")).degraded

    assert "" == asyncio.run(main())


def test_settings_come_from_the_environment_by_default(tmp_path):
    """An `Ion` made without settings reads the environment and the file that it names."""
    file = tmp_path / "ion.toml"
    file.write_text("[server]\nport = 9001\n", "utf-8")

    ion = Ion(source=tuple, environ={"ION_HOST": "localhost", "ION_CONFIG": str(file)})

    assert (9001, "localhost") == (ion.settings.server.port, ion.settings.server.host)


def test_a_wrong_setting_stops_it(tmp_path):
    """An `Ion` made without settings refuses a file with an unknown key."""
    file = tmp_path / "ion.toml"
    file.write_text("[server]\nprot = 1\n", "utf-8")

    with pytest.raises(IonError, match=r"ion\.toml: server: unknown key prot"):
        Ion(source=tuple, environ={"ION_CONFIG": str(file)})


class Stopping:
    """A plugin that notes that it was stopped, or hangs."""

    def __init__(self, name, diary, *, hangs=False):
        self._name, self._diary, self._hangs = name, diary, hangs

    @hookimpl
    async def ion_shutdown(self):
        """Note it, or wait for ever."""
        if self._hangs:
            await asyncio.Event().wait()
        self._diary.append(self._name)


def test_stops_that_hang_share_one_budget():
    """Five plugins that hang while they are stopped cost four seconds, and the sixth is stopped."""
    diary = []

    async def main():
        loop = asyncio.get_running_loop()
        hanging = [
            make_plugin(f"h{n}", Stopping("h", diary, hangs=True), "extension") for n in range(5)
        ]
        began = 0.0
        async with running_ion(*hanging, make_plugin("a", Stopping("a", diary), "extension")):
            began = loop.time()
        return loop.time() - began

    took_s = run_virtual(main())

    assert (["a"], True) == (diary, took_s <= 4.0)


def test_a_stop_that_is_cancelled_still_stops_the_plugins():
    """Cancelling the close of an `Ion` while observers are drained does not skip ion_shutdown."""
    diary = []

    class Slow(RecordingMonitor):
        @hookimpl
        async def ion_observe(self, event):
            """Never done."""
            del event
            await asyncio.sleep(60)

    async def main():
        plugins = (
            make_plugin("slow", Slow(), "monitor"),
            make_plugin("a", Stopping("a", diary), "extension"),
        )
        async with running_ion(*plugins) as ion:
            await ion.respond("hello")
            closing = asyncio.ensure_future(ion.close())
            await asyncio.sleep(0.05)
            closing.cancel()
            await asyncio.wait({closing})

    asyncio.run(main())

    assert ["a"] == diary


def test_a_start_that_blocks_is_left_behind():
    """A plain ion_startup that blocks makes its plugin FAILED, and the others serve in time."""

    class Blocking:
        @hookimpl
        def ion_startup(self):
            """Block for much longer than the budget."""
            time.sleep(30)

    async def main():
        settings = Settings(plugins=PluginSettings(startup_budget_s=0.2))
        plugin = make_plugin("blocking", Blocking(), "extension")
        began = time.monotonic()
        async with running_ion(plugin, settings=settings) as ion:
            reply = await ion.respond("hello")
            return ion.host.record("blocking"), reply.content, time.monotonic() - began

    record, content, took_s = asyncio.run(main())

    assert (Status.FAILED, "You said: hello") == (record.status, content)
    assert "ion_startup took longer than 0.2 s" == record.reason
    assert took_s < 10
