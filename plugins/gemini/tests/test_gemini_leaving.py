"""Callers that leave: the service sees the connection closed, and nothing is left running."""

import asyncio
import time
from contextlib import aclosing

import pytest

from ion_framework.testing.model_servers.faults import Answer

pytestmark = pytest.mark.outage

SLOW = Answer(("word ",) * 1000, first_delay_s=0.01, chunk_delay_s=0.01)
BURST = Answer(("word ",) * 20_000, first_delay_s=0.01)
SILENT = Answer(first_delay_s=60.0)
LEAVING = 200
AT_ONCE = 20
WITHIN_S = 0.25 * 10  # the promise is 0.25 s; a loaded machine may take ten times as long


async def seen(asked, number):
    """Wait until the service has seen so many requests, and none of them is open any more."""
    await asked.fake.until(lambda: len(asked.fake.requests) >= number, 30.0)
    began = time.monotonic()
    await asked.fake.until(lambda: asked.fake.open_requests == 0, 30.0)
    return time.monotonic() - began


def others():
    """Tasks besides this one and those of the fake's connections."""
    return {
        task
        for task in asyncio.all_tasks() - {asyncio.current_task()}
        if "RequestHandler" not in repr(task.get_coro())
    }


@pytest.mark.parametrize("behaviour", [SLOW, BURST], ids=["slow", "burst"])
async def test_closing_after_the_first_word_stops_the_service(service, behaviour):
    """Two hundred callers close their answers in the middle, and every one stops the service."""
    async with service(behaviour) as asked:

        async def leave():
            async with aclosing(asked.stream()) as chunks:
                await anext(chunks)

        for _ in range(LEAVING // AT_ONCE):
            await asyncio.gather(*(leave() for _ in range(AT_ONCE)))
            assert await seen(asked, AT_ONCE) < WITHIN_S
        stopped = [request for request in asked.fake.requests if request.cancelled_at is not None]
        assert len(stopped) == LEAVING
        assert not others()


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
async def test_cancelling_before_the_first_word_stops_the_service(service, stream):
    """Two hundred callers are cancelled while they wait, and every one stops the service."""
    async with service(SILENT, stream=stream) as asked:
        for done in range(0, LEAVING, AT_ONCE):
            callers = [asyncio.create_task(asked.ask()) for _ in range(AT_ONCE)]
            await asked.fake.until(lambda done=done: len(asked.fake.requests) == done + AT_ONCE, 30)
            for caller in callers:
                caller.cancel()
            await asyncio.wait(callers)
            assert all(caller.cancelled() for caller in callers)
            assert await seen(asked, done + AT_ONCE) < WITHIN_S
        assert sum(request.cancelled_at is not None for request in asked.fake.requests) == LEAVING
        assert not others()


async def test_leaving_at_any_moment_leaves_nothing_behind(service):
    """Callers that are cancelled at any moment of a short answer leave no task and no request."""
    async with service(Answer(("a ", "b ", "c ", "d "), chunk_delay_s=0.002)) as asked:
        await asked.ask()
        for step in range(100):
            caller = asyncio.create_task(asked.ask())
            await asyncio.sleep(step * 0.0003)
            caller.cancel()
            await asyncio.wait({caller})
        await seen(asked, 1)
        assert not others()
        assert (await asked.ask())[0] == "a b c d "


async def test_a_silence_that_is_cut_stops_the_service(service):
    """A deadline of the plugin's own closes the connection as a caller does."""
    async with service(SILENT, first_token_s=0.3, connect_s=0.3, tries=1) as asked:
        assert (await asked.failure()).cause == "timeout"
        await seen(asked, 1)
        assert asked.fake.requests[0].cancelled_at is not None


async def test_complete_answers_leave_their_connection_for_the_next(service):
    """Answers one after the other travel over one connection: none of them is broken off."""
    async with service() as asked:
        for _ in range(20):
            await asked.ask()
        assert all(request.cancelled_at is None for request in asked.fake.requests)


async def test_closing_a_stream_that_nobody_read_asks_nobody(service):
    """A stream that is closed before it is read sends no request."""
    async with service() as asked:
        await asked.stream().aclose()
        assert asked.fake.requests == ()


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
async def test_callers_that_leave_give_their_connection_back(service, stream):
    """After a hundred callers left at any moment, every one of four connections serves again."""
    said = Answer(("a ", "b ", "c ", "d "), first_delay_s=0.003, chunk_delay_s=0.003)
    async with service(said, stream=stream, max_connections=4, tries=1) as asked:
        await asked.ask()
        for step in range(100):
            callers = [asyncio.create_task(asked.ask()) for _ in range(6)]
            await asyncio.sleep(step * 0.0003)
            for caller in callers:
                caller.cancel()
            await asyncio.wait(callers)
        whole = await asyncio.gather(*(asked.ask() for _ in range(4)))

    assert [text for text, _ in whole] == ["a b c d "] * 4
