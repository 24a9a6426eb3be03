"""Fallback models, their breakers, and the budget of retries, in virtual time."""

import asyncio
import random

import pytest
import structlog

from ion_framework.errors import FailureCause, GenerationError
from ion_framework.pipeline.chunks import Finish
from ion_framework.resilience import BreakerState
from ion_framework.testing import run_virtual
from tests.support.upstreams import OK, ScriptedUpstream, answer_of, error_of, failing, resilient

BOTH = ("first", "second")


@pytest.mark.parametrize("cause", ["unknown_model", "rate_limited", "empty", "bad_answer"])
def test_the_next_model_answers_where_one_is_out(cause):
    """A model that cannot answer is followed by the next, and the tries of both are counted."""
    service = ScriptedUpstream(OK, first=[failing(cause, 90.0)])

    chunks = run_virtual(_ask(service, first_token_s=20.0, total_s=80.0))

    assert (service.models, chunks[-1].tries) == (["first", "second"], 2)
    assert chunks[-1].degraded == f"the preferred model first did not answer ({cause})"


def test_the_answer_of_the_first_model_is_not_second_best():
    """An answer of the first model says nothing of degradation, also after a second try."""
    service = ScriptedUpstream(failing("unavailable"), OK)

    assert run_virtual(_ask(service))[-1].degraded == ""


def test_every_model_that_was_passed_over_is_named():
    """An answer of the third model names the two before it, with the cause of each."""
    service = ScriptedUpstream(OK, a=[failing("unavailable")], b=[failing("rate_limited", 90.0)])

    (*_, finish) = run_virtual(_ask(service, models=("a", "b", "c"), total_s=80.0))

    assert finish.degraded == (
        "the preferred model a did not answer (unavailable); "
        "the preferred model b did not answer (rate_limited)"
    )


def test_the_next_model_is_asked_after_all_tries():
    """A model that is unavailable is tried as often as allowed before the next is asked."""
    service = ScriptedUpstream(OK, first=[failing("unavailable")])

    run_virtual(_ask(service))

    assert service.models == ["first", "first", "first", "second"]


@pytest.mark.parametrize("cause", ["rejected", "denied", "unreachable", "busy", "misconfigured"])
def test_what_every_model_would_meet_is_not_asked_of_the_next(cause):
    """A failure of the request, the key or the way there ends the answer at the first model."""
    service = ScriptedUpstream(OK, first=[failing(cause)])

    error = run_virtual(_fail(service, tries=1))

    assert (error.cause, service.models) == (cause, ["first"])


def test_no_other_model_goes_on_with_a_begun_answer():
    """After the first word the next model is not asked."""
    service = ScriptedUpstream(OK, first=[("Hello", *failing("unavailable"))])

    run_virtual(_fail(service))

    assert service.models == ["first"]


def test_the_error_tells_of_every_model():
    """If all models fail, the error names each and the soonest time to come back."""
    service = ScriptedUpstream(
        first=[failing("rate_limited", 500.0)], second=[failing("rate_limited", 300.0)]
    )

    error = run_virtual(_fail(service))

    assert str(error) == "first: it was rate_limited; second: it was rate_limited"
    assert (error.retry_after_s, error.tries) == (300.0, 2)


HOPES = [
    ("unavailable", "rejected", "unavailable"),
    ("empty", "rejected", "empty"),
    ("unknown_model", "rejected", "unknown_model"),
    ("rate_limited", "unknown_model", "rate_limited"),
    ("bad_answer", "unavailable", "unavailable"),
    ("unavailable", "empty", "unavailable"),
    ("unavailable", "rate_limited", "rate_limited"),
]


@pytest.mark.parametrize(("first", "second", "told"), HOPES)
def test_the_most_hopeful_cause_counts(first, second, told):
    """A fallback model's verdict on the request does not hide that the preferred one was down."""
    service = ScriptedUpstream(first=[failing(first)], second=[failing(second)])

    error = run_virtual(_fail(service, tries=1))

    assert (error.cause, service.models) == (told, ["first", "second"])


def test_a_model_that_was_left_alone_has_rejected_nothing():
    """While the breaker of one model is open, the next one's rejection is not the last word."""

    async def live():
        service = ScriptedUpstream(failing("rejected"), first=[failing("unavailable")])
        answers = resilient(service, models=BOTH, tries=1, breaker_failures=1)
        await error_of(answers)
        service.asked.clear()
        return (await error_of(answers)).cause, service.models

    assert run_virtual(live()) == (FailureCause.CIRCUIT_OPEN, ["second"])


def test_what_an_asked_model_said_goes_before_one_that_was_left_alone():
    """A cause that a service itself gave says more than that a breaker is open."""

    async def live():
        service = ScriptedUpstream(failing("empty"), first=[failing("unavailable")])
        answers = resilient(service, models=BOTH, tries=1, breaker_failures=1)
        await error_of(answers)
        return (await error_of(answers)).cause

    assert run_virtual(live()) is FailureCause.EMPTY


def test_the_breaker_opens_after_failures_in_a_row_and_heals():
    """A model is left alone after enough failures in a row, then probed once, then asked again."""

    async def live():
        service = ScriptedUpstream(*[failing("unavailable")] * 4, OK)
        answers = resilient(service, tries=1, breaker_failures=4, breaker_open_s=2.0)
        for _ in range(4):
            assert (await error_of(answers)).cause is FailureCause.UNAVAILABLE
        refused = await error_of(answers)
        asked = len(service.asked)
        await asyncio.sleep(2.0)
        await answer_of(answers)
        return answers.guards[0], refused, asked

    with structlog.testing.capture_logs() as lines:
        guard, refused, asked = run_virtual(live())

    assert (refused.cause, refused.tries, asked) == (FailureCause.CIRCUIT_OPEN, 0, 4)
    assert refused.retry_after_s == pytest.approx(2.0)
    assert (guard.state, guard.opened) == (BreakerState.CLOSED, 1)
    assert [(line["before"], line["after"]) for line in lines] == [
        ("closed", "open"),
        ("open", "half_open"),
        ("half_open", "closed"),
    ]


def test_an_answer_in_between_starts_the_row_anew():
    """Failures that answers interrupt do not open the breaker."""

    async def live():
        service = ScriptedUpstream(*[failing("unavailable"), failing("timeout"), OK] * 20)
        answers = resilient(service, tries=1, breaker_failures=3)
        for _ in range(60):
            await _either(answers)
        return answers.guards[0].opened

    assert run_virtual(live()) == 0


def test_a_burst_that_begins_with_failures_does_not_open_the_breaker():
    """Failures that come before the first answers of the same burst are not yet an outage."""

    async def live():
        service = ScriptedUpstream(*[failing("unavailable")] * 14, (1.0, *OK))
        answers = resilient(service, tries=1, breaker_failures=10, breaker_after_s=2.0)
        await asyncio.gather(*(_either(answers) for _ in range(40)))
        opened = answers.guards[0].opened
        service.left[None] = [failing("unavailable")]
        for _ in range(30):
            await _either(answers)
            await asyncio.sleep(0.1)
        return opened, answers.guards[0].opened > 0

    assert run_virtual(live()) == (0, True)


@pytest.mark.parametrize("cause", ["rejected", "denied", "unknown_model", "empty"])
def test_answers_that_are_no_outage_do_not_open_the_breaker(cause):
    """A service that answers with a refusal works."""

    async def live():
        answers = resilient(ScriptedUpstream(failing(cause)), breaker_failures=1)
        await error_of(answers)
        return answers.guards[0].state

    assert run_virtual(live()) is BreakerState.CLOSED


@pytest.mark.parametrize("cause", ["busy", "misconfigured"])
def test_what_lies_on_this_side_says_nothing_about_the_service(cause):
    """Without a connection of our own a breaker neither opens nor closes, and its probe is free."""

    async def live():
        own, down = failing(cause), failing("unavailable")
        service = ScriptedUpstream(own, own, down, own, OK)
        answers = resilient(service, tries=1, breaker_failures=1, breaker_open_s=2.0)
        (guard,) = answers.guards
        await error_of(answers)
        await error_of(answers)
        states = [guard.state]
        await error_of(answers)
        await asyncio.sleep(2.0)
        await error_of(answers)
        states += [guard.state]
        await answer_of(answers)
        return [*states, guard.state], guard.opened

    states = [BreakerState.CLOSED, BreakerState.HALF_OPEN, BreakerState.CLOSED]
    assert run_virtual(live()) == (states, 1)


def test_what_was_not_asked_is_no_try_and_no_verdict():
    """An error before the service was asked counts as no try and leaves a probe's place free."""

    async def live():
        unasked, down = failing("unknown_model", tries=0), failing("unavailable")
        service = ScriptedUpstream(down, unasked, OK)
        answers = resilient(service, tries=1, breaker_failures=1, breaker_open_s=2.0)
        await error_of(answers)
        await asyncio.sleep(2.0)
        error, state = await error_of(answers), answers.guards[0].state
        return error.tries, state, (await answer_of(answers))[-1].tries

    assert run_virtual(live()) == (0, BreakerState.HALF_OPEN, 1)


def test_an_open_breaker_leads_to_the_next_model_at_once():
    """While one model is left alone the next answers at the first try."""

    async def live():
        service = ScriptedUpstream(OK, first=[failing("unavailable")])
        answers = resilient(service, models=BOTH, tries=1, breaker_failures=1)
        await answer_of(answers)
        service.asked.clear()
        finish = (await answer_of(answers))[-1]
        return finish.tries, service.models, finish.degraded

    degraded = "the preferred model first did not answer (circuit_open)"
    assert run_virtual(live()) == (1, ["second"], degraded)


def test_a_probe_has_seen_enough_with_the_first_word():
    """The breaker closes when the probe's answer begins, not when it ends."""

    async def live():
        service = ScriptedUpstream(failing("unavailable"), ("Hello", 10.0, Finish()))
        answers = resilient(service, tries=1, breaker_failures=1, breaker_open_s=2.0)
        await error_of(answers)
        await asyncio.sleep(2.0)
        probing = asyncio.ensure_future(answer_of(answers))
        await asyncio.sleep(1.0)
        state = answers.guards[0].state
        await probing
        return state

    assert run_virtual(live()) is BreakerState.CLOSED


def test_retries_are_a_tenth_of_the_requests_in_an_outage():
    """While everything fails there is one retry for ten requests, and the reserve."""

    async def live():
        service = ScriptedUpstream(failing("unavailable"))
        answers = resilient(service, breaker_failures=10_000)
        for _ in range(500):
            await error_of(answers)
        return len(service.asked) - 500

    assert 0.1 * 500 <= run_virtual(live()) <= 0.1 * 500 + 10


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_most_requests_of_a_shaky_service_are_answered_with_few_tries(seed):
    """With a third of the tries failing, nine of ten requests are answered at 1.5 tries each."""

    async def live():
        coin = random.Random(seed)  # noqa: S311  repeatable, no secret
        scripts = [failing("unavailable") if coin.random() < 0.35 else OK for _ in range(9000)]
        service = ScriptedUpstream(*scripts)
        answers = resilient(service)
        answered = 0
        for _ in range(2000):
            answered += await _either(answers)
            await asyncio.sleep(0.05)
        return answered / 2000, len(service.asked) / 2000

    answered, tries = run_virtual(live())

    assert answered > 0.9
    assert tries <= 1.5


async def _either(answers):
    """Whether an answer came."""
    try:
        await answer_of(answers)
    except GenerationError:
        return False
    return True


async def _ask(service, models=BOTH, **settings):
    return await answer_of(resilient(service, models=models, **settings))


async def _fail(service, **settings):
    return await error_of(resilient(service, models=BOTH, **settings))
