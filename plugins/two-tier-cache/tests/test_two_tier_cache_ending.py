"""Whatever runs in the background ends when it is to, at whichever moment that is."""

from __future__ import annotations

import asyncio

import pytest
import structlog
from ion_two_tier_cache.ending import AGAIN_S, TimeLimit, end
from ion_two_tier_cache.keys import Keys
from ion_two_tier_cache.redis_context import RedisContext
from ion_two_tier_cache.redis_errors import RedisTroubleError, Trouble
from ion_two_tier_cache.redis_link import RedisLink
from ion_two_tier_cache.redis_settings import RedisSettings

from ion_framework.testing import VirtualClock, run_virtual
from ion_framework.testing.network.tcp_proxy import TcpProxy
from ion_framework.testing.network.toxics import Latency


async def stubborn(swallows):
    """Goes on in spite of so many cancellations."""
    for _ in range(swallows + 1):
        try:
            await asyncio.sleep(1000)
        except asyncio.CancelledError as error:
            cancelled = error
    raise cancelled


async def broken():
    """Ends with an error when it is cancelled."""
    try:
        await asyncio.sleep(1000)
    finally:
        raise RuntimeError("while it was cancelled")


@pytest.mark.parametrize("steps", [0, 1, 2])
def test_a_task_that_swallows_cancellations_ends(steps):
    """Tasks end that swallow cancellations, fail, have ended or are none, begun or not."""

    async def main():
        loop = asyncio.get_running_loop()
        done = loop.create_task(asyncio.sleep(0))
        await done
        tasks = [loop.create_task(work) for work in (stubborn(3), stubborn(0), broken())]
        for _ in range(steps):
            await asyncio.sleep(0)
        await end(*tasks, None, done)
        await end()
        return all(task.done() for task in tasks), loop.time()

    ended, took_s = run_virtual(main())

    assert ended
    assert took_s <= 4 * AGAIN_S


@pytest.mark.parametrize("swallows", [0, 1, 3])
def test_a_time_limit_holds_for_work_that_swallows_cancellations(swallows):
    """The time is over a moment later for each cancellation that the work swallows."""

    async def main():
        with pytest.raises(TimeoutError):
            async with TimeLimit(2.0):
                await stubborn(swallows)
        async with TimeLimit(2.0):
            await asyncio.sleep(1.0)
        task = asyncio.current_task()
        return task.cancelling(), asyncio.get_running_loop().time()

    cancelling, took_s = run_virtual(main())

    assert cancelling == 0
    assert took_s == pytest.approx(3.0 + swallows * AGAIN_S)


def test_a_time_limit_is_no_excuse_for_who_is_cancelled():
    """Who is cancelled by somebody else before the time is over stays cancelled."""

    async def main():
        async def limited():
            async with TimeLimit(2.0):
                await asyncio.sleep(1000)

        task = asyncio.get_running_loop().create_task(limited())
        await asyncio.sleep(1.0)
        task.cancel()
        await asyncio.wait((task,))
        return task.cancelled()

    assert run_virtual(main()) is True


def test_a_command_keeps_to_its_time_though_the_client_swallows_its_end():
    """A command takes no longer than its time and a moment, whatever the client swallows."""

    async def main():
        settings = RedisSettings("redis://nobody")
        logger = structlog.get_logger()
        context = RedisContext(settings, VirtualClock(), logger, lambda: 0.5, Keys("ion"))
        link = RedisLink(None, context, timeout_s=0.5, connections=1)
        with pytest.raises(RedisTroubleError) as caught:
            await link.run(lambda _: stubborn(1))
        return caught.value.kind, asyncio.get_running_loop().time()

    kind, took_s = run_virtual(main())

    assert kind is Trouble.TIMEOUT
    assert took_s < 1.0


async def test_a_tier_can_be_closed_at_any_step(redis_server, open_tier):
    """Closing ends within seconds after any number of steps since opening, and leaves no task."""
    before = asyncio.all_tasks()
    for steps in range(60):
        opened = await open_tier(redis_server.url)
        for _ in range(steps):
            await asyncio.sleep(0)
        async with asyncio.timeout(10):
            await opened.tier.close()
        assert asyncio.all_tasks() == before
        assert not opened.tier.coherent


@pytest.mark.parametrize("steps", [*range(12), 200])
async def test_a_look_up_under_way_at_closing_finds_nothing(
    redis_server, open_tier, make_entry, digest, steps
):
    """Who looks up or takes a lease while the tier is closed is not cancelled and goes on alone."""
    async with TcpProxy("127.0.0.1", redis_server.port) as proxy:
        opened = await open_tier(f"redis://{proxy.host}:{proxy.port}", timeout_s=2.0)
        await opened.store(digest(1), make_entry())
        await proxy.add(Latency(0.5))
        looking = asyncio.create_task(opened.tier.get(digest(1), make_entry().tags))
        taking = asyncio.create_task(opened.tier.acquire(digest(2)))
        for _ in range(steps):
            await asyncio.sleep(0)

        async with asyncio.timeout(10):
            await opened.tier.close()
            found, lease = await asyncio.gather(looking, taking)

        assert found.entry is None
        assert lease.is_local
