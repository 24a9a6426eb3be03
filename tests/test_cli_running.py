"""Running coroutines so that they always end."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time

import pytest

from ion_framework.running import BackgroundLoop, run

STUBBORN = """
import asyncio, sys
from ion_framework.running import run

async def stubborn():
    while True:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            pass

async def main():
    task = asyncio.create_task(stubborn())
    await asyncio.sleep(0)
    return "done"

print(run(main()))
"""

INTERRUPTED = """
import asyncio
from ion_framework.running import run

async def main():
    try:
        print("running", flush=True)
        await asyncio.sleep(60)
    finally:
        print("cleaned up", flush=True)

try:
    run(main())
except KeyboardInterrupt:
    print("interrupted")
"""


def _python(code: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        (sys.executable, "-P", "-c", code),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_run_returns_what_the_coroutine_returns() -> None:
    """The result of the coroutine is the result of run()."""
    assert 7 == run(asyncio.sleep(0, 7))


def test_run_raises_what_the_coroutine_raises() -> None:
    """An exception passes through."""

    async def fail() -> None:
        raise LookupError("gone")

    with pytest.raises(LookupError, match="gone"):
        run(fail())


def test_tasks_left_behind_are_cancelled() -> None:
    """A task that heeds its cancellation gets to clean up before run() returns."""
    seen = []

    async def other() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            seen.append("cleaned up")

    async def main() -> asyncio.Task[None]:
        task = asyncio.create_task(other())
        await asyncio.sleep(0)
        return task

    run(main())

    assert ["cleaned up"] == seen


def test_task_that_swallows_its_cancellation_is_named_and_left_behind() -> None:
    """A task that never ends costs two seconds and one line with its name."""
    began = time.monotonic()
    process = _python(STUBBORN)
    output, _ = process.communicate(timeout=30)

    assert 0 == process.returncode
    assert "done" in output
    assert 1 == output.count("did not end when they were cancelled")
    assert "stubborn" in output
    assert time.monotonic() - began < 10


def test_interrupt_cancels_the_coroutine() -> None:
    """Ctrl-C lets the coroutine clean up and then raises KeyboardInterrupt."""
    process = _python(INTERRUPTED)
    assert process.stdout is not None
    assert "running\n" == process.stdout.readline()
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=30)

    assert "cleaned up\ninterrupted\n" == output


def test_background_loop_keeps_tasks_alive_between_runs() -> None:
    """A task started by one run goes on while the main thread does something else."""
    ticks = []

    async def tick() -> None:
        while True:
            ticks.append(1)
            await asyncio.sleep(0.01)

    async def begin() -> asyncio.Task[None]:
        return asyncio.create_task(tick())

    with BackgroundLoop() as loop:
        task = loop.run(begin())
        deadline = time.monotonic() + 10
        while len(ticks) < 3 and time.monotonic() < deadline:
            time.sleep(0.01)

    assert len(ticks) >= 3
    assert task.cancelled()


def test_background_loop_raises_what_the_coroutine_raises() -> None:
    """An exception reaches the main thread, and the loop goes on."""

    async def fail() -> None:
        raise LookupError("gone")

    with BackgroundLoop() as loop:
        with pytest.raises(LookupError, match="gone"):
            loop.run(fail())
        assert 3 == loop.run(asyncio.sleep(0, 3))
