"""In a Redis that others use, nothing but our own is ever removed."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence

import attrs
from aiocache import RedisCache  # type: ignore[import-untyped]  # it ships no types
from ion_two_tier_cache.aiocache_adapter import IonCache
from ion_two_tier_cache.aiocache_tier import AiocacheTier
from ion_two_tier_cache.cache import TwoTierCache

from ion_framework import Ion
from ion_framework.clock import SystemClock
from ion_framework.pipeline.cache import CacheKey, Hit, Miss, TurnCache
from ion_framework.settings.model import Settings
from ion_framework.testing.builders import lone_source, standard_parts
from ion_framework.testing.network.redis_server import RedisServer
from perf.reliability.cache_parts import (
    LOGGER,
    TTL_S,
    look,
    make_key,
    make_reply,
    memory_tier,
    open_cache,
    until,
)
from perf.reliability.foreign_keys import GONE, digests, fill, monitored, names
from perf.reliability.promise import Finding, Promise, Setting

FOREIGN = 200_000
OWN = 100
LUA, ELRO = "persona:lua", "persona:elro"
FORBIDDEN = ("KEYS", "FLUSHDB", "FLUSHALL", "SWAPDB")
IN_THE_BACKGROUND_S = 0.2


@attrs.frozen
class Cleaned:
    """What a path did to our own entries.

    Attributes:
        stored: entries that were there before.
        left: those of them that were still served after they were to be gone.
    """

    stored: int
    left: int


Path = Callable[[RedisServer], Awaitable[Cleaned]]


async def check(setting: Setting) -> Sequence[Finding]:
    """Fill a Redis with what is not ours, and then clear and invalidate in every way there is."""
    foreign = names(setting.number(FOREIGN, 2000))
    async with RedisServer() as redis:
        await asyncio.to_thread(fill, redis.url, foreign)
        before = await asyncio.to_thread(digests, redis.url, foreign)
        async with monitored(redis.port) as seen:
            cleaned = {name: await path(redis) for name, path in PATHS.items()}
            await asyncio.sleep(IN_THE_BACKGROUND_S)
        after = await asyncio.to_thread(digests, redis.url, foreign)
    return [*_told_foreign(before, after), _told_commands(seen), *_told_own(cleaned)]


async def _by_port(redis: RedisServer) -> Cleaned:
    async with open_cache(redis.url) as cache:
        return await _clean(cache.port)


async def _by_plugin(redis: RedisServer) -> Cleaned:
    source = lone_source("two-tier-cache", *standard_parts())
    environ = {"ION_REDIS_URL": redis.url}
    async with Ion(Settings(), source=source, environ=environ) as ion:
        assert ion.cache is not None  # noqa: S101  the plugin provides it, or Ion refuses to start
        return await _clean(ion.cache)


async def _by_backend(redis: RedisServer) -> Cleaned:
    """One of aiocache's backends below our cache."""
    clock, backend = SystemClock(), RedisCache(endpoint="127.0.0.1", port=redis.port)
    tier = AiocacheTier(backend, clock=clock, logger=LOGGER)
    cache = TwoTierCache(memory_tier(), clock, make_remote=lambda _: tier)
    await cache.open()
    try:
        return await _clean(cache)
    finally:
        await cache.close()


async def _by_interface(redis: RedisServer) -> Cleaned:
    """The interface of aiocache over our tiers: by key, by namespace, and everything."""
    async with IonCache(redis_url=redis.url, namespace="ion") as cache:
        for number in range(OWN):
            await cache.set(f"{number}", "own")
            await cache.set(f"{number}", "own", namespace="weather")
        stored = await _held(cache, "ion") + await _held(cache, "weather")
        await asyncio.sleep(IN_THE_BACKGROUND_S)
        await cache.delete("0")
        left = int(await cache.exists("0"))
        await cache.clear(namespace="weather")
        left += await _held(cache, "weather")
        await cache.clear()
        return Cleaned(stored, left + await _held(cache, "ion"))


async def _held(cache: IonCache, namespace: str) -> int:
    found = [await cache.exists(f"{number}", namespace=namespace) for number in range(OWN)]
    return sum(found)


async def _clean(cache: TurnCache) -> Cleaned:
    """Store entries with two tags, invalidate one, and then clear."""
    for tag in (LUA, ELRO):
        for key in _keys(tag):
            found = await cache.lookup(key)
            if isinstance(found, Miss):
                await found.lease.store(make_reply("own"), TTL_S)
    stored = await _served(cache, LUA) + await _served(cache, ELRO)
    await until(lambda: _queued(cache) == 0)
    await asyncio.sleep(IN_THE_BACKGROUND_S)
    await cache.invalidate(LUA)
    left = await _served(cache, LUA)
    await cache.clear()
    return Cleaned(stored, left + await _served(cache, ELRO))


def _keys(tag: str) -> list[CacheKey]:
    return [make_key(f"{tag} {number}", tag) for number in range(OWN)]


async def _served(cache: TurnCache, tag: str) -> int:
    return sum([isinstance(await look(cache, key), Hit) for key in _keys(tag)])


def _queued(cache: TurnCache) -> object:
    tiers: Mapping[str, Mapping[str, object]] = cache.stats().tiers
    return tiers["redis"]["queued"]


def _told_foreign(before: Sequence[bytes], after: Sequence[bytes]) -> Sequence[Finding]:
    written = sum(value != GONE for value in before)
    lost = sum(new == GONE != old for old, new in zip(before, after, strict=True))
    changed = sum(old != new for old, new in zip(before, after, strict=True)) - lost
    return (
        Finding("foreign keys lost", "0", f"{lost} of {written}", written > 0 == lost),
        Finding("foreign values changed", "0", f"{changed} of {written}", not changed),
    )


def _told_commands(seen: Counter[str]) -> Finding:
    forbidden = {name: seen[name] for name in FORBIDDEN if seen[name]}
    figure = f"{forbidden or 0} of {seen.total()} commands ({seen['SCAN']} SCAN)"
    return Finding(
        f"{', '.join(FORBIDDEN)} seen by MONITOR",
        "0",
        figure,
        not forbidden and seen.total() > 0,
        {f"commands, {name}": (float(count),) for name, count in seen.items()},
    )


def _told_own(cleaned: Mapping[str, Cleaned]) -> Sequence[Finding]:
    return [
        Finding(
            f"{name}: own entries served after they were dropped",
            f"0 of {2 * OWN}",
            f"{found.left} of {found.stored}",
            found == Cleaned(2 * OWN, 0),
        )
        for name, found in cleaned.items()
    ]


PATHS: dict[str, Path] = {
    "the port": _by_port,
    "the plugin": _by_plugin,
    "aiocache's interface": _by_interface,
    "a backend of aiocache": _by_backend,
}

PROMISE = Promise(
    number=9,
    title="In a Redis that others use, nothing but our own is ever removed",
    check=check,
    seconds=20,
)
