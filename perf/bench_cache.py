"""The cache beside others: ``python -m perf.bench_cache``.

Every figure of ION stands beside that of aiocache, cashews or cachetools ("bare" in the table) in
the same run: hits, misses and stores in memory, the same on a Redis of this machine, and hit ratio
and time of one trace of which half of the requests come only once. It draws a picture of them.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

import attrs

from perf.cache_plot import draw
from perf.cache_rivals import ION, Contestant, OursOnRedis, in_memory, on_redis, with_little_room
from perf.cache_traces import REQUESTS, repeatable, trace
from perf.reliability.open_loop import quantile
from perf.report import RESULTS, Budget, Measurement, publish

SEED = 20261121
HIT_US, REDIS_HIT_US, MISSED_PERCENT = 5.0, 1000.0, 48.0
TOGETHER = 64
AT_A_TIME = 500
"""Stores before they are waited for: fewer than may wait to be written to Redis."""
MICRO = 1_000_000
PARTS = 10
"""Parts of the trace: the time of each is a sample."""

MISSED = "repeatable requests missed"
TRACE = "request of the trace"

Get = Callable[[Any], Awaitable[Any]]


@attrs.frozen
class Row:
    """What was measured, by contestant.

    Attributes:
        what: the thing.
        unit: unit of the samples.
        samples: samples by the contestants' names.
        budget: what ION may need.
    """

    what: str
    unit: str
    samples: dict[str, list[float]]
    budget: Budget | None = None

    def add(self, name: str, sample: float) -> None:
        """Note a sample of a contestant."""
        self.samples.setdefault(name, []).append(sample)

    def measurements(self) -> tuple[Measurement, ...]:
        """ION beside each of the others, or alone where it has no rival."""
        ours = tuple(self.samples[ION])
        others = {name: found for name, found in self.samples.items() if name != ION}
        if not others:
            return (Measurement(self.what, self.unit, ours, (), self.budget),)
        return tuple(
            Measurement(f"{self.what}, bare: {name}", self.unit, ours, tuple(found), self.budget)
            for name, found in others.items()
        )


async def memory_rows(runs: int, number: int) -> list[Row]:
    """Hits, misses and stores in memory: microseconds each, by the mean of many."""
    rows = (
        Row("hit in memory", "us", {}, Budget(HIT_US)),
        Row("miss in memory", "us", {}),
        Row("store in memory", "us", {}),
    )
    async with in_memory() as contestants:
        for run in range(-1, runs):
            for cache in contestants:
                found = await _memory_round(cache, number, run)
                if run >= 0:  # the first is slower, and not counted
                    for row, sample in zip(rows, found, strict=True):
                        row.add(cache.name, sample)
    return list(rows)


async def _memory_round(cache: Contestant, number: int, run: int) -> tuple[float, float, float]:
    keys = [cache.key(f"run {run}, message {index}") for index in range(number)]
    found, missed_us = await _timed(cache.get, keys)
    began = time.perf_counter()
    for key, nothing in zip(keys, found, strict=True):
        await cache.put(key, nothing)
    stored_us = (time.perf_counter() - began) / number * MICRO
    found, hit_us = await _timed(cache.get, keys)
    _check(cache, found)
    return hit_us, missed_us, stored_us


async def _timed(work: Get, keys: Sequence[object]) -> tuple[list[object], float]:
    """The results, and the mean time of each in microseconds."""
    results = []
    began = time.perf_counter()
    for key in keys:
        results.append(await work(key))  # noqa: PERF401  a comprehension would hide what is timed
    return results, (time.perf_counter() - began) / len(keys) * MICRO


async def redis_rows(runs: int, number: int) -> list[Row]:
    """Hits and stores on Redis; of hits the p50 and p99 of each run.

    One without the other misleads: where many wait for few connections, some are served again and
    again while others starve, and the p50 is that of the lucky ones.
    """
    rows = {
        "alone": Row("hit on Redis, 1 at once, p50", "us", {}),
        "p50": Row("hit on Redis, 64 at once, p50", "us", {}, Budget(REDIS_HIT_US)),
        "p99": Row("hit on Redis, 64 at once, p99", "us", {}),
        "tier": Row("Redis tier alone, 64 at once, p50", "us", {}),
        "store": Row("store on Redis, as the turn sees it", "us", {}),
    }
    async with on_redis() as contestants:
        for run in range(-1, runs):
            for cache in contestants:
                found = await _redis_round(cache, number, run)
                if run >= 0:
                    for name, sample in found.items():
                        rows[name].add(cache.name, sample)
    return list(rows.values())


async def _redis_round(cache: Contestant, number: int, run: int) -> dict[str, float]:
    """What one round measures, in microseconds."""
    keys, stored_us = await _stored(cache, number, run)
    await cache.forget()
    alone = await _asked(cache, cache.get, keys, 1)
    await cache.forget()
    together = await _asked(cache, cache.get, keys, TOGETHER)
    found = {
        "alone": quantile(alone, 0.5),
        "p50": quantile(together, 0.5),
        "p99": quantile(together, 0.99),
        "store": stored_us,
    }
    if isinstance(cache, OursOnRedis):
        found["tier"] = quantile(await _asked(cache, cache.get_from_tier, keys, TOGETHER), 0.5)
    return found


async def _stored(cache: Contestant, number: int, run: int) -> tuple[list[object], float]:
    """Keys that Redis has, and the mean time of a store."""
    keys = [cache.key(f"run {run}, message {index}") for index in range(number)]
    spent = 0.0
    for begin in range(0, number, AT_A_TIME):
        for key in keys[begin : begin + AT_A_TIME]:
            nothing = await cache.get(key)
            began = time.perf_counter()
            await cache.put(key, nothing)
            spent += time.perf_counter() - began
        await cache.settle()
    return keys, spent / number * MICRO


async def _asked(cache: Contestant, get: Get, keys: Sequence[object], asking: int) -> list[float]:
    """Microseconds of each look-up by some who ask at once, each one key after the other.

    What is done here between two look-ups is part of the time of all the others that are under way,
    so there is as little of it as can be.
    """
    waiting, now = iter(keys), time.perf_counter
    took: list[tuple[float, float, object]] = []

    async def ask() -> None:
        for key in waiting:
            began = now()
            found = await get(key)
            took.append((began, now(), found))

    await asyncio.gather(*(ask() for _ in range(asking)))
    _check(cache, [found for _, _, found in took])
    return [(ended - began) * MICRO for began, ended, _ in took]


async def trace_rows(requests: int, seed: int) -> list[Row]:
    """The trace through every contestant: what it misses, and the time of a request."""
    missed, took = Row(MISSED, "%", {}, Budget(MISSED_PERCENT)), Row(TRACE, "us", {})
    random = Random(seed)  # noqa: S311  repeatable, not secret
    messages = tuple(trace(random, requests))
    async with with_little_room() as contestants:
        for cache in contestants:
            hits, samples = await _play(cache, messages)
            share = hits / sum(map(repeatable, messages))
            missed.samples[cache.name] = [100 * (1 - share)]
            took.samples[cache.name] = samples
    return [missed, took]


async def _play(cache: Contestant, messages: Sequence[str]) -> tuple[int, list[float]]:
    size, hits, samples = max(1, len(messages) // PARTS), 0, []
    for begin in range(0, len(messages), size):
        keys = list(map(cache.key, messages[begin : begin + size]))
        began = time.perf_counter()
        for key in keys:
            found = await cache.get(key)
            if cache.is_hit(found):
                hits += 1
            else:
                await cache.put(key, found)
        samples.append((time.perf_counter() - began) / len(keys) * MICRO)
    return hits, samples


def _check(cache: Contestant, found: Sequence[object]) -> None:
    """Only hits may count as hits.

    Raises:
        RuntimeError: a contestant did not have what it had been given.
    """
    hits = sum(map(cache.is_hit, found))
    if hits < len(found):
        raise RuntimeError(f"{cache.name} had {hits} of the {len(found)} answers it was given")


async def measure(runs: int, number: int, requests: int, seed: int) -> list[Row]:
    """Measure everything, one contestant at a time."""
    return [
        *await memory_rows(runs, number),
        *await redis_rows(runs, number),
        *await trace_rows(requests, seed),
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write, draw; see ``--help``."""
    parser = argparse.ArgumentParser(prog="python -m perf.bench_cache", description=__doc__)
    parser.add_argument("--runs", type=int, default=15, help="rounds of each (default: 15)")
    parser.add_argument("--number", type=int, default=2000, help="calls a round (default: 2000)")
    parser.add_argument(
        "--requests", type=int, default=REQUESTS, help=f"length of the trace (default: {REQUESTS})"
    )
    parser.add_argument("--seed", type=int, default=SEED, help=f"of the trace (default: {SEED})")
    parser.add_argument("--check", action="store_true", help="exit code 1 when over a budget")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder for raw samples")
    given = parser.parse_args(arguments)
    print(f"seed {given.seed}")
    rows = asyncio.run(measure(given.runs, given.number, given.requests, given.seed))
    found = tuple(measurement for row in rows for measurement in row.measurements())
    code = publish("cache", found, given.results, check=given.check)
    print(f"The picture is in {', '.join(map(str, draw(rows, given.results)))}")
    return code


if __name__ == "__main__":
    raise SystemExit(main())
