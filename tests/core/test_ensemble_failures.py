"""Parts that fail or take too long, and what becomes of the whole."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from ion_framework.ensemble.ensemble import Ensemble
from ion_framework.errors import NoAnswerError
from ion_framework.settings.model import Settings, TurnSettings
from ion_framework.testing import run_virtual, running_ion
from tests.support.ensembles import (
    ANALYZER,
    ANN,
    BOB,
    BOB_AFTER,
    CAT_AFTER,
    THREE,
    TWO,
    Speaker,
    by_name,
    request_for,
    respond,
    speaker,
)


async def only_ann(turn, _prompt):
    """Fails for everybody but one."""
    if turn.persona.name != "ann":
        raise ConnectionError("secret")
    return "ann helps"


def test_a_failing_part_degrades_the_whole():
    """Where one part fails the others are given, and the reply says who is missing."""
    reply = respond(TWO, speaker(Speaker(only_ann)))

    assert reply.content == "ann helps"
    assert reply.degraded == "bob: has no answer"
    assert reply.merged_by is None
    failed = next(item for item in reply.contributions if item.reply is None)
    assert isinstance(failed.error, NoAnswerError)
    weight = next(item.aspect.weight for item in reply.answered)
    own = next(item.reply.decision.confidence for item in reply.answered)
    assert abs(reply.confidence - weight * own) < Decimal("0.00001")


def test_when_all_fail_there_is_no_answer():
    """Where every part fails the error of the heaviest one is raised."""

    async def fail(_turn, _prompt):
        raise ConnectionError("down")

    with pytest.raises(NoAnswerError):
        respond(TWO, speaker(Speaker(fail)))


def test_an_unforeseen_error_fails_its_part_only():
    """A host whose own accounting breaks in one part still gives the others."""

    async def main():
        async with running_ion(ANALYZER, speaker(), personas=(ANN, BOB)) as ion:

            async def broken(request):
                if request.persona == "bob":
                    raise ValueError("broken")
                return await ion.respond(request)

            return await Ensemble(ion, broken).respond(TWO)

    reply = asyncio.run(main())

    assert reply.personas == ("ann",)
    failed = next(item for item in reply.contributions if item.reply is None)
    assert "ValueError" in failed.error.detail
    assert "broken" not in str(failed.error)


def test_one_deadline_is_over_all():
    """A step that hangs leaves the next ones their share, and the end comes within the deadline."""
    ended = []

    async def slow(turn, _prompt):
        if turn.persona.name == "ann":
            await asyncio.sleep(1000)
        return await by_name(turn, _prompt)

    async def main():
        loop = asyncio.get_running_loop()
        settings = Settings(turn=TurnSettings(deadline_s=60.0))
        async with running_ion(
            ANALYZER,
            speaker(Speaker(slow)),
            personas=(ANN, BOB_AFTER, CAT_AFTER),
            settings=settings,
            clock=loop,
        ) as ion:
            began = loop.time()
            reply = await Ensemble(ion).respond(request_for(THREE, deadline_s=9.0))
            ended.append(loop.time() - began)
            return reply

    reply = run_virtual(main())

    assert reply.personas == ("bob", "cat")
    assert 2.5 < ended[0] <= 9.0


def test_when_time_is_up_nothing_more_begins():
    """Where all steps hang the error says that the time was up."""

    async def hang(_turn, _prompt):
        await asyncio.sleep(1000)

    async def main():
        loop = asyncio.get_running_loop()
        async with running_ion(
            ANALYZER, speaker(Speaker(hang)), personas=(ANN, BOB_AFTER), clock=loop
        ) as ion:
            began = loop.time()
            with pytest.raises(NoAnswerError) as caught:
                await Ensemble(ion).respond(request_for(TWO, deadline_s=4.0))
            return caught.value, loop.time() - began

    error, spent_s = run_virtual(main())

    assert error.late
    assert spent_s <= 4.1


def test_a_caller_that_leaves_ends_all_parts():
    """Where the caller leaves, every part that runs is ended, and nothing more begins."""
    begun, ended, both = [], [], asyncio.Event()

    async def hang(turn, _prompt):
        begun.append(turn.persona.name)
        if len(begun) == 2:
            both.set()
        try:
            await asyncio.sleep(1000)
        finally:
            ended.append(turn.persona.name)

    async def main():
        async with running_ion(
            ANALYZER, speaker(Speaker(hang)), personas=(ANN, BOB, CAT_AFTER)
        ) as ion:
            task = asyncio.create_task(Ensemble(ion).respond(THREE))
            await both.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            return len(begun)

    assert run_virtual(main()) == 2
    assert sorted(ended) == ["ann", "bob"]
