"""The figures of a host of several processes, while these are replaced."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from aiohttp import ClientError, ClientSession, TCPConnector
from ion_host_aiohttp.workers.control import Control
from ion_host_aiohttp.workers.figures import Figures
from ion_host_aiohttp.workers.messages import Heartbeat, packed
from ion_host_aiohttp.workers.process import WorkerProcess
from ion_host_aiohttp.workers.slot import Slot

from ion_framework.clock import SystemClock

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs SO_REUSEPORT and /proc")

ION = Path(sys.executable).with_name("ion")
PATIENCE_S = 30.0
ASKED = 300


@contextmanager
def serving(folder):
    """``ion serve`` with two workers; gives the supervisor and the URL that it prints."""
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [ION, "serve", "--port=0", "--workers=2", "--log-format=json", "--enable=aiohttp"],
            cwd=folder,
            env=os.environ | {"ION_RATE_LIMIT": "off", "ION_DATA_DIR": str(folder)},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    try:
        yield process, re.search(r"http://\S+", process.stdout.readline())[0]
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE_S)


async def figures(session):
    """The figures now; asked anew where the worker that was met was leaving, or just coming."""
    while True:
        with suppress(ClientError):
            async with session.get("/api/v2/figures") as response:
                told = await response.json()
                if response.status == 200 and told["processes"]:
                    return told


async def test_a_worker_that_leaves_is_counted_until_it_is_gone():
    """What a worker did is in its place's figures while it leaves, and once after its end."""
    near, far = socket.socketpair()
    process = await asyncio.create_subprocess_exec("/bin/true")
    control = await Control.over(near)
    worker = WorkerProcess(process, control, SystemClock(), lambda: None, lambda *_: None)
    slot = Slot(1, past=Figures(answered=1))
    with far:
        far.sendall(packed(Heartbeat(figures=Figures(answered=5, in_flight=2))))
        slot.leaving.append(worker)
        async with asyncio.timeout(PATIENCE_S):
            while worker.figures.answered != 5:  # noqa: ASYNC110  no event stands for it
                await asyncio.sleep(0.01)
        leaving = slot.done
    await worker.ended()
    slot.bury(worker)

    assert Figures(answered=6) == leaving == slot.done
    assert [] == slot.leaving


@pytest.mark.slow
async def test_counts_never_fall_while_processes_are_replaced(tmp_path):
    """Added up over all processes, those that leave included, the counts only grow."""
    with serving(tmp_path) as (process, url):
        async with ClientSession(url, connector=TCPConnector(force_close=True)) as session:
            for _ in range(ASKED):
                async with session.get("/") as response:
                    assert 200 == response.status
            # What other processes did is known when they have told it.
            await asyncio.sleep(2)
            told = [await figures(session)]
            process.send_signal(signal.SIGHUP)
            ends = time.monotonic() + PATIENCE_S
            while b'"workers replaced"' not in (tmp_path / "log").read_bytes():
                assert time.monotonic() < ends
                told.append(await figures(session))
                await asyncio.sleep(0.1)
            await asyncio.sleep(2)
            told.append(await figures(session))

    assert {2} == {each["processes"] for each in (told[0], told[-1])}
    assert min(each["codes"]["200"] for each in told) >= ASKED
    assert min(each["latency"]["count"] for each in told) >= ASKED
    assert told[-1]["cpu_s"] > told[0]["cpu_s"]
    assert told[-1]["memory_bytes"] < 3 * told[0]["memory_bytes"]
