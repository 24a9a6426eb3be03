"""The plugin in whole turns, against a server that answers, fails, hangs and dies."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

import pytest
from structlog.testing import capture_logs

from ion_framework import FinishReason, Ion, Reply, ReplyDelta, Settings, TurnRequest
from ion_framework.errors import NoAnswerError, TurnError, TurnRefusedError
from ion_framework.pipeline.receipt import CacheStatus
from ion_framework.plugin_host.discovery import Candidate, installed
from ion_framework.plugin_host.record import Status
from ion_framework.testing import (
    CacheProvider,
    DictCache,
    FakeGenerator,
    FakeOpenAI,
    lone_source,
    make_persona,
    make_plugin,
)
from ion_framework.testing.builders import persona_plugin, standard_parts
from ion_framework.testing.model_servers.faults import (
    FAULTS,
    Answer,
    Behaviour,
    Break,
    Cut,
    Failure,
    Phase,
    WireUsage,
    by_model,
    fault,
    mixture,
)

pytestmark = pytest.mark.outage

NAME = "openai-compatible"
KEY = "sk-S3CRET"
QUICK: dict[str, object] = {
    "api_key": KEY,
    "model": "main-model",
    "connect_s": 0.3,
    "first_token_s": 0.4,
    "next_token_s": 0.4,
    "total_s": 2.0,
    "tries": 2,
    "retry_base_s": 0.02,
}
DEADLINE_S = 2.0
SLACK_S = 2.5  # ten times what is promised: a test machine may be busy


def stand_in() -> Candidate:
    """A generator that answers where the plugin does not."""
    return make_plugin("stand-in", FakeGenerator(("Sorry.",)), "generator", fallback=True)


def ion_of(fake: FakeOpenAI, *others: Candidate, **settings: object) -> Ion:
    """An `Ion` with the installed plugin in front of other generators."""
    source = lone_source(
        NAME,
        *others,
        *standard_parts("generator"),
        persona_plugin(make_persona("companion")),
    )
    table = {"base_url": fake.base_url, **QUICK, **settings}
    return Ion(Settings(plugin={NAME: table}), source=source, environ={})


@asynccontextmanager
async def talking(*others: Candidate, **settings: object) -> AsyncIterator[tuple[FakeOpenAI, Ion]]:
    """A server and an `Ion` that asks it."""
    async with FakeOpenAI(api_key=KEY) as fake, ion_of(fake, *others, **settings) as ion:
        yield fake, ion


async def failing(ion: Ion, text: str = "hello") -> NoAnswerError:
    """The error of a turn."""
    with pytest.raises(NoAnswerError) as caught:
        await ion.respond(text)
    return caught.value


def cause_of(reply: Reply) -> tuple[str, int]:
    """Cause and tries of the plugin's attempt at a turn."""
    attempt = reply.receipt.attempts[0]
    return attempt.cause, attempt.tries


async def test_a_turn_is_answered() -> None:
    """The answer is the model's, with its name, its tokens and what they cost."""
    prices = ["main-model 0.5 2"]
    async with talking(prices=prices) as (fake, ion):
        fake.behave(Answer(("You said: ", "{user}"), usage=WireUsage(100, 10)))
        reply = await ion.respond("hello")
        sent = fake.requests[0].body

    assert ("You said: hello", NAME, "main-model") == (reply.content, reply.generator, reply.model)
    assert ("", FinishReason.STOP) == (reply.degraded, reply.finish_reason)
    assert (100, 10, 70 / 1e6) == (
        reply.usage.input_tokens,
        reply.usage.output_tokens,
        reply.usage.cost_usd,
    )
    assert ["system", "user"] == [message["role"] for message in sent["messages"]]


@pytest.mark.parametrize("behaviour", FAULTS, ids=lambda behaviour: behaviour.name)
async def test_every_fault_ends_in_time_and_typed(behaviour: Behaviour) -> None:
    """Alone, a turn has an answer or a typed error in time, and no retry after the first word."""
    async with talking() as (fake, ion):
        fake.behave(behaviour)
        began = time.monotonic()
        try:
            reply: Reply | None = await ion.respond("hello")
        except TurnError:
            reply = None
        took = time.monotonic() - began
        requests = len(fake.requests)

    assert took < DEADLINE_S + SLACK_S
    if behaviour.phase is Phase.AFTER:
        assert reply is not None
        assert (1, True) == (requests, bool(reply.content))
        assert FinishReason.STOP is not reply.finish_reason or behaviour.name == "slow-inter-token"


@pytest.mark.parametrize("behaviour", FAULTS, ids=lambda behaviour: behaviour.name)
async def test_a_stand_in_answers_where_the_model_does_not(behaviour: Behaviour) -> None:
    """Every fault has a reply, a degraded one says so, and only the model's whole ones are kept."""
    cache = DictCache()
    provider = make_plugin("cache", CacheProvider(cache), "cache")
    async with talking(stand_in(), provider) as (fake, ion):
        fake.behave(behaviour)
        try:
            reply: Reply | None = await ion.respond("hello")
        except TurnRefusedError:
            reply = None
        stored = cache.stats().entries

    if reply is None:
        assert behaviour.name in ("prompt-blocked", "safety-without-content")
    else:
        cut = reply.finish_reason is FinishReason.TRUNCATED
        assert bool(reply.degraded) == (cut or reply.generator == "stand-in")
        whole = reply.generator == NAME and reply.finish_reason is FinishReason.STOP
        assert whole == bool(stored)


async def test_failures_that_pass_are_not_seen() -> None:
    """What fails once before the first word is asked again, and the receipt says how often."""
    passing = ("unavailable-503", "internal-500", "reset-before-headers", "hang-after-headers")
    async with talking() as (fake, ion):
        for name in passing:
            fake.behave_next(fault(name))
            reply = await ion.respond(f"hello {name}")
            assert (FinishReason.STOP, ("", 2)) == (reply.finish_reason, cause_of(reply)), name


@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("invalid-argument-400", "rejected"),
        ("unauthenticated-401", "denied"),
        ("model-not-found-404", "unknown_model"),
        ("html-200", "bad_answer"),
    ],
)
async def test_what_would_fail_again_is_asked_once(name: str, cause: str) -> None:
    """Errors that no repetition mends cost one request."""
    async with talking(stand_in()) as (fake, ion):
        fake.behave(fault(name))
        reply = await ion.respond("hello")

        assert (1, (cause, 1)) == (len(fake.requests), cause_of(reply))


async def test_a_wait_that_fits_is_kept() -> None:
    """Where the server asks for a wait that the turn has time for, it is asked after it."""
    async with talking(first_token_s=2.0) as (fake, ion):
        fake.behave_next(Failure(429, retry_after="0.5"))
        await ion.respond("hello")
        first, second = fake.requests

    assert 0.5 <= second.arrived_at - first.arrived_at


async def test_a_wait_that_does_not_fit_ends_the_turn() -> None:
    """Where it asks for more than there is, nobody waits, and the caller is told the seconds."""
    async with talking() as (fake, ion):
        fake.behave(Failure(429, retry_after="77"))
        began = time.monotonic()
        error = await failing(ion)

        assert (77, 1) == (error.retry_after_s, len(fake.requests))
        assert time.monotonic() - began < SLACK_S


async def test_another_model_helps_out() -> None:
    """Where the first model is out, the fallback model answers and is named."""
    async with talking(fallback_models=["small-model"]) as (fake, ion):
        fake.plan(by_model({"main-model": Failure(503)}))
        reply = await ion.respond("hello")
        asked = [request.model for request in fake.requests]

    assert "small-model" == reply.model
    assert ["main-model", "main-model", "small-model"] == asked


async def test_another_models_answer_is_flagged_and_not_kept() -> None:
    """The fallback model's answer says that it is second best; the first model's is kept."""
    provider = make_plugin("cache", CacheProvider(DictCache()), "cache")
    async with talking(provider, fallback_models=["small-model"]) as (fake, ion):
        fake.plan(by_model({"main-model": Failure(503)}))
        second_best = await ion.respond("hello")
        fake.behave(Answer())
        back, again = await ion.respond("hello"), await ion.respond("hello")

    assert second_best.degraded == "the preferred model main-model did not answer (unavailable)"
    assert (False, "the answer is degraded") == (
        second_best.receipt.cache.stored,
        second_best.receipt.cache.reason,
    )
    assert ("main-model", "", True) == (back.model, back.degraded, back.receipt.cache.stored)
    assert (CacheStatus.HIT, "") == (again.receipt.cache.status, again.degraded)


async def test_a_dead_model_is_left_alone_until_it_lives() -> None:
    """After failures in a row the server is not asked any more, and is again when it is back."""
    settings = {"breaker_failures": 3, "breaker_after_s": 0.0, "breaker_open_s": 0.3, "tries": 1}
    with capture_logs() as logs:
        async with talking(stand_in(), **settings) as (fake, ion):
            fake.behave(Failure(503))
            for number in range(20):
                reply = await ion.respond(f"hello {number}")
            asked = len(fake.requests)
            assert "circuit_open" == cause_of(reply)[0]
            fake.behave(Answer())
            await asyncio.sleep(0.5)
            back = await ion.respond("are you back")

    assert (NAME, "") == (back.generator, back.degraded)
    assert asked <= 5
    changes = [(line["before"], line["after"]) for line in logs if "before" in line]
    assert ("closed", "open") == changes[0]
    assert ("half_open", "closed") == changes[-1]


async def test_the_turns_deadline_bounds_everything() -> None:
    """A caller who gives little time is answered in it, however long the settings would wait."""
    settings = {"first_token_s": 30.0, "next_token_s": 30.0, "total_s": 60.0}
    async with talking(**settings) as (fake, ion):
        fake.behave(fault("hang-before-headers"))
        began = time.monotonic()
        with pytest.raises(NoAnswerError):
            await ion.respond(TurnRequest(text="hello", deadline_s=0.5))
        took = time.monotonic() - began
        await fake.until(lambda: fake.open_requests == 0)

    assert took < 0.5 + SLACK_S


async def test_a_mixture_of_faults_is_hardly_noticed() -> None:
    """Where 30 % are refused and 5 % hang, 99.5 % are answered, with 1.5 requests or less each."""
    shares = {fault("unavailable-503"): 0.3, fault("hang-before-headers"): 0.05}
    settings = {"tries": 3, "first_token_s": 0.5, "retry_base_s": 0.01, "total_s": 8.0}
    async with talking(stand_in(), **settings) as (fake, ion):
        fake.plan(mixture(7, shares))
        gate = asyncio.Semaphore(8)

        async def ask(number: int) -> str:
            async with gate:
                return (await ion.respond(f"hello {number}")).generator

        answers = await asyncio.gather(
            *(ask(number) for number in range(1000)), return_exceptions=True
        )
        requests = len(fake.requests)

    answered = [answer for answer in answers if isinstance(answer, str)]
    assert len(answered) >= 995
    assert requests <= 1500
    assert answered.count(NAME) >= 900


async def test_an_outage_is_not_made_worse() -> None:
    """While every request fails, retries are few: a share of the requests and the reserve."""
    settings = {"breaker_failures": 1000, "retry_reserve": 4, "retry_base_s": 0.0}
    async with talking(stand_in(), **settings) as (fake, ion):
        fake.behave(Failure(503))
        for number in range(100):
            await ion.respond(f"hello {number}")

        assert len(fake.requests) <= 100 * 1.1 + 4


async def test_leaving_stops_the_model() -> None:
    """When a caller leaves, the connection to the server is closed."""
    async with talking() as (fake, ion):
        fake.behave(Cut(Break.HANG, 1))
        async with aclosing(ion.stream("hello")) as events:
            async for event in events:
                if isinstance(event, ReplyDelta):
                    break
        await fake.until(lambda: fake.open_requests == 0)

        assert fake.requests[0].cancelled_at is not None


async def test_an_ion_may_be_opened_again() -> None:
    """Connections are closed with the `Ion`, and made anew when it is opened once more."""
    async with FakeOpenAI(api_key=KEY) as fake:
        ion = ion_of(fake)
        for number in range(2):
            async with ion:
                assert (await ion.respond(f"hello {number}")).content


@pytest.mark.parametrize("behaviour", FAULTS, ids=lambda behaviour: behaviour.name)
async def test_secrets_stay_where_they_are(
    behaviour: Behaviour, capfd: pytest.CaptureFixture[str]
) -> None:
    """Neither the key nor the message is in an error, a receipt or a log, whatever happens."""
    told: list[Any] = []
    with capture_logs() as logs:
        async with talking(stand_in()) as (fake, ion):
            fake.behave(behaviour)
            try:
                reply = await ion.respond("MESS4GE")
                told += [reply.receipt, reply.degraded]
            except TurnError as error:
                told += [error, repr(error), vars(error), error.__cause__, error.__context__]
            told.append(ion.host.record(NAME))

    shown = f"{told}{logs}{capfd.readouterr()}"
    assert KEY not in shown
    assert "MESS4GE" not in shown


async def test_it_is_idle_without_an_address() -> None:
    """Without an address it is not imported, and says what to set."""
    ion = Ion(Settings(), source=lone_source(NAME), environ={"ION_OPENAI_API_KEY": KEY})
    record = ion.host.record(NAME)

    assert Status.IDLE is record.status
    assert "ION_OPENAI_BASE_URL" in record.reason
    assert KEY not in record.reason


async def test_with_ion_offline_every_outage_is_answered() -> None:
    """With ion-offline installed a dead server means degraded answers, and recovery by itself."""
    offline = [found for found in installed() if found.name == "offline"]
    if not offline:
        pytest.skip("ion-offline is not installed")
    cache = DictCache()
    provider = make_plugin("cache", CacheProvider(cache), "cache")
    settings = {"breaker_failures": 2, "breaker_after_s": 0.0, "breaker_open_s": 0.1}
    async with talking(*offline, provider, **settings) as (fake, ion):
        fake.stop_listening()
        replies = [await ion.respond(f"How do I plan a week {n}?") for n in range(5)]
        stored_in_outage = cache.stats().entries
        fake.listen_again()
        await asyncio.sleep(0.5)
        back = await ion.respond("How do I plan a week?")

    assert ["offline"] * 5 == [reply.generator for reply in replies]
    assert all(reply.degraded for reply in replies)
    assert 0 == stored_in_outage
    assert (NAME, "", 1) == (back.generator, back.degraded, cache.stats().entries)
