"""The memory tier keeps what is asked for again, and answers in microseconds."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence

from aiocache import SimpleMemoryCache  # type: ignore[import-untyped]  # it ships no types
from ion_two_tier_cache.cache import TwoTierCache

from ion_framework.clock import SystemClock
from ion_framework.pipeline.cache import Hit, Miss
from perf.cache_traces import REQUESTS, ROOM, lru_ratio, repeatable, trace
from perf.reliability.cache_parts import TTL_S, make_key, make_reply, memory_tier, put
from perf.reliability.open_loop import quantile
from perf.reliability.promise import Finding, Promise, Setting

RATIO = 0.52
HIT_S = 5e-6
"""A third of what the scorecard allows."""
HITS = 10_000
MICRO = 1_000_000


async def check(setting: Setting) -> Sequence[Finding]:
    """Play the trace through the port, then time hits one by one."""
    requests = tuple(trace(setting.random("trace"), setting.number(REQUESTS, 20_000)))
    memory = memory_tier(max_entries=ROOM, random=setting.random("admission").random)
    cache = TwoTierCache(memory, SystemClock())
    ratio = await _ratio(cache, requests)
    ours = await _hits(cache, setting.number(HITS, 1000))
    theirs = await _aiocache_hits(setting.number(HITS, 1000))
    return [_told_ratio(ratio, lru_ratio(requests, ROOM)), _told_hit(ours, theirs)]


async def _ratio(cache: TwoTierCache, requests: Sequence[str]) -> float:
    hits = 0
    asked = sum(map(repeatable, requests))
    reply = make_reply("an answer")
    for request in requests:
        found = await cache.lookup(make_key(request))
        if isinstance(found, Hit):
            hits += 1
        else:
            assert isinstance(found, Miss)  # noqa: S101  one caller at a time never waits
            await found.lease.store(reply, TTL_S)
    return hits / asked


async def _hits(cache: TwoTierCache, number: int) -> list[float]:
    key = make_key("asked over and over")
    await put(cache, key, "an answer")
    return await _timed(lambda: cache.lookup(key), number)


async def _aiocache_hits(number: int) -> list[float]:
    cache = SimpleMemoryCache()
    await cache.set("asked over and over", "an answer", ttl=TTL_S)
    return await _timed(lambda: cache.get("asked over and over"), number)


async def _timed(work: Callable[[], Awaitable[object]], number: int) -> list[float]:
    """Seconds that each took, the first ones, which are slower, left out."""
    clock, samples = time.perf_counter, []
    for _ in range(number + number // 10):
        began = clock()
        await work()
        samples.append(clock() - began)
    return samples[number // 10 :]


def _told_ratio(ratio: float, lru: float) -> Finding:
    return Finding(
        "hit ratio, half of the requests unique, room for 500",
        f">= {RATIO}",
        f"{ratio:.3f} (least recently used goes first: {lru:.3f})",
        ratio >= RATIO,
        {"ratio": (ratio,), "ratio, least recently used": (lru,)},
    )


def _told_hit(ours: Sequence[float], theirs: Sequence[float]) -> Finding:
    median, other = quantile(ours, 0.5), quantile(theirs, 0.5)
    return Finding(
        "hit through the port, p50",
        f"<= {HIT_S * MICRO:g} us",
        f"{median * MICRO:.2f} us (aiocache in the same run: {other * MICRO:.2f} us)",
        median <= HIT_S,
        {"hit": ours, "hit, aiocache": theirs},
    )


PROMISE = Promise(
    number=5,
    title="Memory keeps what is asked for again, and answers at once",
    check=check,
    seconds=15,
    fast=True,
)
