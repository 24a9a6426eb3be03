"""Whole turns: what a caller gets while the service works, declines, or fails."""

import asyncio
import logging
from contextlib import asynccontextmanager

import pytest
import structlog

from ion_framework import FinishReason, Ion, Settings
from ion_framework.domain.language import Language
from ion_framework.domain.persona import Voice
from ion_framework.errors import NoAnswerError, TurnRefusedError
from ion_framework.testing import (
    CacheProvider,
    DictCache,
    FakeGemini,
    FakeGenerator,
    lone_source,
    make_persona,
    make_plugin,
)
from ion_framework.testing.builders import persona_plugin, standard_parts
from ion_framework.testing.model_servers.faults import (
    Answer,
    PromptBlocked,
    WireUsage,
    by_model,
    fault,
    mixture,
)

KEY = "AIza-S3CRET-key"
MODEL = "gemini-test-1"
FAILING = ["unavailable-503", "unauthenticated-401", "html-200", "reset-before-headers", "down"]


@asynccontextmanager
async def turns(*behaviours, offline=False, persona=None, **settings):
    """An `Ion` that asks a fake server, with a cache; the fake is its attribute."""
    async with FakeGemini(api_key=KEY) as fake:
        fake.behave(behaviours[-1] if behaviours else Answer())
        fake.behave_next(*behaviours[:-1])
        given = {"api_key": KEY, "model": MODEL, "base_url": fake.base_url, "retry_base_s": 0.01}
        parts = [
            make_plugin("kept", CacheProvider(DictCache()), "cache"),
            persona_plugin(persona or make_persona()),
            *standard_parts("generator"),
        ]
        if offline:
            stand_in = FakeGenerator(("I am only a stand-in.",))
            parts.append(make_plugin("stand-in", stand_in, "generator", fallback=True))
        source = lone_source("gemini", *parts)
        async with Ion(
            Settings(plugin={"gemini": {**given, **settings}}), source=source, environ={}
        ) as ion:
            ion.fake = fake
            yield ion


async def test_an_answer_names_its_model_and_what_it_took():
    """The reply has text, generator, model, tokens and cost, and is not degraded."""
    usage = WireUsage(100, 20, 40)
    async with turns(Answer(usage=usage), prices=[f"{MODEL} 1 2 0.5"]) as ion:
        reply = await ion.respond("How are you?")

    assert (reply.content, reply.degraded) == ("Hello from the fake.", "")
    assert (reply.generator, reply.model) == ("gemini", MODEL)
    assert (reply.usage.input_tokens, reply.usage.output_tokens) == (100, 20)
    assert reply.usage.cached_tokens == 40
    assert reply.usage.cost_usd == pytest.approx((60 * 1 + 40 * 0.5 + 20 * 2) / 1e6)


async def test_another_models_answer_is_flagged_and_not_kept():
    """The fallback model's answer says that it is second best; the first model's is kept."""
    async with turns(fallback_models=["gemini-test-2"]) as ion:
        ion.fake.plan(by_model({MODEL: fault("unavailable-503")}))
        second_best = await ion.respond("How are you?")
        ion.fake.behave(Answer())
        back, again = await ion.respond("How are you?"), await ion.respond("How are you?")

    assert second_best.model == "gemini-test-2"
    assert second_best.degraded == f"the preferred model {MODEL} did not answer (unavailable)"
    assert not second_best.receipt.cache.stored
    assert second_best.receipt.cache.reason == "the answer is degraded"
    assert (back.model, back.degraded, back.receipt.cache.stored) == (MODEL, "", True)
    assert (again.receipt.cache.status, again.degraded) == ("hit", "")


async def test_a_complete_answer_is_stored_under_its_model():
    """The same question again is answered from the cache, without asking the service."""
    async with turns() as ion:
        first, second = await ion.respond("How are you?"), await ion.respond("How are you?")

    assert (first.receipt.cache.status, second.receipt.cache.status) == ("miss", "hit")
    assert len(ion.fake.requests) == 1


async def test_retries_stand_in_the_receipt():
    """The receipt tells how often the service was asked."""
    async with turns(fault("unavailable-503"), Answer()) as ion:
        reply = await ion.respond("How are you?")

    (attempt,) = reply.receipt.attempts
    assert (attempt.succeeded, attempt.tries) == (True, 2)


@pytest.mark.parametrize("name", FAILING)
async def test_a_stand_in_answers_degraded_and_unstored(name):
    """While the service fails the next generator answers, flagged, and nothing is stored."""
    async with turns(fault(name), offline=True) as ion:
        replies = [await ion.respond("How are you?") for _ in range(2)]
        ion.fake.behave(Answer())
        healed = await ion.respond("How are you?")

    for reply in replies:
        assert (reply.content, reply.generator) == ("I am only a stand-in.", "stand-in")
        assert "gemini failed before its first word" in reply.degraded
        assert not reply.receipt.cache.stored
    assert (healed.content, healed.degraded) == ("Hello from the fake.", "")


async def test_every_turn_of_a_shaky_service_is_answered():
    """With 30 % of 503 and 5 % of hangs every turn is answered, and flagged if not by Gemini."""
    shaky = {fault("unavailable-503"): 0.30, fault("hang-before-headers"): 0.05}
    async with turns(offline=True, first_token_s=1.0, connect_s=1.0) as ion:
        ion.fake.plan(mixture(4, shaky))
        texts = [f"question {number}" for number in range(100)]
        replies = [
            await asyncio.gather(*map(ion.respond, texts[n : n + 10])) for n in range(0, 100, 10)
        ]

    flat = [reply for some in replies for reply in some]
    assert len(flat) == 100
    assert all((reply.generator == "gemini") != bool(reply.degraded) for reply in flat)
    assert sum(reply.generator == "gemini" for reply in flat) > 50


@pytest.mark.parametrize("name", FAILING)
async def test_without_a_stand_in_nobody_can_answer(name):
    """While the service fails and nobody stands in, the turn ends with the cause in its detail."""
    async with turns(fault(name)) as ion:
        with pytest.raises(NoAnswerError) as caught:
            await ion.respond("How are you?")

    assert "gemini failed before its first word" in str(caught.value)
    assert MODEL in caught.value.detail


async def test_the_time_to_come_back_is_the_services():
    """A quota that is spent for longer than the turn tells the caller when to come back."""
    async with turns(
        fault("quota-429"), total_s=2.0, first_token_s=2.0, next_token_s=2.0, connect_s=1.0
    ) as ion:
        with pytest.raises(NoAnswerError) as caught:
            await ion.respond("How are you?")

    assert caught.value.retry_after_s == 7


async def test_an_answer_that_broke_off_is_truncated_and_unstored():
    """What came before the break is sent, as truncated, and the next turn asks anew."""
    async with turns(fault("end-mid-stream"), Answer()) as ion:
        broken, whole = await ion.respond("How are you?"), await ion.respond("How are you?")

    assert (broken.content, broken.finish_reason) == ("Hello from", FinishReason.TRUNCATED)
    assert not broken.receipt.cache.stored
    assert (whole.content, whole.receipt.cache.status) == ("Hello from the fake.", "miss")


@pytest.mark.parametrize(
    ("behaviour", "repeatable"), [(PromptBlocked(), True), (Answer((), "SAFETY"), False)]
)
async def test_a_refusal_is_in_the_personas_voice(behaviour, repeatable):
    """A blocked prompt or answer is refused in the persona's own words, in the user's language."""
    own = {Language.ENGLISH: ("Not this one, dear.",), Language.KOREAN: ("그건 어려워요.",)}
    persona = make_persona(voice=Voice(refusal=own))
    async with turns(behaviour, offline=True, persona=persona) as ion:
        for text, words in (("How are you?", "Not this one, dear."), ("안녕?", "그건 어려워요.")):
            with pytest.raises(TurnRefusedError) as caught:
                await ion.respond(text)
            assert (str(caught.value), caught.value.code) == (words, "safety")
            assert caught.value.repeatable is repeatable


@pytest.mark.parametrize("name", [*FAILING, "end-mid-stream", "quota-429"])
async def test_no_secret_and_no_prompt_is_told(name, capfd, caplog):
    """Neither key nor message stands in errors, receipts, logs or reprs."""
    caplog.set_level(logging.DEBUG)
    said = []
    with structlog.testing.capture_logs() as lines:
        async with turns(
            fault(name),
            breaker_failures=1,
            breaker_after_s=0.0,
            total_s=5.0,
            first_token_s=4.0,
            next_token_s=4.0,
            connect_s=2.0,
        ) as ion:
            for _ in range(2):
                try:
                    said.append(repr((await ion.respond("PRIV4TE question")).receipt))
                except NoAnswerError as error:
                    said += [str(error), error.detail, repr(error.__cause__)]
            plugin = ion.host.registrations()
            said += [repr(ion.plugins), repr(plugin), repr(lines)]
    out = capfd.readouterr()
    everything = "\n".join((*said, caplog.text, out.out, out.err))

    assert KEY not in everything
    assert "PRIV4TE" not in everything
