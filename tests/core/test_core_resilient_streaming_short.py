"""Turns with little time: who is to blame for silence, and which error they end with."""

import asyncio
from contextlib import aclosing

import attrs
import pytest

from ion_framework.errors import FailureCause, GenerationError
from ion_framework.resilience import BreakerState
from ion_framework.testing import make_turn, run_virtual
from tests.support.upstreams import OK, ScriptedUpstream, answer_of, error_of, failing, resilient

SLOW = (1.0, *OK)
TOUCHY = {"breaker_failures": 1, "breaker_open_s": 1.0, "breaker_longest_open_s": 1.0}


def now():
    """The running loop's time."""
    return asyncio.get_running_loop().time()


# --- blame ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("bound", ["speak_by", "deadline"])
def test_turns_with_little_time_do_not_open_the_breaker(bound):
    """A model that says nothing within the little time of a turn is not out of order."""

    async def live():
        answers = resilient(ScriptedUpstream(SLOW), **TOUCHY)
        for _ in range(20):
            error = await error_of(answers, **{bound: now() + 0.2})
            assert error.cause is FailureCause.TIMEOUT
        return answers.guards[0].opened, len(await answer_of(answers))

    assert run_virtual(live()) == (0, 3)


def test_a_turn_that_has_nearly_all_of_a_trys_time_is_a_witness():
    """The silence of a model counts where the turn ends hardly sooner than the try would."""

    async def live():
        answers = resilient(ScriptedUpstream((100.0,)), **TOUCHY)
        error = await error_of(answers, speak_by=now() + 20.0)
        return error.late, answers.guards[0].state

    assert run_virtual(live()) == (True, BreakerState.OPEN)


def test_what_the_service_says_counts_in_short_turns_too():
    """A failure that the service itself tells opens the breaker, however little time there was."""

    async def live():
        answers = resilient(ScriptedUpstream(failing("unavailable")), tries=1, **TOUCHY)
        await error_of(answers, speak_by=now() + 0.2)
        return answers.guards[0].state

    assert run_virtual(live()) is BreakerState.OPEN


def test_leaving_at_the_end_of_a_short_turn_is_nobodys_fault():
    """A cancellation at the end of little time says nothing about the model."""

    async def live():
        answers = resilient(ScriptedUpstream(SLOW), **TOUCHY)
        turn = attrs.evolve(make_turn(), speak_by=now() + 0.2)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.185), aclosing(answers.answer("request", turn)) as chunks:
                await anext(chunks)
        return answers.guards[0].state

    assert run_virtual(live()) is BreakerState.CLOSED


class Translating(ScriptedUpstream):
    """Tells of being cancelled as of a failure of the service."""

    async def stream(self, model, request):
        """The next script."""
        try:
            async for chunk in super().stream(model, request):
                yield chunk
        except asyncio.CancelledError:
            raise GenerationError(FailureCause.UNREACHABLE, "cut") from None


def test_what_a_cut_makes_of_a_client_is_not_the_services_fault():
    """An error that the client raises because the turn's end cut it short is a late timeout."""

    async def live():
        answers = resilient(Translating(SLOW), **TOUCHY)
        error = await error_of(answers, speak_by=now() + 0.2)
        return error.cause, error.late, answers.guards[0].opened

    assert run_virtual(live()) == (FailureCause.TIMEOUT, True, 0)


# --- probes ---------------------------------------------------------------------------------------


async def opened(*scripts):
    """Answers whose breaker has just become ready for a probe."""
    answers = resilient(ScriptedUpstream(failing("unavailable"), *scripts), tries=1, **TOUCHY)
    await error_of(answers)
    await asyncio.sleep(1.0)
    return answers


def test_a_turn_with_little_time_keeps_no_probe_out():
    """While a turn with little time waits for a model that rests, one with time is the probe."""

    async def live():
        answers = await opened(SLOW)
        short = asyncio.ensure_future(error_of(answers, speak_by=now() + 0.5))
        await asyncio.sleep(0.1)
        chunks = await answer_of(answers)
        return (await short).cause, len(chunks), answers.guards[0].state

    assert run_virtual(live()) == (FailureCause.TIMEOUT, 3, BreakerState.CLOSED)


def test_turns_with_little_time_do_not_prolong_a_rest():
    """Turns with little time that meet silence leave a breaker as ready for a probe as it was."""

    async def live():
        answers = await opened(SLOW)
        for _ in range(10):
            await error_of(answers, speak_by=now() + 0.2)
        return answers.guards[0].opened, len(await answer_of(answers))

    assert run_virtual(live()) == (1, 3)


def test_one_turn_with_little_time_at_once_asks_a_model_that_rests():
    """Of many turns with little time one asks, and the others are refused at once."""

    async def live():
        answers = await opened(SLOW)
        short = [error_of(answers, speak_by=now() + 0.5) for _ in range(5)]
        causes = [error.cause.value for error in await asyncio.gather(*short)]
        refused = (await error_of(answers, speak_by=now() + 0.5)).cause.value
        return sorted(causes), refused

    assert run_virtual(live()) == (["circuit_open"] * 4 + ["timeout"], "timeout")


def test_a_model_heals_where_no_turn_has_much_time():
    """An answer within little time closes the breaker, and a refusal opens it again."""

    async def live():
        answers = await opened(failing("unavailable"), OK)
        refused = await error_of(answers, speak_by=now() + 0.2)
        again = answers.guards[0].opened
        await asyncio.sleep(1.0)
        await answer_of(answers, speak_by=now() + 0.2)
        return refused.cause, again, answers.guards[0].state

    assert run_virtual(live()) == (FailureCause.UNAVAILABLE, 2, BreakerState.CLOSED)


# --- late -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("bound", ["speak_by", "deadline"])
@pytest.mark.parametrize("seconds", [-1.0, 0.0, 0.02, 2.0])
def test_an_error_says_that_the_turn_was_out_of_time(bound, seconds):
    """A turn that ends before the first word ends with a late error, asked or not."""

    async def live():
        return await error_of(resilient(ScriptedUpstream((100.0,))), **{bound: now() + seconds})

    error = run_virtual(live())

    assert (error.cause, error.late) == (FailureCause.TIMEOUT, True)


def test_a_turn_that_ends_during_a_retry_is_late():
    """Where the last try was cut by the turn the error is late, whatever failed before it."""

    async def live():
        answers = resilient(ScriptedUpstream(failing("unavailable"), (100.0,)))
        return await error_of(answers, speak_by=now() + 5.0)

    error = run_virtual(live())

    assert (error.late, error.tries) == (True, 2)


@pytest.mark.parametrize(
    ("script", "settings"),
    [
        (failing("unavailable"), {}),
        (failing("rate_limited", 50.0), {}),
        ((100.0,), {"first_token_s": 2.0, "connect_s": 2.0}),
        ((100.0,), {"first_token_s": 4.0, "next_token_s": 4.0, "total_s": 4.0, "connect_s": 1.0}),
    ],
    ids=["unavailable", "asks to wait", "silent", "whole time"],
)
def test_what_the_service_is_to_blame_for_is_not_late(script, settings):
    """A service that fails, or is silent for longer than it may, makes no late error."""

    async def live():
        return await error_of(resilient(ScriptedUpstream(script), **settings), speak_by=now() + 9.0)

    assert run_virtual(live()).late is False


@pytest.mark.parametrize(("total_s", "late"), [(30.0, False), (120.0, True)])
def test_an_answer_cut_in_the_middle_by_the_turn_is_late(total_s, late):
    """A begun answer that meets the turn's end is late, one that meets total_s is not."""

    async def live():
        answers = resilient(ScriptedUpstream(("word ", 1.0) * 100), total_s=total_s)
        return await error_of(answers, deadline=now() + 40.0)

    assert run_virtual(live()).late is late


# --- margins --------------------------------------------------------------------------------------


@pytest.mark.parametrize("seconds", [0.02, 0.06, 0.1, 0.14, 1.0, 10.0])
def test_an_answer_that_needs_nearly_all_of_the_time_comes(seconds):
    """A service that speaks after nine tenths of the time is heard, however short that is."""

    async def live():
        answers = resilient(ScriptedUpstream((0.9 * seconds, *OK)))
        return await answer_of(answers, speak_by=now() + seconds)

    assert len(run_virtual(live())) == 3


@pytest.mark.parametrize(("seconds", "ended"), [(0.1, 0.095), (1.0, 0.95), (10.0, 9.95)])
def test_a_try_ends_before_the_turn_ends_it(seconds, ended):
    """A try leaves the turn a twentieth of its time, and at most 50 ms, to tell of the failure."""

    async def live():
        await error_of(resilient(ScriptedUpstream((100.0,))), speak_by=now() + seconds)
        return now()

    assert run_virtual(live()) == pytest.approx(ended)
