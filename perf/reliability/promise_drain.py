"""SIGTERM under load: nothing that was begun is dropped, and every stream is told."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Sequence

import aiohttp

from ion_framework.testing.model_servers.faults import Answer
from perf.reliability.light_client import LightClient, light_client
from perf.reliability.offline import port_of
from perf.reliability.open_loop import Load, open_loop
from perf.reliability.promise import Finding, Promise, Setting
from perf.reliability.stage import HostProcess, Stage, hot_and_new, staged
from perf.reliability.streams import LAST, Caller, Ended, hold_socket, read_stream

RATE, STREAMS, SOCKETS, LEAD_S = 200.0, 50, 50, 4.0
HOT = tuple(f"How do I read chart {number}?" for number in range(50))
NEW = 0.2
"""Share of messages that nobody ever asked before: those wait for the model, and are in flight."""
REFUSED = "refused"
MOST_REFUSED = 0.01
"""A host that refuses most of the load would have little to drop."""
BEGIN_S = 60.0
"""Seconds for all answers to begin, which nothing is promised of here."""
EXIT_S = 8.0
AWAY_CODE = 1001
WARM = 300
CONFIG = """\
[plugins]
disable = ["log"]

[limits]
streams_per_caller = 100
websockets_per_caller = 100
"""
"""All of them come from one address here; lines about their turns are no part of the promise."""
LONG = "Please explain it at length."
SLOW = Answer(chunks=("word ",) * 200, chunk_delay_s=0.1)


async def check(setting: Setting) -> Sequence[Finding]:
    """Stop a host that has 200 requests a second, 50 streams and 50 WebSockets."""
    streams, sockets = setting.number(STREAMS, 3), setting.number(SOCKETS, 4)
    lead_s = setting.seconds(LEAD_S, 2)
    async with staged(setting, config=CONFIG) as stage:
        host = stage.hosts[0]
        async with light_client(port_of(host)) as client, _callers() as session:
            await _warm(client)
            caller = Caller(session, host.url)
            stage.gemini.behave(SLOW)
            held = [asyncio.create_task(read_stream(caller, f"{LONG} {n}")) for n in range(streams)]
            # Every second one is idle, the others are in the middle of a turn.
            held += [
                asyncio.create_task(hold_socket(caller, f"{LONG} {n} ws" if n % 2 else ""))
                for n in range(sockets)
            ]
            await _begun(stage, streams + sockets // 2)
            stage.gemini.behave(Answer(first_delay_s=0.02))
            load, asked_s, took_s, code = await _stopped(client, host, lead_s, setting)
            ends = await asyncio.gather(*held)
    return _findings(load, asked_s, took_s, code, ends[:streams], ends[streams:])


async def _begun(stage: Stage, number: int) -> None:
    """Wait until so many answers have begun."""
    waiting: list[int] = []
    seen = begun = 0

    def enough() -> bool:
        """Whether there are as many; a request that has begun is not looked at again."""
        nonlocal seen, begun
        waiting.extend(range(seen, stage.gemini.arrived))
        seen = stage.gemini.arrived
        still = [each for each in waiting if not _has_begun(stage, each)]
        begun += len(waiting) - len(still)
        waiting[:] = still
        return begun >= number

    await stage.gemini.until(enough, BEGIN_S)


def _has_begun(stage: Stage, number: int) -> bool:
    found = stage.gemini.find(number)
    return found is not None and found.chunks_written > 0


def _callers() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))


async def _warm(client: LightClient) -> None:
    """Ask until the model itself answers: its client takes seconds to be made."""
    for number in range(WARM):
        said = await client.post("/api/v2/process", {"user_input": f"Warm up {number}."})
        if b"\nION-Degraded:" not in said.head and said.status == 200:  # noqa: PLR2004  the status of an answer
            return
        await asyncio.sleep(0.1)
    raise ChildProcessError("the model never answered")


async def _stopped(
    client: LightClient, host: HostProcess, lead_s: float, setting: Setting
) -> tuple[Load, float, float, int]:
    """The load, when the host was told to stop, how long that took, and its exit code."""
    messages = hot_and_new(HOT, NEW, setting)

    async def send(number: int) -> str:
        said = await client.post("/api/v2/process", {"user_input": messages[number]})
        if said.status == 200:  # noqa: PLR2004  the status of an answer
            return ""
        return REFUSED if b'"OVERLOADED"' in said.body else f"HTTP {said.status}"

    began = time.perf_counter()
    loading = asyncio.create_task(open_loop(send, RATE, lead_s + EXIT_S / 4))
    await asyncio.sleep(lead_s)
    asked = time.perf_counter()
    host.process.send_signal(signal.SIGTERM)
    try:
        code = await asyncio.to_thread(host.process.wait, 2 * EXIT_S)
    except subprocess.TimeoutExpired:
        code = -1
    return await loading, asked - began, time.perf_counter() - asked, code


def _findings(  # noqa: PLR0913, PLR0917  one figure each
    load: Load,
    asked_s: float,
    took_s: float,
    code: int,
    streams: Sequence[Ended],
    sockets: Sequence[Ended],
) -> list[Finding]:
    flying = [shot for shot in load.shots if shot.began_s < asked_s]
    refused = [shot for shot in flying if shot.failure == REFUSED]
    dropped = [shot for shot in flying if shot.failure and shot.failure != REFUSED]
    told = sum(each.last in LAST for each in streams)
    closed = sum(each.close == AWAY_CODE for each in sockets)
    ends = Counter(f"{each.last} {each.code}".strip() for each in streams)
    return [
        Finding(
            f"dropped of {len(flying)} requests that were sent before SIGTERM",
            "0",
            f"{len(dropped)} {dropped[0].failure if dropped else ''}",
            not dropped,
            {"took": load.took_s()},
        ),
        Finding(
            "refused at the door before SIGTERM, for want of room",
            f"<= {MOST_REFUSED:.0%}",
            f"{len(refused)}",
            len(refused) <= MOST_REFUSED * len(flying),
        ),
        Finding(
            "streams with a terminal event",
            f"{len(streams)} of {len(streams)}",
            f"{told}: {', '.join(f'{n} {name}' for name, n in ends.items())}",
            told == len(streams),
        ),
        Finding(
            "WebSockets closed with 1001",
            f"{len(sockets)} of {len(sockets)}",
            f"{closed}: last messages {dict(Counter(each.last for each in sockets))}",
            closed == len(sockets),
        ),
        Finding("exit", f"<= {EXIT_S:g} s", f"{took_s:.2f} s", took_s <= EXIT_S),
        Finding("exit code", "0", str(code), code == 0),
    ]


PROMISE = Promise(
    number=16,
    title="SIGTERM at 200 rps, 50 streams and 50 WebSockets: none dropped, all told, exit in 8 s",
    check=check,
    seconds=25,
)
