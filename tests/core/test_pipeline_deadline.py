"""One deadline for the turn, over everything in it."""

import asyncio
import math

import pytest

from ion_framework.errors import FailureCause, GenerationError, NoAnswerError
from ion_framework.pipeline.chunks import Finish, TextChunk
from ion_framework.pipeline.markers import hookimpl
from ion_framework.pipeline.turn import Turn, TurnRequest
from ion_framework.settings.model import Settings, TurnSettings
from ion_framework.testing import ScriptedGenerator, make_plugin, run_virtual, running_ion


class Watching:
    """Notes the times that it is told."""

    def __init__(self):
        self.told = []

    @hookimpl
    async def ion_generate(self, turn):
        """Note them, and answer."""
        now = asyncio.get_running_loop().time()
        self.told.append((round(turn.speak_by - now, 6), round(turn.deadline - now, 6)))
        yield TextChunk("yes")
        yield Finish()


async def respond(*generators, settings=None, stand_ins=0, **request):
    """The reply of these generators, first to last, and the seconds that it took.

    The last ones are stand-ins, as many as said.
    """
    loop = asyncio.get_running_loop()
    models = len(generators) - stand_ins
    plugins = [
        make_plugin(f"g{number}", generator, "generator", fallback=number >= models)
        for number, generator in enumerate(generators)
    ]
    names = tuple(f"g{number}" for number in range(models))
    settings = Settings(turn=settings or TurnSettings(), order={"ion_generate": names})
    async with running_ion(*plugins, settings=settings, clock=loop) as ion:
        began = loop.time()
        reply = await ion.respond(TurnRequest(text="hello", **request))
        return reply, loop.time() - began


def test_a_generator_is_told_its_times():
    """It learns when it must have begun to speak and when the turn ends."""
    watching = Watching()
    limits = TurnSettings(deadline_s=30.0, first_token_s=8.0)

    run_virtual(respond(watching, settings=limits))

    assert [(8.0, 30.0)] == watching.told


def test_the_time_to_speak_is_shared_with_those_who_come_after():
    """With a second generator behind it, the first has half of what is left to begin."""
    watching = Watching()

    run_virtual(respond(watching, Watching(), deadline_s=10.0))

    assert [(5.0, 10.0)] == watching.told


@pytest.mark.parametrize(("asked_s", "had_s"), [(0.4, 0.36), (1.0, 0.9), (5.0, 4.5), (10.0, 9.5)])
def test_little_time_is_kept_for_stand_ins(asked_s, had_s):
    """Before stand-ins a model has all but 0.5 s to begin, and all but a tenth of a short time."""
    watching = Watching()

    run_virtual(respond(watching, Watching(), Watching(), stand_ins=2, deadline_s=asked_s))

    assert [(had_s, asked_s)] == watching.told


def test_models_share_what_stand_ins_leave():
    """Two models before a stand-in have half each of what is not kept for it."""
    hanging, watching = ScriptedGenerator(3600), Watching()

    run_virtual(respond(hanging, watching, Watching(), stand_ins=1, deadline_s=10.0))

    assert [(4.75, 5.25)] == watching.told


def test_a_stand_in_answers_for_a_model_that_hangs():
    """What was kept is enough for a stand-in, and two of them share it."""
    watching = Watching()

    reply, took_s = run_virtual(
        respond(ScriptedGenerator(3600), watching, Watching(), stand_ins=2, deadline_s=1.0)
    )

    assert ("yes", [(0.05, 0.1)]) == (reply.content, watching.told)
    assert took_s == pytest.approx(0.9)


LATE = GenerationError(FailureCause.TIMEOUT, "the turn leaves no time to ask", late=True)
DOWN = GenerationError(FailureCause.UNAVAILABLE, "down")


@pytest.mark.parametrize(
    ("errors", "late"),
    [((LATE,), True), ((LATE, DOWN), True), ((DOWN, LATE), True), ((DOWN, DOWN), False)],
)
def test_a_generator_that_had_no_time_makes_the_turn_late(errors, late):
    """Where a generator says that the turn left it no time, the turn ends as late."""

    async def main():
        with pytest.raises(NoAnswerError) as caught:
            await respond(*map(ScriptedGenerator, errors))
        return caught.value

    error = run_virtual(main())

    assert late is error.late
    assert late is ("the time of the turn was up" in str(error))


@pytest.mark.parametrize(
    ("causes", "retry_after_s", "repeatable"),
    [
        ("rejected rejected", None, True),
        ("denied unknown_model misconfigured", None, False),
        ("rejected denied", 5, False),
        ("denied unavailable", 5, False),
    ],
)
def test_trying_again_is_advised_only_where_it_makes_sense(causes, retry_after_s, repeatable):
    """Where a request or the settings are at fault, no time to try again is told."""
    errors = [GenerationError(FailureCause(cause), "no") for cause in causes.split()]

    async def main():
        with pytest.raises(NoAnswerError) as caught:
            await respond(*map(ScriptedGenerator, errors))
        return caught.value

    error = run_virtual(main())

    assert (retry_after_s, repeatable) == (error.retry_after_s, error.repeatable)


@pytest.mark.parametrize(("asked_s", "had_s"), [(4.0, 4.0), (600.0, 60.0), (None, 60.0)])
def test_the_request_may_shorten_the_deadline_and_not_lengthen_it(asked_s, had_s):
    """The receipt tells the deadline in force, and what the turn took."""
    reply, _ = run_virtual(respond(ScriptedGenerator(1.5, "yes", Finish()), deadline_s=asked_s))

    assert had_s * 1000 == reply.receipt.deadline_ms
    assert reply.receipt.spent_ms == pytest.approx(1500)


def test_retries_and_fallbacks_fit_into_the_deadline():
    """Two generators that hang end the turn as late, when its time is up and not later."""
    hanging = (ScriptedGenerator(3600, "never", Finish()) for _ in range(2))

    async def main():
        began = asyncio.get_running_loop().time()
        with pytest.raises(NoAnswerError) as caught:
            await respond(*hanging, deadline_s=6.0)
        return caught.value, asyncio.get_running_loop().time() - began

    error, took_s = run_virtual(main())
    assert error.late
    assert took_s == pytest.approx(6.0, abs=0.01)


def test_the_receipt_tells_how_often_a_service_was_asked_and_why_it_failed():
    """Tries and cause that a generator states stand in the receipt's attempts."""
    error = GenerationError(FailureCause.RATE_LIMITED, "too many requests", tries=3)
    reply, _ = run_virtual(
        respond(ScriptedGenerator(error), ScriptedGenerator("yes", Finish(tries=2)))
    )

    assert [("rate_limited", 3, False), ("", 2, True)] == [
        (item.cause, item.tries, item.succeeded) for item in reply.receipt.attempts
    ]
    assert reply.receipt.attempts[0].error == "too many requests"


def test_outside_a_turn_there_is_no_deadline():
    """A turn that somebody makes by hand has no end."""
    assert math.inf == Turn(TurnRequest(text="hello")).deadline


@pytest.mark.parametrize("seconds", [0, -1])
def test_a_deadline_of_no_time_is_refused(seconds):
    """A request cannot ask for no time at all."""
    with pytest.raises(ValueError, match="deadline_s"):
        TurnRequest(text="hello", deadline_s=seconds)
