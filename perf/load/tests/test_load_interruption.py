"""Runs that a signal ends: real processes, and a host that counts who still asks."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys

import pytest
from ion_load.interruption import Interruption

pytestmark = [
    pytest.mark.once,
    pytest.mark.skipif(os.name != "posix", reason="signals between processes are those of POSIX"),
]

PATIENCE_S = 60
# Whoever runs the tests in the background may have SIGINT ignored, which processes inherit.
START = (
    "import os, signal, sys\n"
    "signal.signal(signal.SIGINT, signal.SIG_DFL)\n"
    "os.execv(sys.executable, [sys.executable, '-P', '-m', 'ion_framework.cli', *sys.argv[1:]])\n"
)


@pytest.fixture
def begun(server, tmp_path):
    """Begins a run of a minute; gives its process once the host is being asked."""

    async def begin(*arguments):
        own = ("ION_", "GITHUB_", "LOCUST_")
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-c", START, "load", "run", "chat-only", "light"),
            *("--users", "4", "--spawn-rate", "4", "--duration", "60s", "--url", server.url),
            *arguments,
            cwd=tmp_path,
            env={name: value for name, value in os.environ.items() if not name.startswith(own)},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(PATIENCE_S):
            while True:
                if len(server.seen) >= 4:
                    return process
                await asyncio.sleep(0.05)

    return begin


async def is_left_alone(server):
    """Wait until nobody has a connection to the host; whether that was in time."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            if not server.connections:
                return True
            await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    "case", [(signal.SIGTERM, 143, 2), (signal.SIGINT, 130, 1)], ids=["SIGTERM", "SIGINT"]
)
async def test_a_signal_ends_locust_and_leaves_a_summary(begun, server, tmp_path, case):
    """SIGTERM and SIGINT end locust with its workers; the summary is marked, the code tells."""
    number, code, workers = case
    process = await begun("--workers", str(workers), "--json")
    process.send_signal(number)
    out, err = await asyncio.wait_for(process.communicate(), PATIENCE_S)

    assert code == process.returncode, err.decode()
    assert await is_left_alone(server)
    document = json.loads(out)
    assert (False, number.name, ["light"]) == (
        document["well"], document["interrupted"], document["not_run"]
    )  # fmt: skip
    (row,) = document["scenarios"]
    assert row["interrupted"]
    assert row["requests"] == len(server.seen) == row["answers"]["200"]
    summary = (tmp_path / "perf" / "results" / "summary_latest.md").read_text("utf-8")
    assert f"**Interrupted** by {number.name}" in summary
    assert "Not run: light." in summary


@pytest.mark.skipif(sys.platform != "linux", reason="the parent's death is told by Linux alone")
async def test_locust_does_not_outlive_a_killed_run(begun, server):
    """Where the run itself is killed, locust and its workers end, and the host is left alone."""
    process = await begun("--workers", "2")
    process.kill()
    await asyncio.wait_for(process.communicate(), PATIENCE_S)

    assert -signal.SIGKILL == process.returncode
    assert await is_left_alone(server)


def test_signals_are_taken_within_the_context_alone():
    """The first signal asks, the next one insists, and afterwards handlers are as before."""
    before = signal.getsignal(signal.SIGTERM)
    with Interruption() as stop:
        calm = (stop.asked, stop.urgent, stop.name, stop.exit_code)
        signal.raise_signal(signal.SIGTERM)
        asked = (stop.asked, stop.urgent, stop.name, stop.exit_code)
        signal.raise_signal(signal.SIGTERM)
        assert stop.urgent

    assert (False, False, None, 0) == calm
    assert (True, False, "SIGTERM", 143) == asked
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_rest_ends_with_a_signal():
    """A rest of an hour ends at the signal that comes during it."""
    pauses = []

    def pause(seconds):
        pauses.append(seconds)
        signal.raise_signal(signal.SIGTERM)

    with Interruption() as stop:
        stop.rest(3600, pause)

    assert 1 == len(pauses)
    assert pauses[0] <= 1


def test_ignored_signals_stay_ignored():
    """A signal that the process was told to ignore asks for nothing."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Interruption() as stop:
            signal.raise_signal(signal.SIGHUP)
            assert not stop.asked
    finally:
        signal.signal(signal.SIGHUP, before)
