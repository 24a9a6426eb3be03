"""``POST /api/v2/chat/multi-persona``."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import attrs
import pytest

from ion_framework import Finish, Resonance, TextChunk, Usage, detect_language, hookimpl
from ion_framework.domain.key import Intent, Pace, ResonanceKey, Tone
from ion_framework.domain.persona import Collaboration
from ion_framework.plugin_host.discovery import inline
from ion_framework.testing import make_manifest, make_persona, make_plugin

MULTI = "/api/v2/chat/multi-persona"
ENVELOPE = [
    "success", "content", "persona_used", "resonance_key", "routing", "confidence", "performance",
    "metadata", "timestamp", "request_id", "_cache_status",
]  # fmt: skip


class ToneNames:
    """An analyser that reads the tone that a text names, and calm where it names none."""

    @hookimpl
    def ion_analyze(self, turn):
        """The reading."""
        named = (tone for tone in Tone if tone.value in turn.text)
        key = ResonanceKey(next(named, Tone.CALM), Pace.MEDIUM, Intent.LEARNING)
        return Resonance.given(key, detect_language(turn.text))


async def by_name(turn, _prompt):
    """Says who speaks and to what."""
    return f"{turn.persona.name} to: {turn.text}"


class Speaker:
    """A generator that says what a function says of turn and prompt."""

    def __init__(self, speak=by_name):
        self.seen = []
        self._speak = speak

    @hookimpl
    async def ion_generate(self, turn, prompt):
        """The answer."""
        self.seen.append((turn, prompt))
        yield TextChunk(await self._speak(turn, prompt))
        yield Finish(usage=Usage(10, 5))


def drawn_to(tone, name, rank, *after):
    """A persona that is drawn to one tone and away from the others, and builds on some."""
    tones = {each: Decimal("0.1") for each in Tone} | {tone: Decimal(1)}
    return make_persona(name, tone=tones, rank=rank, ensemble=Collaboration(after=after))


ANN = drawn_to(Tone.ANXIOUS, "ann", 1)
BOB = drawn_to(Tone.CURIOUS, "bob", 2)
CAT = drawn_to(Tone.URGENT, "cat", 3)

TWO = "I am very anxious about it. I am rather curious about why."
THREE = f"{TWO} This is really urgent for us."


def parts(make, *personas, generator=None, fallback=True):
    """The parts of a host with these personas."""
    chosen = personas or (ANN, BOB, CAT)
    found = (inline(make_manifest(each.name, "persona", persona=each)) for each in chosen)
    analyzer = make_plugin("tone-names", ToneNames(), "analyzer")
    speaker = make_plugin("speaker", generator or Speaker(), "generator", fallback=fallback)
    return (analyzer, make.router, speaker, *found)


async def post(host, text, **options):
    """The response and body of an answer."""
    headers = options.pop("headers", None)
    response = await host.session.post(MULTI, json={"user_input": text, **options}, headers=headers)
    return response, await response.json()


async def test_the_answer_of_the_original(hosting, make):
    """A joint answer has the original's envelope, with routing and performance null."""
    async with hosting(*parts(make)) as host:
        response, body = await post(host, THREE)

    assert response.status == 200
    assert list(body) == ENVELOPE
    assert body["routing"] is None
    assert body["performance"] is None
    assert body["persona_used"].startswith("Multi: ")
    assert set(body["persona_used"].removeprefix("Multi: ").split("+")) == {"Ann", "Bob", "Cat"}
    assert body["resonance_key"] == "multi-persona-blend"
    assert (body["_cache_status"], response.headers["ION-Cache"]) == ("BYPASS", "bypass")
    metadata = body["metadata"]
    assert (metadata["complexity"], metadata["execution_mode"]) == ("complex", "parallel")
    assert metadata["merge_strategy"] == "weighted"
    assert set(metadata["individual_personas"]) == {"Ann", "Bob", "Cat"}
    assert "parts were read" in metadata["reasoning"]
    assert metadata["usage"] == {
        "input_tokens": 30, "output_tokens": 15, "cached_tokens": None, "cost_usd": None,
    }  # fmt: skip


async def test_every_part_has_its_receipt(hosting, make):
    """Each part tells what was answered and has a receipt of its own turn."""
    async with hosting(*parts(make)) as host:
        _, body = await post(host, TWO)

    found = {part["persona"]: part for part in body["metadata"]["parts"]}
    assert set(found) == {"Ann", "Bob"}
    assert found["Ann"]["content"] == "ann to: I am very anxious about it."
    for part in found.values():
        assert part["receipt"]["request_id"] == part["request_id"]
        assert part["request_id"].startswith(body["request_id"])
        assert part["error"] is None
    assert sum(part["weight"] for part in found.values()) == pytest.approx(1)


async def test_confidence_is_computed(hosting, make):
    """The confidence is the mean of the parts' confidences by their weights, and no constant."""
    async with hosting(*parts(make)) as host:
        _, body = await post(host, TWO)

    told = body["metadata"]["parts"]
    mean = sum(part["weight"] * part["confidence"] for part in told)
    assert body["confidence"] == pytest.approx(mean, abs=1e-5)
    assert 0 < body["confidence"] < 1
    assert body["confidence"] != 0.95


async def test_one_persona_answers_as_process_does(hosting, make):
    """A message that speaks to one persona has routing and performance as in process."""
    async with hosting(*parts(make)) as host:
        _, body = await post(host, "I am very anxious about it.")
        response = await host.session.post(
            "/api/v2/process", json={"user_input": "I am very anxious about it."}
        )
        alone = await response.json()

    assert body["persona_used"] == "Ann"
    assert (body["content"], body["confidence"]) == (alone["content"], alone["confidence"])
    assert body["routing"] == alone["routing"]
    assert list(body["performance"]) == list(alone["performance"])
    assert body["resonance_key"] == alone["resonance_key"]
    assert body["metadata"]["complexity"] == "simple"
    assert body["metadata"]["execution_mode"] == "single"
    assert body["metadata"]["merge_strategy"] is None
    assert len(body["metadata"]["parts"]) == 1


async def test_force_multi(hosting, make):
    """With force_multi a second persona answers even a message that speaks to one."""
    async with hosting(*parts(make)) as host:
        _, body = await post(host, "I am very anxious about it.", force_multi=True)

    assert len(body["metadata"]["individual_personas"]) == 2
    assert body["metadata"]["complexity"] == "simple"


async def test_a_fifth_persona_competes(hosting, make):
    """A persona that was installed a minute ago answers its part."""
    zoe = drawn_to(Tone.PLAYFUL, "zoe", 2000)
    text = "I am very anxious about it. Be really playful with me, please!"
    async with hosting(*parts(make, ANN, BOB, CAT, zoe)) as host:
        _, body = await post(host, text)

    assert set(body["metadata"]["individual_personas"]) == {"Ann", "Zoe"}


async def test_steps_follow_what_personas_build_on(hosting, make):
    """A persona that builds on two others answers after them and sees their answers."""

    async def speak(turn, prompt):
        seen = [name for name in ("Ann", "Bob") if f"{name} was asked" in prompt.context]
        return f"{await by_name(turn, prompt)} after {'+'.join(seen) or 'nobody'}"

    cat = drawn_to(Tone.URGENT, "cat", 3, "ann", "bob")
    async with hosting(*parts(make, ANN, BOB, cat, generator=Speaker(speak))) as host:
        _, body = await post(host, THREE)

    assert body["metadata"]["execution_mode"] == "hybrid"
    assert [set(step) for step in body["metadata"]["plan"]["steps"]] == [{"Ann", "Bob"}, {"Cat"}]
    last = body["metadata"]["parts"][-1]
    assert last["persona"] == "Cat"
    assert last["content"].endswith("after Ann+Bob") or last["content"].endswith("after Bob+Ann")


@pytest.mark.parametrize("strategy", ["concatenate", "hierarchical", "weighted", "voting"])
async def test_strategies_can_be_chosen(hosting, make, strategy):
    """The caller chooses how the answers become one."""
    async with hosting(*parts(make)) as host:
        _, body = await post(host, TWO, merge_strategy=strategy)

    metadata = body["metadata"]
    assert metadata["merge_strategy"] == metadata["plan"]["merge_strategy"] == strategy
    if strategy == "voting":
        vote = metadata["vote"]
        assert vote["winner"] in metadata["individual_personas"]
        assert set(vote["totals"]) == set(vote["judgements"]) == {"Ann", "Bob"}
        assert set(vote["ballots"]) <= {"Ann", "Bob"}
        assert vote["voters"] == "coverage"
    else:
        assert metadata["vote"] is None
        assert all(part["content"] in body["content"] for part in metadata["parts"])


async def test_synthesis_through_the_model(hosting, make):
    """With a language model the answers are written into one, with a receipt of that turn."""
    async with hosting(*parts(make, fallback=False)) as host:
        _, body = await post(host, TWO, merge_strategy="synthesis")

    assert body["metadata"]["merge_strategy"] == "synthesis"
    assert body["metadata"]["synthesis"]["request_id"].endswith("-synthesis")
    assert body["content"].endswith(TWO)


async def test_a_failing_part_degrades_the_answer(hosting, make):
    """Where one part fails the others are given, the header and the metadata say so."""

    async def speak(turn, prompt):
        if turn.persona.name == "bob":
            raise ConnectionError("secret address")
        return await by_name(turn, prompt)

    async with hosting(*parts(make, generator=Speaker(speak))) as host:
        response, body = await post(host, TWO)
        text = await response.text()

    assert response.status == 200
    assert body["persona_used"] == "Multi: Ann"
    assert body["metadata"]["degraded"] is True
    assert response.headers["ION-Degraded"] == "bob: has no answer"
    failed = next(part for part in body["metadata"]["parts"] if part["persona"] == "Bob")
    assert failed["content"] is None
    assert failed["error"]["code"] == "NO_ANSWER"
    assert "secret" not in text


async def test_when_all_fail_the_error_is_that_of_process(hosting, make):
    """Where no part has an answer the error is the one that a single turn has."""

    async def fail(_turn, _prompt):
        raise ConnectionError("down")

    async with hosting(*parts(make, generator=Speaker(fail))) as host:
        response, problem = await post(host, TWO)

    assert response.status == 503
    assert problem["error"]["code"] == "NO_ANSWER"
    assert "Retry-After" in response.headers


async def test_one_deadline_is_over_all(hosting, make):
    """The caller's time bounds the whole, however many parts there are."""

    async def hang(_turn, _prompt):
        await asyncio.sleep(60)

    async with hosting(*parts(make, generator=Speaker(hang))) as host:
        response, problem = await post(host, TWO, headers={"ION-Deadline-Ms": "300"})

    assert response.status == 504
    assert problem["error"]["code"] == "DEADLINE_EXCEEDED"


async def test_a_circle_is_an_error_that_names_it(hosting, make):
    """Personas that build on each other in a circle are a 500 MULTI_PERSONA_ERROR."""
    ann = attrs.evolve(ANN, ensemble=Collaboration(after=("bob",)))
    bob = attrs.evolve(BOB, ensemble=Collaboration(after=("ann",)))
    async with hosting(*parts(make, ann, bob)) as host:
        response, problem = await post(host, TWO)

    assert response.status == 500
    assert problem["error"]["code"] == "MULTI_PERSONA_ERROR"
    assert "ann" in problem["error"]["details"]["reason"]
    assert "bob" in problem["error"]["details"]["reason"]


async def test_it_costs_as_many_requests_as_turns(hosting, make, meter):
    """Every turn counts in the caller's quota, and so do the tokens of all of them."""
    asked = meter()
    async with hosting(*parts(make), door=asked) as host:
        response, _ = await post(host, THREE)
        await post(host, "I am very anxious about it.")

    assert asked.costs == [1, 2, 1]
    assert asked.tokens == 4 * 15
    assert response.headers["RateLimit"] == "r=997"


async def test_synthesis_without_a_model_is_not_charged(hosting, make, meter):
    """Where no model could write one answer the plan says so and only the parts are paid."""
    asked = meter()
    async with hosting(*parts(make), door=asked) as host:
        _, body = await post(host, TWO, merge_strategy="synthesis")

    metadata = body["metadata"]
    assert asked.costs == [1, 1]
    assert metadata["merge_strategy"] == metadata["plan"]["merge_strategy"] == "hierarchical"
    assert "no language model" in metadata["reasoning"]
    assert metadata["degraded"] is False


async def test_what_the_cache_serves_costs_nothing_again(hosting, make):
    """The usage of a joint answer counts only the parts that were made for it."""
    cache = next(item for item in make.standard() if item.name == "shelf")
    async with hosting(*parts(make), cache) as host:
        _, first = await post(host, TWO)
        _, again = await post(host, TWO)

    assert first["metadata"]["usage"]["input_tokens"] == 20
    assert {part["cache"] for part in again["metadata"]["parts"]} == {"hit"}
    assert again["metadata"]["usage"]["input_tokens"] == 0


async def test_the_original_question_of_four_is_answered_by_four(hosting, make):
    """A message of which a quarter speaks to each of four personas is answered by all of them."""
    zoe = drawn_to(Tone.PLAYFUL, "zoe", 2000)
    text = f"{THREE} Be really playful with me, please!"
    async with hosting(*parts(make, ANN, BOB, CAT, zoe)) as host:
        _, body = await post(host, text)

    assert set(body["metadata"]["individual_personas"]) == {"Ann", "Bob", "Cat", "Zoe"}
    assert all(not aspect["taken_over"] for aspect in body["metadata"]["plan"]["aspects"])


async def test_what_the_quota_does_not_hold_is_not_begun(hosting, make, meter):
    """Where the quota does not hold all turns the answer is a 429 and nothing was generated."""
    generator = Speaker()
    async with hosting(*parts(make, generator=generator), door=meter(most=2)) as host:
        response, _ = await post(host, THREE)

    assert response.status == 429
    assert not generator.seen


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"user_input": " "}, 400, "INVALID_INPUT"),
        ({}, 422, "VALIDATION_ERROR"),
        ({"user_input": "x" * 1001}, 422, "VALIDATION_ERROR"),
        ({"user_input": "x", "merge_strategy": "chaos"}, 422, "VALIDATION_ERROR"),
        ({"user_input": "x", "force_multi": 1}, 422, "VALIDATION_ERROR"),
    ],
)
async def test_what_does_not_fit_is_refused(hosting, make, body, status, code):
    """Requests that do not fit are refused in the one envelope."""
    async with hosting(*parts(make)) as host:
        response = await host.session.post(MULTI, json=body)
        problem = await response.json()

    assert (response.status, problem["error"]["code"]) == (status, code)
