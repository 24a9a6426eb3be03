"""The figures of the cache with the tier that processes share, on a real Redis."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from ion_framework.plugin_host.discovery import installed
from ion_framework.settings.model import Settings
from ion_framework.testing.network.redis_server import RedisServer, find_redis_server

pytest.importorskip("ion_two_tier_cache", reason="ion-two-tier-cache is not installed")
pytestmark = pytest.mark.skipif(find_redis_server() is None, reason="there is no redis-server")


async def test_both_tiers_are_told(hosting, make):
    """Hits of either tier, and whether Redis answers, are told as they are."""
    cache = tuple(found for found in installed() if found.name == "two-tier-cache")
    parrot = make.plugin("parrot", "generator", make.generator(make.echo), fallback=True)
    async with RedisServer() as redis:
        settings = Settings(plugin={"two-tier-cache": {"redis_url": redis.url}})
        parts = (make.lua, make.analyzer, make.router, parrot, *cache)
        async with hosting(*parts, settings=settings) as host:
            for _ in range(2):
                await host.session.post("/api/v2/process", json={"user_input": "hi"})
            await asyncio.sleep(0.3)
            stats = await (await host.session.get("/api/v2/cache-stats")).json()
            health = await (await host.session.get("/api/v2/health")).json()
            dropped = await host.session.post("/api/v2/cache/invalidate?pattern=key:*-flowing-*")
            count = (await dropped.json())["deleted_count"]

    details = stats["cache_details"]
    assert (stats["cache_hits"], stats["cache_misses"]) == (1, 1)
    assert (details["l1"]["hits"], details["l2"]["misses"]) == (1, 1)
    assert (details["l2"]["mode"], details["l2"]["available"]) == ("redis", True)
    assert health["dependencies"]["redis"] == "healthy"
    assert count == 1


async def test_a_frozen_redis_is_not_connected(hosting, make):
    """A Redis that is stopped and asked nothing by anybody is told as gone, and as back later."""
    cache = tuple(found for found in installed() if found.name == "two-tier-cache")
    parrot = make.plugin("parrot", "generator", make.generator(make.echo), fallback=True)

    async def told(host: Any) -> tuple[bool, str]:
        v1 = await (await host.session.get("/health")).json()
        v2 = await (await host.session.get("/api/v2/health")).json()
        return v1["redis_cache"]["connected"], v2["dependencies"]["redis"]

    async def until(host: Any, wanted: tuple[bool, str]) -> None:
        async with asyncio.timeout(30):
            while await told(host) != wanted:  # noqa: ASYNC110  what is asked has no event
                await asyncio.sleep(0.1)

    async with RedisServer() as redis:
        settings = Settings(plugin={"two-tier-cache": {"redis_url": redis.url}})
        parts = (make.lua, make.analyzer, make.router, parrot, *cache)
        async with hosting(*parts, settings=settings) as host:
            await until(host, (True, "healthy"))
            redis.freeze()
            await until(host, (False, "unavailable"))
            redis.thaw()
            await until(host, (True, "healthy"))
