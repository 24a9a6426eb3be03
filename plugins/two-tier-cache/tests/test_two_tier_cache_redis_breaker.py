"""A Redis that is out of order is left alone, asked by one, and told later what it missed."""

from __future__ import annotations

import asyncio
import time

import pytest
from ion_two_tier_cache.redis_settings import BREAKER
from ion_two_tier_cache.redis_tokens import Tokens

from ion_framework.testing.network.redis_server import RedisServer

pytestmark = pytest.mark.outage

PATIENCE_S = 1.0
"""A call takes 0.1 s at most; a loaded machine may take ten times as long."""


async def test_a_wrong_password_is_told_and_not_shown(open_tier):
    """With a wrong password nothing raises, the trouble is called login, and no log shows it."""
    async with RedisServer(password="right") as server:
        opened = await open_tier(f"redis://:wr0ng@127.0.0.1:{server.port}", timeout_s=0.1)

        assert await opened.survive(seconds=0.5) < PATIENCE_S

        stats = opened.tier.stats()
        assert stats.troubles["login"] >= 3
        assert stats.breakers["answers"].opened >= 1
        assert "wr0ng" not in repr(opened.log.lines) + repr(stats) + repr(opened.tier)
        await opened.tier.close()


async def test_a_user_who_may_not_read_is_told(open_tier, digest):
    """Where the user may not look up, the breaker opens and says why."""
    async with RedisServer() as server:
        server.command("ACL", "SETUSER", "blind", "on", ">pw", "~*", "&*", "+@all", "-mget")
        opened = await open_tier(f"redis://blind:pw@127.0.0.1:{server.port}", timeout_s=0.1)

        for number in range(5):
            assert (await opened.tier.get(digest(number), ())).entry is None

        assert opened.tier.stats().breakers["answers"].opened == 1
        told = [values for _, event, values in opened.log.lines if event == "redis_breaker"]
        assert told[0]["trouble"] == "permission"
        await opened.tier.close()


async def test_waiting_for_a_connection_is_bounded(open_tier, digest):
    """With one connection that is busy, the others give up in time, and that is counted."""
    async with RedisServer() as server:
        opened = await open_tier(server.url, connections=1, timeout_s=0.1)
        await opened.heals()
        server.freeze()

        begun = time.monotonic()
        found = await asyncio.gather(
            *(opened.tier.get(digest(number), (f"t{number}",)) for number in range(500)),
        )
        took = time.monotonic() - begun
        server.thaw()

        assert {one.tokens for one in found} == {Tokens.unknown}
        assert took < PATIENCE_S
        assert opened.tier.stats().counts.failures >= 500
        await opened.tier.close()


async def test_an_open_breaker_costs_nothing(open_tier, make_entry, digest):
    """While a frozen Redis is left alone, a look-up does not even reach the event loop."""
    async with RedisServer() as server:
        opened = await open_tier(server.url, timeout_s=0.1)
        await opened.heals()
        server.freeze()
        for number in range(4):
            await opened.tier.get(digest(number), ())
        assert opened.tier.stats().breakers["answers"].state == "open"

        ticks = 0

        async def tick():
            nonlocal ticks
            while True:
                await asyncio.sleep(0)
                ticks += 1

        ticking = asyncio.create_task(tick())
        for number in range(100):
            assert (await opened.tier.get(digest(number), ())).entry is None
            assert (await opened.tier.acquire(digest(number))).is_local
            assert opened.tier.put(digest(number), make_entry(), Tokens.unknown) is False
        ticking.cancel()

        assert ticks == 0
        server.thaw()


async def test_a_turn_waits_once(open_tier, digest):
    """A look-up that waited in vain is not followed by a wait for the lease."""
    async with RedisServer() as server:
        opened = await open_tier(server.url, timeout_s=0.1)
        await opened.heals()
        server.freeze()

        assert (await opened.tier.get(digest(1), ())).tokens is Tokens.unknown
        assert (await opened.tier.acquire(digest(1))).is_local

        stats = opened.tier.stats()
        assert stats.breakers["answers"].state == "closed"
        assert stats.troubles == {"timeout": 1}
        server.thaw()
        await opened.tier.close()


async def test_one_line_for_an_outage(open_tier):
    """An outage with many failures is told in two lines, when it begins and when it ends."""
    async with RedisServer() as server:
        opened = await open_tier(server.url, timeout_s=0.1)
        await opened.heals()
        server.kill()
        await opened.survive(seconds=2.5)
        await asyncio.to_thread(server.start)
        await opened.heals()

        changes = [
            (level, values["after"])
            for level, event, values in opened.log.lines
            if event == "redis_breaker" and level != "debug"
        ]
        assert changes == [("warning", "open"), ("info", "closed")]
        await opened.tier.close()


def test_the_first_probe_comes_in_time():
    """With the longest open time and jitter, Redis is asked again within 1.2 s."""
    assert BREAKER.longest_open_s * (1 + BREAKER.jitter) <= 1.2


async def test_what_redis_could_not_be_told_holds_here_and_is_told_later(
    open_tier, make_entry, digest, until
):
    """An invalidation during an outage holds in its own process at once, later everywhere."""
    async with RedisServer() as server:
        one, other = (
            await open_tier(server.url, timeout_s=0.1),
            await open_tier(server.url, timeout_s=0.1),
        )
        entry = make_entry()
        await one.store(digest(1), entry)
        server.freeze()

        assert await one.tier.invalidate("tenant:a") == 0
        assert one.tier.stats().owed == 1
        server.thaw()

        await until(lambda: one.tier.stats().owed == 0)
        for opened in (one, other):
            await opened.heals()
            assert (await opened.tier.get(digest(1), entry.tags)).entry is None
        assert "redis_invalidation_owed" in one.log.events("warning")
        assert one.tier.stats().counts.invalidations_failed >= 1
