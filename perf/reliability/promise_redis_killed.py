"""Redis is killed under load, and comes back: nobody notices."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from ion_framework.testing.network.redis_server import RedisServer
from perf.reliability.outage import Outage, endure
from perf.reliability.promise import Finding, Promise, Setting
from perf.reliability.stage import staged


async def check(setting: Setting) -> Sequence[Finding]:
    """Kill it for a minute under 200 requests a second."""
    async with RedisServer() as redis, staged(setting, redis_url=redis.url) as stage:

        async def kill() -> None:
            redis.kill()

        async def restart() -> None:
            await asyncio.to_thread(redis.restart)

        outage = Outage("killed", kill, restart, setting.seconds(60, 3))
        return await endure(stage, outage, setting.seconds(10, 3), setting)


PROMISE = Promise(
    number=1,
    title="Redis killed under 200 requests a second: no failed request, no slow one",
    check=check,
    seconds=90,
)
