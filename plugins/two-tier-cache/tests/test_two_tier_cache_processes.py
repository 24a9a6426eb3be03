"""Processes of their own with one Redis: a crowd that asks the same in all of them."""

from __future__ import annotations

import asyncio
import json
import signal
import sys

import pytest

from ion_framework.testing import RedisServer

pytestmark = pytest.mark.outage

WORKER = """
import asyncio, json, os, sys
import structlog
from ion_two_tier_cache.cache import TwoTierCache
from ion_two_tier_cache.memory import MemoryTier
from ion_two_tier_cache.redis_settings import RedisSettings
from ion_two_tier_cache.redis_tier import RedisTier
from ion_framework.clock import SystemClock
from ion_framework.pipeline.cache import Miss, Pending
from ion_framework.testing.contracts.cache import KEY, REPLY

url, work_s, count, lease_s = sys.argv[1], float(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
calls = 0

async def turn(cache):
    global calls
    found = await cache.lookup(KEY)
    if isinstance(found, Pending):
        found = await found.flight.wait()
    if isinstance(found, Miss):
        calls += 1
        print("calls", flush=True)
        await asyncio.sleep(work_s)
        await found.lease.store(REPLY, 600.0)
        return REPLY.content
    return found.reply.content

async def main():
    clock = SystemClock()
    memory = MemoryTier(max_entries=10, max_bytes=1 << 20, clock=clock)
    settings = RedisSettings(url=url, timeout_s=5.0, lease_s=lease_s)
    def make(on_invalidate):
        return RedisTier(settings, clock=clock, logger=structlog.get_logger(),
                         on_invalidate=on_invalidate)
    cache = TwoTierCache(memory, clock, make_remote=make)
    await cache.open()
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    told = await asyncio.gather(*(turn(cache) for _ in range(count)))
    await cache.close()
    print(json.dumps({"calls": calls, "told": sorted(set(told)), "count": len(told)}), flush=True)

asyncio.run(main())
"""

LONG_S = 60.0
"""Nothing here takes so long, on any machine."""


class Worker:
    """A process with a cache of its own, that begins when it is told to."""

    def __init__(self, process):
        self.process = process

    async def line(self):
        """Its next line."""
        async with asyncio.timeout(LONG_S):
            return (await self.process.stdout.readline()).decode().strip()

    def begin(self):
        """Let its turns begin."""
        self.process.stdin.write(b"\n")

    async def result(self):
        """What it says at its end."""
        while (line := await self.line()) == "calls":
            continue
        return json.loads(line)


@pytest.fixture
async def start():
    """Starts workers with one Redis; all are gone at the end."""
    workers = []

    async def start_worker(server, work_s, count, lease_s=5.0):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-c", WORKER, server.url),
            *(str(work_s), str(count), str(lease_s)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        workers.append(Worker(process))
        assert await workers[-1].line() == "ready"
        return workers[-1]

    yield start_worker
    for worker in workers:
        if worker.process.returncode is None:
            worker.process.kill()
        await worker.process.communicate()


async def test_four_processes_with_a_thousand_turns_make_one_answer(start):
    """Of 4 times 250 turns that miss at once few make an answer, mostly one, and all get it."""
    async with RedisServer() as server:
        workers = [await start(server, 0.5, 250) for _ in range(4)]
        for worker in workers:
            worker.begin()
        results = [await worker.result() for worker in workers]

    assert [result["told"] for result in results] == [["an answer"]] * 4
    assert sum(result["count"] for result in results) == 1000
    assert 1 <= sum(result["calls"] for result in results) <= 4


async def test_a_holder_that_is_killed_is_followed_by_one_other(start):
    """When the process that makes the answer is killed, another makes it after the lease."""
    async with RedisServer() as server:
        first = await start(server, 600.0, 10, lease_s=1.0)
        others = [await start(server, 0.2, 100, lease_s=1.0) for _ in range(2)]
        first.begin()
        assert await first.line() == "calls"
        for worker in others:
            worker.begin()
        await asyncio.sleep(0.3)
        first.process.send_signal(signal.SIGKILL)
        results = [await worker.result() for worker in others]

    assert [result["told"] for result in results] == [["an answer"]] * 2
    assert 1 <= sum(result["calls"] for result in results) <= 2


async def test_work_that_outlasts_the_lease_is_not_done_twice(start):
    """A lease is renewed while its holder works, so that the others go on waiting."""
    async with RedisServer() as server:
        workers = [await start(server, 3.0, 50, lease_s=1.0) for _ in range(2)]
        for worker in workers:
            worker.begin()
        results = [await worker.result() for worker in workers]

    assert 1 <= sum(result["calls"] for result in results) <= 2
