"""A service that fails often, always, or for one model only."""

import asyncio
import time

import pytest
import structlog

from ion_framework.errors import FailureCause, GenerationError
from ion_framework.resilience import BreakerState
from ion_framework.testing.model_servers.faults import Answer, by_model, fault, mixture

pytestmark = pytest.mark.outage

SHAKY = {fault("unavailable-503"): 0.30, fault("hang-before-headers"): 0.05}
PROMPT_ANSWER = Answer(first_delay_s=0.02)
REQUESTS = 200
AT_ONCE = 20
RESERVE = 10


async def answered(asked, number):
    """How many of so many requests are answered, a few dozen at once."""
    room = asyncio.Semaphore(AT_ONCE)

    async def one():
        async with room:
            try:
                await asked.ask()
            except GenerationError:
                return False
            return True

    return sum(await asyncio.gather(*(one() for _ in range(number))))


@pytest.mark.parametrize("seed", [1, 2])
async def test_a_shaky_service_answers_nearly_all_with_few_tries(service, seed):
    """With 30 % of 503 and 5 % of hangs most are answered, at 1.5 tries each and the reserve."""
    async with service(first_token_s=1.0, connect_s=1.0) as asked:
        await asked.ask()
        asked.fake.plan(mixture(seed, SHAKY, PROMPT_ANSWER))
        share = await answered(asked, REQUESTS) / REQUESTS
        tries = (len(asked.fake.requests) - 1) / REQUESTS

    assert share > 0.88
    assert tries <= 1.5 + RESERVE / REQUESTS


async def test_with_a_second_model_a_shaky_service_answers_all(service):
    """If only one model is shaky, its fallback answers what it does not."""
    async with service(
        first_token_s=1.0, connect_s=1.0, fallback_models=("gemini-test-2",)
    ) as asked:
        await asked.ask()
        shaky = mixture(3, SHAKY, PROMPT_ANSWER)

        def plan(number, request):
            return shaky(number, request) if request.model == "gemini-test-1" else Answer()

        asked.fake.plan(plan)
        assert await answered(asked, REQUESTS) == REQUESTS


async def test_retries_are_bounded_while_all_is_down(service):
    """While everything fails a tenth of the requests is tried again, and the reserve."""
    async with service(fault("unavailable-503"), breaker_failures=1000) as asked:
        assert await answered(asked, REQUESTS) == 0
        retries = len(asked.fake.requests) - REQUESTS

    assert retries <= 0.1 * REQUESTS + RESERVE


async def test_a_model_that_is_down_is_left_alone_and_comes_back(service):
    """An outage opens the breaker, which spares the service, and heals without a restart."""
    times = {
        "breaker_failures": 4,
        "breaker_after_s": 0.0,
        "breaker_open_s": 0.3,
        "breaker_longest_open_s": 0.3,
    }
    async with service(fault("unavailable-503"), tries=1, **times) as asked:
        with structlog.testing.capture_logs() as lines:
            errors = [await asked.failure() for _ in range(30)]
            (guard,) = asked.gemini.answers.guards
            assert guard.state is not BreakerState.CLOSED
            asked.fake.behave(Answer())
            began = time.monotonic()
            while time.monotonic() - began < 10 and guard.state is not BreakerState.CLOSED:
                await asyncio.sleep(0.05)
                await answered(asked, 1)

    assert {error.cause for error in errors} == {
        FailureCause.UNAVAILABLE,
        FailureCause.CIRCUIT_OPEN,
    }
    assert guard.state is BreakerState.CLOSED
    assert lines[-1]["after"] == "closed"
    assert len(asked.fake.requests) < 30


@pytest.mark.parametrize(
    "name", ["unavailable-503", "quota-429", "model-not-found-404", "empty-200", "html-200"]
)
async def test_the_fallback_model_answers_in_its_own_name(service, name):
    """Where the first model is out the second answers, and the finish names it."""
    async with service(
        fallback_models=("gemini-test-2",),
        total_s=5.0,
        connect_s=2.0,
        first_token_s=4.0,
        next_token_s=4.0,
    ) as asked:
        asked.fake.plan(by_model({"gemini-test-1": fault(name)}))
        text, finish = await asked.ask()

    assert (text, finish.model) == ("Hello from the fake.", "gemini-test-2")
    assert finish.tries == len(asked.fake.requests)


async def test_nothing_falls_back_after_the_first_word(service):
    """An answer that broke off is not begun again by another model."""
    async with service(fallback_models=("gemini-test-2",)) as asked:
        asked.fake.plan(by_model({"gemini-test-1": fault("reset-mid-stream")}))
        error = await asked.failure()

    assert (error.cause, len(asked.fake.requests)) == (FailureCause.CUT_OFF, 1)


async def test_a_wrong_key_is_asked_once(service):
    """Credentials that are not accepted are not tried again, and not with another model."""
    async with service(api_key="AIza-WRONG", fallback_models=("gemini-test-2",)) as asked:
        error = await asked.failure()

    assert (error.cause, len(asked.fake.requests)) == (FailureCause.DENIED, 1)
