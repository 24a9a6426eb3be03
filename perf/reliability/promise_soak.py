"""Many requests and streams leave nothing behind: memory, files, tasks and threads as before.

Caches and what else is remembered within bounds fill up first, and memory is measured after that;
tasks, threads and files are counted while nobody is connected.
"""

from __future__ import annotations

import asyncio
import os
import statistics
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus

import aiohttp
import attrs

from perf.processes import resident_mb
from perf.reliability.child import command, environ
from perf.reliability.light_client import LightClient, light_client
from perf.reliability.promise import Finding, Promise, Setting
from perf.reliability.streams import PAUSE_S, Caller, read_stream

REQUESTS, STREAMS = 200_000, 2_000
WARM_REQUESTS, WARM_STREAMS = 6_000, 100
"""More than the host remembers of turns, and streams enough for every part to have been used."""

KEPT_S = 70.0
"""Seconds after which what streams have said is surely forgotten (60): until then more and more of
it is kept, up to what comes in that time."""

MOST_MB = 10.0
"""MB of resident memory in a million requests."""

MESSAGES = 50
CONNECTIONS = 8
PARTS = 20
"""Looks at the memory, in equal parts of the requests."""
STEADY_S, SETTLE_S = 1.0, 20.0
"""Seconds without a change after which nothing more is waited for, and at most."""
POLL_S = 0.1
END_S = 30.0


@attrs.frozen
class Counts:
    """What a host holds while nobody is connected.

    Attributes:
        tasks: of its event loop.
        threads: of its process.
        files: open files and connections.
    """

    tasks: int
    threads: int
    files: int


@attrs.frozen
class Soaked:
    """A host in a process of its own.

    Attributes:
        process: the process.
        port: its port.
    """

    process: Process
    port: int

    async def counts(self) -> Counts:
        """What it holds now."""
        assert self.process.stdin is not None  # noqa: S101  it was asked for
        assert self.process.stdout is not None  # noqa: S101  it was asked for
        self.process.stdin.write(b"tasks\n")
        tasks = int(await self.process.stdout.readline())
        held = [len(os.listdir(f"/proc/{self.process.pid}/{kind}")) for kind in ("task", "fd")]  # noqa: PTH208  names of files that are not looked at
        return Counts(tasks, *held)

    def resident(self) -> float:
        """MB of resident memory."""
        found = resident_mb(self.process.pid)
        assert found is not None  # noqa: S101  the counts need /proc, too
        return found


async def check(setting: Setting) -> Sequence[Finding]:
    """Fill what is bounded, count, soak, and count again."""
    requests, streams = setting.number(REQUESTS, 400), setting.number(STREAMS, 8)
    async with _host() as host:
        warmed = [await _ask(host, setting.number(WARM_REQUESTS, 400))]
        warmed.append(await _listen(host, setting.number(WARM_STREAMS, 8)))
        warmed.append(await _fill(host, setting, requests // PARTS, streams // PARTS))
        before = await _steady(host)
        held, failed = [host.resident()], list(warmed)
        for _ in range(PARTS):
            failed.append(await _ask(host, requests // PARTS))
            failed.append(await _listen(host, streams // PARTS))
            held.append(host.resident())
        after = await _steady(host)
    return [
        _answered(sum(failed), requests, streams),
        _memory(held, requests // PARTS),
        *_left(before, after),
    ]


async def _fill(host: Soaked, setting: Setting, requests: int, streams: int) -> int:
    """Soak for as long as what has ended is kept for those who come back, at the same pace.

    Args:
        host: the host.
        setting: how much of it.
        requests: requests of one turn.
        streams: streams of one turn.

    Returns:
        how many failed.
    """
    loop = asyncio.get_running_loop()
    until, failed = loop.time() + setting.seconds(KEPT_S), 0
    while loop.time() < until:
        failed += await _ask(host, requests) + await _listen(host, streams)
    return failed


def _answered(failed: int, requests: int, streams: int) -> Finding:
    what = f"failed of {requests} requests and {streams} streams, and those before them"
    return Finding(what, "0", str(failed), not failed)


def _memory(held_mb: Sequence[float], each: int) -> Finding:
    asked = [number * each / 1e6 for number in range(len(held_mb))]
    slope, _ = statistics.linear_regression(asked, held_mb)
    return Finding(
        "growth of resident memory, straight line through all looks",
        f"<= {MOST_MB:g} MB in a million requests",
        f"{slope:.1f} MB in a million ({held_mb[0]:.1f} MB before, {held_mb[-1]:.1f} after)",
        slope <= MOST_MB,
        {"resident, MB": held_mb},
    )


def _left(before: Counts, after: Counts) -> list[Finding]:
    found = []
    for field in attrs.fields(Counts):
        was, now = getattr(before, field.name), getattr(after, field.name)
        found.append(Finding(f"{field.name} after the end", f"{was}", f"{now}", now == was))
    return found


async def _steady(host: Soaked) -> Counts:
    """What the host holds once that has not changed for a while: connections take time to end."""
    loop = asyncio.get_running_loop()
    found, since = await host.counts(), loop.time()
    ends = since + SETTLE_S
    while loop.time() < min(ends, since + STEADY_S):
        await asyncio.sleep(POLL_S)
        now = await host.counts()
        if now != found:
            found, since = now, loop.time()
    return found


async def _ask(host: Soaked, number: int) -> int:
    """Ask so many times, some at once; gives how many were not answered."""
    numbers = iter(range(number))
    async with light_client(host.port) as client:
        return sum(await asyncio.gather(*(_work(client, numbers) for _ in range(CONNECTIONS))))


async def _work(client: LightClient, numbers: Iterator[int]) -> int:
    failed = 0
    for number in numbers:
        content = {"message": f"What is index {number % MESSAGES} for?"}
        said = await client.post("/chat", content)
        while said.status == HTTPStatus.SERVICE_UNAVAILABLE:
            # There was no time for it on a busy machine: whoever is refused comes again.
            await asyncio.sleep(PAUSE_S)
            said = await client.post("/chat", content)
        failed += said.status != HTTPStatus.OK
    return failed


async def _listen(host: Soaked, number: int) -> int:
    """Hear so many streams out, some at once; gives how many did not come to their end."""
    failed = 0
    async with aiohttp.ClientSession() as session:
        caller = Caller(session, f"http://127.0.0.1:{host.port}")
        for start in range(0, number, CONNECTIONS):
            texts = [
                f"What is view {at % MESSAGES} for?"
                for at in range(start, min(number, start + CONNECTIONS))
            ]
            ended = await asyncio.gather(*(read_stream(caller, text) for text in texts))
            failed += sum(each.last != "done" for each in ended)
    return failed


@asynccontextmanager
async def _host() -> AsyncIterator[Soaked]:
    process = await asyncio.create_subprocess_exec(
        *command("soak_host"), env=environ(), stdin=PIPE, stdout=PIPE
    )
    assert process.stdin is not None  # noqa: S101  it was asked for
    assert process.stdout is not None  # noqa: S101  it was asked for
    try:
        yield Soaked(process, int(await process.stdout.readline()))
    finally:
        process.stdin.close()
        try:
            async with asyncio.timeout(END_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


PROMISE = Promise(
    number=34,
    title="200,000 requests and 2,000 streams leave no memory, file, task or thread behind",
    check=check,
    seconds=400,
)
