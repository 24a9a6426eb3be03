"""Whoever is cancelled disturbs neither the others nor the connection."""

from __future__ import annotations

import asyncio
import random

import pytest

from ion_framework.testing.network.tcp_proxy import TcpProxy
from ion_framework.testing.network.toxics import Latency

pytestmark = pytest.mark.outage


async def test_2000_cancelled_look_ups_mix_nothing_up(redis_server, open_tier, make_entry, digest):
    """After and during 2,000 cancellations at random moments every look-up has its own answer."""
    chance = random.Random(3)  # noqa: S311  the same in every run
    async with TcpProxy("127.0.0.1", redis_server.port) as proxy:
        opened = await open_tier(f"redis://{proxy.host}:{proxy.port}", timeout_s=1.0)
        for number in range(20):
            await opened.store(digest(number), make_entry(f"answer {number}"))
        await proxy.add(Latency(0.001))
        wrong, cancelled, answered = [], 0, 0

        async def ask(number, patience_s):
            nonlocal cancelled, answered
            asked = asyncio.create_task(opened.tier.get(digest(number), make_entry().tags))
            if patience_s is not None:
                await asyncio.sleep(patience_s)
                asked.cancel()
            try:
                found = await asked
            except asyncio.CancelledError:
                cancelled += 1
                return
            if found.entry is not None:
                answered += 1
                if found.entry.body.content != f"answer {number}":
                    wrong.append(number)

        for _ in range(250):
            await asyncio.gather(
                *(ask(chance.randrange(20), chance.random() * 0.002) for _ in range(8)),
                *(ask(chance.randrange(20), None) for _ in range(2)),
            )

        assert wrong == []
        assert cancelled > 500
        assert answered >= 450
        await opened.tier.close()


async def test_a_batch_outlives_who_asked(redis_server, open_tier, make_entry, digest):
    """The others of a batch are answered when one of them is cancelled on the way."""
    async with TcpProxy("127.0.0.1", redis_server.port) as proxy:
        opened = await open_tier(f"redis://{proxy.host}:{proxy.port}", timeout_s=2.0)
        await opened.store(digest(1), make_entry())
        await proxy.add(Latency(0.05))
        asked = [
            asyncio.create_task(opened.tier.get(digest(1), make_entry().tags)) for _ in range(10)
        ]
        await asyncio.sleep(0.02)
        for task in asked[:9]:
            task.cancel()

        assert (await asked[9]).entry is not None
        await opened.tier.close()


async def test_a_cancelled_lease_is_given_back(redis_server, open_tier, digest, until):
    """Who is cancelled while taking a lease does not leave it behind."""
    async with TcpProxy("127.0.0.1", redis_server.port) as proxy:
        opened = await open_tier(f"redis://{proxy.host}:{proxy.port}", timeout_s=2.0)
        await opened.tier.get(digest(1), ())
        await proxy.add(Latency(0.05))
        taking = asyncio.create_task(opened.tier.acquire(digest(1)))
        await asyncio.sleep(0.02)
        taking.cancel()
        await asyncio.gather(taking, return_exceptions=True)
        await asyncio.sleep(0.5)

        await until(lambda: redis_server.command("EXISTS", f"ion:2.1:l:{digest(1)}") == 0, 4.0)
        await opened.tier.close()
