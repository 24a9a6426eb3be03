"""What one process invalidates, no other serves any longer."""

from __future__ import annotations

import asyncio
import json
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from ion_framework.testing.network.redis_server import RedisServer
from ion_framework.testing.network.tcp_proxy import TcpProxy
from ion_framework.testing.network.toxics import Timeout
from perf.reliability import child
from perf.reliability.cache_parts import OpenCache, make_key, open_cache, put
from perf.reliability.open_loop import quantile
from perf.reliability.promise import Finding, Promise, Setting

ROUNDS, AT_A_TIME = 600, 100
CUTS, WATCHED = 5, 20
OUTDATED_S, CUT_OUTDATED_S = 0.05, 5.0
ANSWER_S = 30.0
HOLES = (Timeout(direction="upstream"), Timeout(direction="downstream"))


class Peer:
    """The other process.

    Args:
        process: it.
    """

    def __init__(self, process: Process) -> None:
        self._process = process

    async def told(self, command: str) -> Any:
        """Give a command; returns the first line of its answer."""
        assert self._process.stdin is not None  # noqa: S101  it was started with pipes
        self._process.stdin.write(command.encode() + b"\n")
        await self._process.stdin.drain()
        return await self.answer()

    async def answer(self) -> Any:
        """The next line of an answer.

        Raises:
            TimeoutError: there is none within half a minute.
            ChildProcessError: the other process has ended.
        """
        assert self._process.stdout is not None  # noqa: S101  it was started with pipes
        async with asyncio.timeout(ANSWER_S):
            line = await self._process.stdout.readline()
        if not line:
            raise ChildProcessError("the other process has ended; its errors are above")
        return json.loads(line)


@asynccontextmanager
async def started(url: str) -> AsyncIterator[Peer]:
    """A peer in operation, that uses Redis at this address."""
    process = await asyncio.create_subprocess_exec(
        *child.command("peer", "--url", url), env=child.environ(), stdin=PIPE, stdout=PIPE
    )
    peer = Peer(process)
    try:
        await peer.answer()
        yield peer
    finally:
        process.kill()
        await process.wait()


async def check(setting: Setting) -> Sequence[Finding]:
    """Invalidate here what the other process holds, by a good channel and by one that is cut."""
    async with RedisServer() as redis, open_cache(redis.url) as cache:
        async with started(redis.url) as peer:
            heard = await _heard(cache, peer, setting.number(ROUNDS, 20))
        async with (
            TcpProxy("127.0.0.1", redis.port) as proxy,
            started(f"redis://127.0.0.1:{proxy.port}/0") as peer,
        ):
            cut = await _cut(cache, peer, proxy, setting.number(CUTS, 1))
    return [_told_heard(heard), _told_cut(cut)]


async def _heard(cache: OpenCache, peer: Peer, rounds: int) -> list[float]:
    """Seconds from each invalidation until the other process serves the entry no longer."""
    found: list[float] = []
    while len(found) < rounds:
        names = [f"heard-{len(found) + number}" for number in range(min(AT_A_TIME, rounds))]
        await _store(cache, {name: name for name in names})
        await peer.told(f"hold {' '.join(names)}")
        for name in names:
            await peer.told(f"watch {name}")
            found += await _outdated(cache, peer, name)
    return found


async def _cut(cache: OpenCache, peer: Peer, proxy: TcpProxy, cuts: int) -> list[float]:
    """The same while the other process's connections are black holes, for many entries a time."""
    found: list[float] = []
    for number in range(cuts):
        names = [f"cut-{number}-{index}" for index in range(WATCHED)]
        await _store(cache, dict.fromkeys(names, f"cut-{number}"))
        await peer.told("coherent")
        await peer.told(f"watch {' '.join(names)}")
        for hole in HOLES:
            await proxy.add(hole)
        found += await _outdated(cache, peer, f"cut-{number}")
        await proxy.clear()
    return found


async def _store(cache: OpenCache, tags: Mapping[str, str]) -> None:
    """Store entries, each with its tag."""
    written = cache.counts.writes
    for name, tag in tags.items():
        await put(cache.port, make_key(name, tag), f"the answer to {name}")
    await cache.written(written + len(tags))


async def _outdated(cache: OpenCache, peer: Peer, tag: str) -> list[float]:
    """Seconds for which the other process went on serving what it watches."""
    invalidated = time.monotonic()
    await cache.port.invalidate(tag)
    return [float(gone) - invalidated for gone in (await peer.answer())["gone"]]


def _told_heard(found: Sequence[float]) -> Finding:
    p50, p99 = quantile(found, 0.5), quantile(found, 0.99)
    return Finding(
        f"served by the other process after an invalidation, p99 of {len(found)}",
        f"<= {OUTDATED_S * 1000:g} ms",
        f"{p99 * 1000:.1f} ms (p50 {p50 * 1000:.1f}, longest {max(found) * 1000:.1f})",
        p99 <= OUTDATED_S,
        {"outdated": found},
    )


def _told_cut(found: Sequence[float]) -> Finding:
    return Finding(
        f"the same while its connections are cut, longest of {len(found)}",
        f"<= {CUT_OUTDATED_S:g} s",
        f"{max(found):.2f} s",
        max(found) <= CUT_OUTDATED_S,
        {"outdated, cut": found},
    )


PROMISE = Promise(
    number=6,
    title="What one process invalidates, no other serves any longer",
    check=check,
    seconds=30,
)
