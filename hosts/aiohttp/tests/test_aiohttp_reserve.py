"""The process in reserve: who takes the place of a worker that was killed, and who does not."""

from __future__ import annotations

import asyncio
import io
import json
import os
import signal
import sys

import pytest
from ion_host_aiohttp.run.addresses import bind
from ion_host_aiohttp.run.logs import make_logger
from ion_host_aiohttp.workers.backoff import Backoff
from ion_host_aiohttp.workers.office import Office
from ion_host_aiohttp.workers.reserve import Reserve
from ion_host_aiohttp.workers.supervisor import Supervisor

from ion_framework.clock import SystemClock
from ion_framework.settings.loading import CommandLine
from ion_framework.settings.model import LogSettings
from ion_framework.testing import VirtualClock

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs SO_REUSEPORT")


async def until(condition):
    """Wait until something holds."""
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110  processes are looked at from outside
            await asyncio.sleep(0.02)


def is_alive(pid):
    """Whether there is such a process."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_one_process_waits_and_is_given_once():
    """There is never more than one; whoever takes it has it, and the next one starts afresh."""
    reserve = Reserve(SystemClock())
    assert (reserve.take(), reserve.pid) == (None, None)
    reserve.fill()
    reserve.fill()
    await until(lambda: reserve.pid)
    waiting = reserve.pid
    reserve.fill()

    assert reserve.pid == waiting
    blank = reserve.take()
    assert (blank.pid, reserve.take()) == (waiting, None)
    blank.give_up()
    await blank.gone()


async def test_one_that_has_ended_is_not_given_and_not_replaced_at_once():
    """Where processes end while they wait, there is a pause before the next one, a longer each."""
    clock = VirtualClock()
    reserve = Reserve(clock, Backoff(first_s=10.0))
    reserve.fill()
    await until(lambda: reserve.pid)
    os.kill(reserve.pid, signal.SIGKILL)
    await until(lambda: not is_alive(reserve.pid))
    await asyncio.sleep(0.1)
    reserve.fill()

    assert (reserve.pid, reserve.take()) == (None, None)
    clock.advance(10.0)
    reserve.fill()
    await until(lambda: reserve.pid)
    waiting = reserve.pid
    await reserve.empty()
    assert (reserve.pid, is_alive(waiting)) == (None, False)
    await reserve.empty()


async def test_where_it_is_not_wanted_none_waits(tmp_path):
    """With the setting off, workers that serve have no process beside them."""
    log = io.StringIO()
    reserved = bind("127.0.0.1", 0, insecure=False, shared=True)
    line = CommandLine(port=0, enable=("aiohttp",), log_format="json", log_level="error")
    office = Office(line, {**os.environ, "ION_DATA_DIR": str(tmp_path)}, reserved, insecure=False)
    served = asyncio.Event()
    supervisor = Supervisor(
        1, office.desired, make_logger(log, LogSettings()), served.set, reserve=False
    )
    running = asyncio.create_task(supervisor.run())
    try:
        async with asyncio.timeout(60):
            await served.wait()
        await asyncio.sleep(0.1)
        found = supervisor.reserve.pid
    finally:
        running.cancel()
        await asyncio.wait({running}, timeout=30)
        reserved.close()

    assert found is None


async def test_it_takes_the_place_of_a_killed_worker_and_not_of_a_replaced_one(tmp_path):
    """After SIGKILL the waiting process serves; after SIGHUP a fresh one does, and a new waits."""
    log = io.StringIO()
    reserved = bind("127.0.0.1", 0, insecure=False, shared=True)
    line = CommandLine(port=0, enable=("aiohttp",), log_format="json", log_level="error")
    environ = {**os.environ, "ION_DATA_DIR": str(tmp_path)}
    office = Office(line, environ, reserved, insecure=False)
    supervisor = Supervisor(
        1, office.desired, make_logger(log, LogSettings()), announce=lambda: None
    )

    def told(event):
        found = [json.loads(each) for each in log.getvalue().splitlines()]
        return [line for line in found if line["event"] == event]

    async def waiting():
        await until(lambda: supervisor.reserve.pid)
        return supervisor.reserve.pid

    running = asyncio.create_task(supervisor.run())
    try:
        first = await waiting()
        os.kill(told("worker serves")[0]["pid"], signal.SIGKILL)
        await until(lambda: len(told("worker serves")) == 2)
        second = await waiting()
        os.kill(os.getpid(), signal.SIGHUP)
        await until(lambda: told("workers replaced"))
        third = await waiting()
        (replaced,) = told("worker replaced")
    finally:
        running.cancel()
        await asyncio.wait({running}, timeout=30)
        reserved.close()

    assert told("worker serves")[1]["pid"] == first
    assert replaced["pid"] not in {first, second, third}
    assert not any(map(is_alive, (first, second, third, replaced["pid"])))
