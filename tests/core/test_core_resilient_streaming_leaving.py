"""Callers that leave an answer, and what the breaker makes of it, in virtual time."""

import asyncio
from contextlib import aclosing

import attrs
import pytest

from ion_framework.pipeline.chunks import Finish
from ion_framework.resilience import BreakerState
from ion_framework.testing import make_turn, run_virtual
from tests.support.upstreams import OK, ScriptedUpstream, answer_of, error_of, failing, resilient

LONG = ("word ", 1.0) * 50


def test_closing_in_the_middle_closes_the_service():
    """A caller that closes the answer closes the upstream's stream before it goes on."""

    async def leave():
        service = ScriptedUpstream(LONG)
        async with aclosing(resilient(service).answer("request", make_turn())) as chunks:
            await anext(chunks)
        return service.closed, len(asyncio.all_tasks())

    assert run_virtual(leave()) == (1, 1)


@pytest.mark.parametrize("after", [0.5, 3.5])
def test_cancelling_closes_the_service(after):
    """A caller whose task is cancelled, before or after the first word, closes the stream."""

    async def leave():
        service = ScriptedUpstream((1.0, *LONG))
        asking = asyncio.ensure_future(answer_of(resilient(service)))
        await asyncio.sleep(after)
        asking.cancel()
        await asyncio.wait({asking})
        return asking.cancelled(), service.closed, len(asyncio.all_tasks())

    assert run_virtual(leave()) == (True, 1, 1)


def test_cancelling_between_two_tries_asks_no_more():
    """A caller that leaves while a retry is waited for is not asked for again."""

    async def leave():
        service = ScriptedUpstream(failing("rate_limited", 5.0), OK)
        asking = asyncio.ensure_future(answer_of(resilient(service)))
        await asyncio.sleep(1.0)
        asking.cancel()
        await asyncio.wait({asking})
        await asyncio.sleep(10.0)
        return len(service.asked)

    assert run_virtual(leave()) == 1


def test_callers_that_leave_do_not_open_the_breaker():
    """Leaving early says nothing about the service."""

    async def leave():
        answers = resilient(ScriptedUpstream((1.0, *OK)), breaker_failures=1)
        for _ in range(10):
            asking = asyncio.ensure_future(answer_of(answers))
            await asyncio.sleep(0.5)
            asking.cancel()
            await asyncio.wait({asking})
        return answers.guards[0].state

    assert run_virtual(leave()) is BreakerState.CLOSED


def test_a_caller_that_leaves_because_of_the_wait_opens_it():
    """A cancellation at the end of the time that a try is granted counts as a timeout."""

    async def leave():
        service = ScriptedUpstream((60.0, *OK))
        answers = resilient(service, breaker_failures=1, first_token_s=2.0, connect_s=2.0)
        turn = attrs.evolve(make_turn(), speak_by=asyncio.get_running_loop().time() + 2.0)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1.94), aclosing(answers.answer("request", turn)) as chunks:
                await anext(chunks)
        return answers.guards[0].state

    assert run_virtual(leave()) is BreakerState.OPEN


def test_a_probe_that_is_left_makes_room_for_another():
    """If the caller of a probe leaves before the first word, the next caller is the probe."""

    async def leave():
        service = ScriptedUpstream(failing("unavailable"), (1.0, *OK), OK)
        answers = resilient(service, tries=1, breaker_failures=1, breaker_open_s=2.0)
        await error_of(answers)
        await asyncio.sleep(2.0)
        probing = asyncio.ensure_future(answer_of(answers))
        await asyncio.sleep(0.5)
        probing.cancel()
        await asyncio.wait({probing})
        await answer_of(answers)
        return answers.guards[0].state

    assert run_virtual(leave()) is BreakerState.CLOSED


def test_a_caller_that_leaves_a_good_answer_closes_an_open_breaker():
    """An answer that was left after its first word shows that the service works."""

    async def leave():
        service = ScriptedUpstream(failing("unavailable"), ("Hello", 1.0, Finish()))
        answers = resilient(service, tries=1, breaker_failures=1, breaker_open_s=2.0)
        await error_of(answers)
        await asyncio.sleep(2.0)
        async with aclosing(answers.answer("request", make_turn())) as chunks:
            await anext(chunks)
        return answers.guards[0].state

    assert run_virtual(leave()) is BreakerState.CLOSED
