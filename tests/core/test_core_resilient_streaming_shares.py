"""How models share the time of a turn, so that one that hangs leaves some to the next."""

import asyncio

import pytest

from ion_framework.errors import FailureCause
from ion_framework.pipeline.chunks import TextChunk
from ion_framework.resilience import BreakerState
from ion_framework.testing import run_virtual
from tests.support.upstreams import OK, ScriptedUpstream, answer_of, error_of, failing, resilient

BOTH = ("first", "second")
HANGS = (1000.0,)


def now():
    """The running loop's time."""
    return asyncio.get_running_loop().time()


@pytest.mark.parametrize("speak_s", [0.1, 2.0, 12.0, 30.0, 45.0, 500.0])
def test_a_hanging_model_leaves_time_for_the_next(speak_s):
    """With all defaults a model that says nothing is asked once, and then the next answers."""

    async def live():
        service = ScriptedUpstream((min(speak_s / 4, 10.0), *OK), first=[HANGS])
        chunks = await answer_of(resilient(service, models=BOTH), speak_by=now() + speak_s)
        return service.models, chunks[-1].degraded

    degraded = "the preferred model first did not answer (timeout)"
    assert run_virtual(live()) == (["first", "second"], degraded)


def test_every_model_has_an_equal_share():
    """Each of three hanging models has a third of the time, and the last one makes it late."""

    async def live():
        service = ScriptedUpstream(HANGS)
        error = await error_of(resilient(service, models=("a", "b", "c")), speak_by=now() + 30.05)
        return service.models, service.pauses, error.late, now()

    models, pauses, late, ended = run_virtual(live())

    assert (models, late) == (["a", "b", "c"], True)
    assert pauses == pytest.approx([10.0, 10.0])
    assert ended == pytest.approx(30.0)


def test_a_model_that_rests_needs_no_share():
    """The time of a model that is left alone by its breaker goes to the one before it."""

    async def live():
        service = ScriptedUpstream((8.0, *OK), second=[failing("unavailable")])
        answers = resilient(service, models=BOTH, tries=1, breaker_failures=1, breaker_open_s=9.0)
        service.left["first"] = [failing("unknown_model"), (8.0, *OK)]
        await error_of(answers)
        return (await answer_of(answers, speak_by=now() + 10.0))[0]

    assert run_virtual(live()) == TextChunk("Hello ")


def test_a_long_wait_is_not_waited_while_another_model_is_left():
    """A wait that the service asks for beyond retry_longest_s leads to the next model at once."""

    async def live(asked_s):
        service = ScriptedUpstream(OK, first=[failing("rate_limited", asked_s), OK])
        await answer_of(resilient(service, models=BOTH), speak_by=now() + 30.0)
        return service.models, now()

    assert run_virtual(live(8.5)) == (["first", "second"], 0.0)
    assert run_virtual(live(7.0)) == (["first", "first"], 7.0)


def test_short_waits_do_not_come_to_a_long_one_while_another_model_is_left():
    """A service that asks for one wait after the other is left before they exceed the longest."""

    async def live():
        service = ScriptedUpstream(OK, first=[failing("rate_limited", 7.0)])
        await answer_of(resilient(service, models=BOTH), speak_by=now() + 60.0)
        return service.models, now()

    assert run_virtual(live()) == (["first", "first", "second"], 7.0)


def test_no_wait_takes_another_models_share():
    """A wait that ends after a model's share of the time leads to the next model at once."""

    async def live():
        service = ScriptedUpstream(OK, first=[failing("rate_limited", 7.0), OK])
        await answer_of(resilient(service, models=BOTH), speak_by=now() + 12.0)
        return service.models, now()

    assert run_virtual(live()) == (["first", "second"], 0.0)


def test_the_last_model_is_tried_again_after_a_timeout():
    """Where no other model is left a timeout is followed by the same model."""

    async def live():
        service = ScriptedUpstream(failing("unknown_model"), failing("timeout"), OK)
        await answer_of(resilient(service, models=BOTH), speak_by=now() + 30.0)
        return service.models

    assert run_virtual(live()) == ["first", "second", "second"]


def test_a_hanging_model_is_left_alone_although_its_share_is_short():
    """Silence through a share of the time counts where the turn had the time of a try."""

    async def live():
        service = ScriptedUpstream(OK, first=[HANGS])
        answers = resilient(service, models=BOTH, breaker_failures=1)
        await answer_of(answers, speak_by=now() + 30.0)
        return answers.guards[0].state, now()

    state, spoke_after = run_virtual(live())

    assert state is BreakerState.OPEN
    assert spoke_after == pytest.approx(15.0, abs=0.05)


@pytest.mark.parametrize(
    ("usually_s", "speak_s", "opened"),
    [(1.0, 30.0, 1), (9.0, 30.0, 0), (1.0, 15.0, 0)],
    ids=["quick model", "slow model", "short turn"],
)
def test_a_short_share_is_no_proof_against_a_slow_model(usually_s, speak_s, opened):
    """Silence through a share counts if it is twice what the model usually takes to speak."""

    async def live():
        service = ScriptedUpstream(OK, first=[(usually_s, *OK), HANGS])
        answers = resilient(service, models=BOTH, breaker_failures=1)
        await answer_of(answers)
        await answer_of(answers, speak_by=now() + speak_s)
        return answers.guards[0].opened

    assert run_virtual(live()) == opened


def test_two_models_that_hang_end_as_a_timeout():
    """If every model is silent for its own time, the error is a timeout of the service."""

    async def live():
        times = {"first_token_s": 2.0, "connect_s": 1.0}
        answers = resilient(ScriptedUpstream(HANGS), models=BOTH, tries=1, **times)
        return await error_of(answers, speak_by=now() + 30.0)

    error = run_virtual(live())

    assert (error.cause, error.late, error.tries) == (FailureCause.TIMEOUT, False, 2)
