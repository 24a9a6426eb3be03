"""The watchdog of the event loop: who holds it is named, logged, counted and told."""

import asyncio
import time

import pytest
from structlog.testing import capture_logs

from ion_framework.ion import Ion
from ion_framework.pipeline.events import LoopHeld
from ion_framework.pipeline.markers import hookimpl
from ion_framework.plugin_host.discovery import installed
from ion_framework.settings.model import PluginSettings, Settings
from ion_framework.testing import RecordingMonitor, make_plugin, running_ion
from ion_framework.testing.packages import MANIFEST, PluginPackage
from ion_framework.watching import watched_loop

LIMIT_S = 0.1
HOLD_S = 1.0


class Blocker:
    """Blocks the loop."""

    @hookimpl
    def ion_gather_context(self):
        """Sleep as nobody should."""
        time.sleep(HOLD_S)


class AsyncBlocker:
    """Blocks the loop in a coroutine, after it has been suspended once."""

    @hookimpl
    async def ion_gather_context(self):
        """Sleep as nobody should."""
        await asyncio.sleep(0)
        time.sleep(HOLD_S)  # noqa: ASYNC251  that is what is watched for


async def _told(monitor):
    async with asyncio.timeout(5):
        while not (held := [e for e in monitor.events if isinstance(e, LoopHeld)]):  # noqa: ASYNC110  no event stands for it
            await asyncio.sleep(0.01)
    return held


async def _logged(logs):
    async with asyncio.timeout(10):
        while "the event loop was held" not in {line["event"] for line in logs}:  # noqa: ASYNC110  as above
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("target", [Blocker(), AsyncBlocker()], ids=["plain", "coroutine"])
async def test_the_plugin_that_holds_the_loop_is_named(target):
    """One line names plugin, hook, distribution and the place in the code; observers are told."""
    monitor = RecordingMonitor()
    plugins = (make_plugin("bad", target, "extension"), make_plugin("watch", monitor, "monitor"))
    with capture_logs() as logs:
        async with running_ion(*plugins) as ion:
            with watched_loop(ion, LIMIT_S):
                await asyncio.sleep(2 * LIMIT_S)
                await ion.respond("x")
                (held,) = await _told(monitor)
                known = ion.containments()["bad"]

    (line,) = [line for line in logs if line["event"] == "the event loop was held"]
    found = {key: line[key] for key in ("plugin", "hook", "distribution")}
    assert {
        "plugin": "bad",
        "hook": "ion_gather_context",
        "distribution": "(inline bad)",
    } == found
    assert "test_pipeline_loop_watch.py" in line["stack"].split(" > ")[-1]
    assert ("bad", "ion_gather_context") == (held.plugin, held.hook)
    assert HOLD_S / 2 < held.seconds
    assert 1 == known.held
    assert known.held_s == pytest.approx(held.seconds)


async def test_a_loop_that_turns_is_left_alone():
    """Nothing is told of a loop that nobody holds."""
    with capture_logs() as logs:
        async with running_ion() as ion:
            with watched_loop(ion, HOLD_S):
                for number in range(5):
                    await ion.respond(f"q{number}")
                    await asyncio.sleep(HOLD_S / 5)

    assert [] == [line for line in logs if line["event"] == "the event loop was held"]


async def test_code_of_nobody_is_told_by_its_distribution():
    """Where no plugin's code runs, the distribution of the innermost code is named."""
    with capture_logs() as logs:
        async with running_ion() as ion:
            with watched_loop(ion, LIMIT_S):
                await asyncio.sleep(2 * LIMIT_S)
                time.sleep(HOLD_S)  # noqa: ASYNC251  that is what is watched for
                await _logged(logs)

    (line,) = [line for line in logs if line["event"] == "the event loop was held"]
    assert ("", "") == (line["plugin"], line["hook"])
    assert line["distribution"]


async def test_a_task_of_a_plugins_own_is_told_by_its_folder(tmp_path, monkeypatch):
    """Code that a plugin runs in tasks of its own is known by the folder that it lies in."""
    manifest = MANIFEST.format(name="sleepy", kind="extension")
    PluginPackage(name="sleepy", manifest=manifest, code=CODE).write(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    settings = Settings(plugins=PluginSettings(enable=("sleepy",)))
    with capture_logs() as logs:
        async with Ion(settings, source=installed, environ={}) as ion:
            with watched_loop(ion, LIMIT_S):
                await _logged(logs)

    (line,) = [line for line in logs if line["event"] == "the event loop was held"]
    assert ("sleepy", "ion-test-sleepy") == (line["plugin"], line["distribution"])


CODE = f"""
import asyncio, time
from ion_framework import hookimpl

async def doze():
    await asyncio.sleep({2 * LIMIT_S})
    time.sleep({HOLD_S})

class Plugin:
    def __init__(self, context):
        pass

    @hookimpl
    async def ion_startup(self):
        self.task = asyncio.get_running_loop().create_task(doze())

plugin = Plugin
"""
