"""One of two workers is killed under load: what it was working on is lost, and nothing else."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from perf.reliability.light_client import light_client
from perf.reliability.offline import offline_host, port_of
from perf.reliability.open_loop import open_loop
from perf.reliability.promise import Finding, Promise, Setting
from perf.reliability.stage import HostProcess

RATE = 200.0
BACK_S = 2.0
KNOWN_S = 0.02
"""Seconds until a client knows that a connection which it keeps has ended: what it sends on it
meanwhile is in flight to nobody."""
SETTLE_S = 0.5
"""Seconds in which what piled up meanwhile is worked off."""
REFUSED = "HTTP 503"
READY_S = 20.0


async def check(setting: Setting) -> Sequence[Finding]:
    """Kill one with SIGKILL in the middle of 200 requests a second."""
    seconds = setting.seconds(10, 4)
    async with offline_host(setting, environ={"ION_WORKERS": "2"}) as host:
        victim = (await _serving(host, 2))[0]
        async with light_client(port_of(host)) as client:

            async def send(number: int) -> str:
                said = await client.post("/api/v2/process", {"user_input": f"Why is {number} so?"})
                return "" if said.status == 200 else f"HTTP {said.status}"  # noqa: PLR2004  the status of an answer

            began = time.perf_counter()
            load_task = asyncio.create_task(open_loop(send, RATE, seconds))
            await asyncio.sleep(seconds / 2)
            killed_at, asked_s = time.time(), time.perf_counter() - began
            os.kill(victim, signal.SIGKILL)
            await _gone(victim)
            killed_s = time.perf_counter() - began
            load = await load_task
        back_s = await _back_s(host, killed_at)
    lost = [shot for shot in load.shots if shot.failure]
    # What was sent before its end and had not ended at the kill is what the two worked on.
    known_s = killed_s + KNOWN_S
    flying = [s for s in load.shots if s.began_s <= known_s and s.ended_s >= asked_s]
    refused = [shot for shot in lost if shot.failure == REFUSED]
    lost = [shot for shot in lost if shot.failure != REFUSED]
    back_after_s = asked_s + back_s + SETTLE_S
    late = [shot for shot in refused if not asked_s <= shot.due_s <= back_after_s]
    foreign = [shot for shot in lost if shot.began_s > known_s]
    return [
        Finding(
            "lost requests that were sent after its end",
            "0",
            f"{len(foreign)} of {len(load.shots)} {foreign[0].failure if foreign else ''}",
            not foreign,
        ),
        Finding(
            "lost requests",
            f"<= {len(flying)}, those in flight",
            f"{len(lost)}",
            len(lost) <= len(flying),
            {"took": load.took_s()},
        ),
        Finding(
            f"requests refused for want of room but while it was away (then {len(refused)})",
            "0",
            f"{len(late)}",
            not late,
        ),
        Finding("a new worker serves", f"<= {BACK_S:g} s", f"{back_s:.2f} s", back_s <= BACK_S),
        Finding(
            "requests sent a second",
            f"{RATE:g} within 1 %",
            f"{load.sent_rate:.1f}",
            abs(load.sent_rate / RATE - 1) <= 0.01,  # noqa: PLR2004  the scorecard's rule for loads
        ),
    ]


async def _serving(host: HostProcess, number: int) -> list[int]:
    """The processes of so many workers, once they serve."""
    until = time.monotonic() + READY_S
    while time.monotonic() < until:
        lines = host.lines("worker serves")
        if len(lines) >= number:
            return [int(line["pid"]) for line in lines]
        await asyncio.sleep(0.02)
    raise TimeoutError(f"{number} workers did not serve within {READY_S:g} s")


async def _gone(pid: int) -> None:
    """Wait until the system has ended a process, which takes a moment where it is busy."""
    stat = Path(f"/proc/{pid}/stat")
    while stat.is_file() and stat.read_text("utf-8").rpartition(")")[2].split()[0] != "Z":  # noqa: ASYNC110, ASYNC240  no event stands for it, and /proc is no disk
        await asyncio.sleep(0.001)


async def _back_s(host: HostProcess, killed_at: float) -> float:
    """Seconds from the kill until its successor served, by the supervisor's log."""
    await _serving(host, 3)
    line = host.lines("worker serves")[2]
    return datetime.fromisoformat(str(line["timestamp"])).timestamp() - killed_at


PROMISE = Promise(
    number=17,
    title="one of two workers killed under 200 requests a second: only its own are lost",
    check=check,
    seconds=15,
)
