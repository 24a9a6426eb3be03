"""What a rate limit costs a request: ``python -m perf.bench_rates``.

Beside each figure stands, in the same run, what cannot be done without: a look-up in a bare dict
for the count in this process, a ``PING`` for the count in Redis.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import structlog
from ion_host_aiohttp.access.caller import Caller
from ion_host_aiohttp.rates.making import make_limiter
from ion_host_aiohttp.rates.redis_client import make_client

from ion_framework.settings.model import Settings
from ion_framework.settings.serving import RateSettings, ServerSettings
from ion_framework.testing.network.redis_server import RedisServer
from perf.report import RESULTS, Budget, Measurement, publish

MICRO = 1_000_000
LOCAL_US, REDIS_US = 50.0, 1000.0
CALLERS = 1000
PATIENT_S = 2.0
RATE = RateSettings(limit="999999999/minute")

Work = Callable[[str], Awaitable[object]]


async def mean_us(work: Work, number: int) -> float:
    """Microseconds of one call, by the mean of many, for callers in turn."""
    names = [f"203.0.{index // 256}.{index % 256}" for index in range(CALLERS)]
    began = time.perf_counter()
    for index in range(number):
        await work(names[index % CALLERS])
    return (time.perf_counter() - began) / number * MICRO


async def side_by_side(ours: Work, bare: Work, runs: int, number: int) -> list[tuple[float, ...]]:
    """The samples of both, measured in turn; the first round is not counted."""
    found = [(await mean_us(ours, number), await mean_us(bare, number)) for _ in range(runs + 1)]
    return list(zip(*found[1:], strict=True))


def _spending(limiter: Any) -> Work:
    async def spend(name: str) -> object:
        return await limiter.spend(Caller(subject=name), 1, runs_turns=False)

    return spend


async def local(runs: int, number: int) -> Measurement:
    """A spend in this process beside a look-up in a dict."""
    known: dict[str, int] = {}

    async def look(name: str) -> object:
        return known.get(name)

    limiter = await make_limiter(Settings(rate=RATE), structlog.get_logger())
    try:
        samples, bare = await side_by_side(_spending(limiter), look, runs, number)
    finally:
        await limiter.close()
    return Measurement("spend in this process", "us", samples, bare, Budget(LOCAL_US))


async def shared(runs: int, number: int) -> Measurement:
    """A spend in Redis beside a PING of the same client library."""
    async with RedisServer() as redis:
        client = make_client(redis.url, PATIENT_S, 1)

        async def ping(_name: str) -> object:
            return await client.commands.ping()

        settings = Settings(rate=RATE, server=ServerSettings(redis_url=redis.url))
        limiter = await make_limiter(settings, structlog.get_logger())
        try:
            samples, bare = await side_by_side(_spending(limiter), ping, runs, number)
        finally:
            await limiter.close()
            await client.close()
    return Measurement("spend in Redis", "us", samples, bare, Budget(REDIS_US))


async def measure(runs: int, number: int) -> tuple[Measurement, ...]:
    """Both, one after the other."""
    return (await local(runs, number), await shared(runs, max(1, number // 10)))


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write; see ``--help``."""
    parser = argparse.ArgumentParser(prog="python -m perf.bench_rates", description=__doc__)
    parser.add_argument("--runs", type=int, default=15, help="rounds of each (default: 15)")
    parser.add_argument("--number", type=int, default=20_000, help="calls a round (20000)")
    parser.add_argument("--check", action="store_true", help="exit code 1 when over a budget")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder for raw samples")
    given = parser.parse_args(arguments)
    found = asyncio.run(measure(given.runs, given.number))
    return publish("rates", found, given.results, check=given.check)


if __name__ == "__main__":
    raise SystemExit(main())
