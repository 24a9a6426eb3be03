"""``ion serve`` and the end: it comes whatever plugins leave behind."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ion_framework.testing import PluginPackage
from ion_framework.testing.packages import environment_with

ION = Path(sys.executable).with_name("ion")
MANIFEST = """\
name = "clingy"
summary = "Made for a test."
provides = ["extension"]
ion_api = 1
"""
CODE = """\
import asyncio, time
from ion_framework import hookimpl

async def swallow():
    while True:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            pass

async def thread():
    await asyncio.get_running_loop().run_in_executor(None, time.sleep, 60)

async def sleepy():
    try:
        yield 1
    finally:
        await asyncio.sleep(60)

KEPT = []

class Clingy:
    @hookimpl
    async def ion_startup(self):
        {start}

    @hookimpl
    async def ion_shutdown(self):
        {stop}

def plugin(context):
    return Clingy()
"""


def start(folder: Path, begin: str, end: str = "pass") -> subprocess.Popen[str]:
    """``ion serve`` with a plugin that does this at its start and its end."""
    code = CODE.replace("{start}", begin).replace("{stop}", end)
    PluginPackage(name="clingy", manifest=MANIFEST, code=code).write(folder / "packages")
    process = subprocess.Popen(
        [ION, "serve", "--port=0", "--log-format=json", "--enable=aiohttp", "--enable=clingy"],
        cwd=folder,
        env=environment_with(folder / "packages"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    notice = [process.stdout.readline() for _ in range(4)]
    assert re.search(r"http://\S+", notice[0]), process.stderr.read()
    return process


def ended(process: subprocess.Popen[str], within: float) -> tuple[int, bool, str]:
    """Exit code, whether it came in time, and what was logged."""
    began = time.monotonic()
    try:
        _, logged = process.communicate(timeout=within + 5)
    finally:
        process.kill()
    return process.returncode, time.monotonic() - began < within, logged


class TestEnd:
    """The end of the process."""

    @pytest.mark.parametrize(
        ("begin", "end"),
        [
            ("KEPT.append(asyncio.create_task(swallow()))", "pass"),
            ("KEPT.append(asyncio.create_task(thread()))", "pass"),
            ("KEPT.append(sleepy()); await anext(KEPT[0])", "pass"),
            ("pass", "time.sleep(60)"),
        ],
        ids=["swallows cancellation", "blocks a thread", "sleeping generator", "blocks the loop"],
    )
    def test_sigterm_ends_it(self, tmp_path, begin, end):
        """After SIGTERM the process ends with 0 within 8 seconds, whatever a plugin does."""
        process = start(tmp_path, begin, end)
        process.send_signal(signal.SIGTERM)
        code, in_time, logged = ended(process, 8)

        assert (code, in_time) == (0, True), logged
        assert '"event": "stopping"' in logged

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_second_signal_does_not_wait(self, tmp_path, number):
        """A second signal while the host stops ends the process at once."""
        process = start(tmp_path, "pass", "await asyncio.sleep(60)")
        process.send_signal(number)
        time.sleep(1.0)
        process.send_signal(number)
        code, in_time, logged = ended(process, 1)

        assert (code, in_time) == (128 + number, True), logged
