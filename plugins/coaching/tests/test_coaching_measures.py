"""Phases, what a message brings, and the quality of an answer."""

from __future__ import annotations

import asyncio

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ion_coaching.phase import Bqi, Phases, bqi
from ion_coaching.plugin import Coaching
from ion_coaching.quality import quality
from ion_coaching.settings import CoachingSettings

from ion_framework import Finish, Language, TextChunk, TurnRequest, hookimpl
from ion_framework.testing import (
    FakeGenerator,
    VirtualClock,
    make_persona,
    make_plugin,
    running_ion,
)

ME, YOU = ("me",), ("you",)
WORDS = " ".join(f"word{n}" for n in range(30))


def test_a_phase_lasts_its_interval():
    """A conversation goes to the next phase after the interval, and from the last to the first."""
    phases = Phases(280, 10)
    times = (0, 279, 280, 559, 560, 840)

    assert [phases.advance(ME, at) for at in times] == [0, 0, 1, 1, 2, 0]


def test_without_an_interval_every_message_advances():
    """With an interval of 0 every message after the first begins the next phase."""
    phases = Phases(0, 10)

    assert [phases.advance(ME, 0) for _ in range(4)] == [0, 1, 2, 0]


def test_conversations_have_phases_of_their_own():
    """Another conversation begins at the first phase, and the one silent longest is forgotten."""
    phases = Phases(0, 1)
    phases.advance(ME, 0)
    phases.advance(ME, 0)

    assert phases.advance(YOU, 0) == 0
    assert phases.advance(ME, 0) == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Bqi(0.35, 0.45, 0.30)),
        ("what now??", Bqi(0.825, 0.558, 0.6)),
        ("go go! " * 3, Bqi(0.4167, 0.4835, 0.45)),
    ],
)
def test_what_a_message_brings(text: str, expected: Bqi):
    """Variety, length, questions and exclamations count by fixed weights."""
    assert bqi(text) == expected


@pytest.mark.parametrize(
    ("answer", "message", "score"),
    [
        ("", "hello", 0.0),
        ("no", "hm", 0.35 + 0.35 * 0.1 + 0.2 * 0.6 + 0.1 - 0.4),
        (WORDS, "hm", 0.35 + 0.35 + 0.2 * 0.6 + 0.1),
        (WORDS + " maybe", "hm", 0.35 + 0.35 + 0.2 * 0.6 + 0.1 - 0.3),
        (WORDS + " Lua", "hm", 1.0),
        (WORDS, "database migration", 0.35 + 0.35 + 0.1),
    ],
)
def test_scores_follow_the_formula(answer: str, message: str, score: float):
    """Length, topics, form, name, variety and doubt make up the score."""
    assert quality(answer, message, "Lua").score == pytest.approx(score, abs=1e-4)


def test_korean_topics_lose_their_particle():
    """A topic of the message counts as taken up without its particle."""
    assert quality("배포 순서를 먼저 봅니다", "배포를 어떻게", "Lua").coverage == 1.0


@given(st.text(max_size=300), st.text(max_size=100))
def test_scores_stay_in_range(answer: str, message: str):
    """Every score is between 0 and 1, and 0 only for an empty answer."""
    found = quality(answer, message, "Lua")

    assert 0 <= found.score <= 1
    assert bool(found.score) == bool(answer.split())
    assert len(found.recommendations) == len(found.risks)


async def test_every_answer_has_both():
    """The metadata of an answer has phase and rune with the original's members."""
    clock = VirtualClock()
    coaching = make_plugin("coaching", Coaching(CoachingSettings(), clock), "extension")
    generator = make_plugin("model", FakeGenerator(), "generator")
    async with running_ion(coaching, generator) as ion:
        first = await ion.respond(TurnRequest(text="what now?", user_id="ann"))
        clock.advance(300)
        second = await ion.respond(TurnRequest(text="what now?", user_id="ann"))

    phase, rune = first.metadata["phase"], first.metadata["rune"]
    assert set(phase) == {
        "phase_index", "phase_label", "guidance", "bqi", "timestamp", "interval_seconds"
    }  # fmt: skip
    assert phase["phase_label"] == "Attune"
    assert set(phase["bqi"]) == {"beauty", "quality", "impact"}
    assert second.metadata["phase"]["phase_label"] == "Structure"
    assert set(rune) == {"quality_score", "feedback", "regenerate", "transparency_report"}
    assert rune["regenerate"], "three words are too few"
    assert set(rune["transparency_report"]) == {"source", "metrics", "risks"}
    assert set(rune["transparency_report"]["metrics"]) == {
        "score", "length_score", "coverage_score", "diversity_score", "persona_alignment",
        "recommendations", "risks",
    }  # fmt: skip


async def test_turns_with_one_request_id_keep_apart():
    """Concurrent turns under one id that the caller chose are each measured by their own words."""
    clock = VirtualClock()
    coaching = make_plugin("coaching", Coaching(CoachingSettings(interval_s=0), clock), "extension")
    generator = make_plugin("model", FakeGenerator(), "generator")
    texts = ("Short one?", "A very much longer message about many different things! " * 5)
    async with running_ion(coaching, generator) as ion:
        replies = await asyncio.gather(
            *(
                ion.respond(TurnRequest(text=text, user_id=text[:5], request_id="mine"))
                for text in texts
            )
        )

    found = [reply.metadata["phase"] for reply in replies]
    assert [phase["bqi"] for phase in found] == [attrs.asdict(bqi(text)) for text in texts]
    assert [phase["phase_index"] for phase in found] == [0, 0]


async def test_what_comes_again_is_measured_alike():
    """The same words have the same measures, which nobody can change, and other words others."""
    settings = CoachingSettings(threshold=0.1)
    coaching = make_plugin("coaching", Coaching(settings, VirtualClock()), "extension")
    generator = make_plugin("model", Saying("Maybe."), "generator")
    async with running_ion(coaching, generator) as ion:
        first = (await ion.respond("what now?")).metadata
        with pytest.raises(TypeError):
            first["rune"]["transparency_report"]["risks"] = ()
        again = (await ion.respond("what now?")).metadata
        other = (await ion.respond("what now, maybe?")).metadata

    assert again["rune"]["transparency_report"]["risks"] != ()
    assert again["phase"]["bqi"] == first["phase"]["bqi"] != other["phase"]["bqi"]
    measured = attrs.asdict(quality("Maybe.", "what now?", "test-persona"))
    found = again["rune"]["transparency_report"]["metrics"]
    assert [found["score"], found["risks"]] == [measured["score"], tuple(measured["risks"])]


@pytest.mark.parametrize(("text", "answer"), [("hello", "I am Lua."), ("안녕", "루아예요.")])
async def test_the_persona_is_known_by_its_shown_name(text: str, answer: str):
    """An answer is aligned with its persona where it says the name shown in its language."""
    names = {Language.ENGLISH: "Lua", Language.KOREAN: "루아"}
    persona = attrs.evolve(make_persona("sage"), display_name=names)
    coaching = make_plugin("coaching", Coaching(CoachingSettings(), VirtualClock()), "extension")
    generator = make_plugin("model", Saying(answer), "generator")
    async with running_ion(coaching, generator, personas=(persona,)) as ion:
        reply = await ion.respond(text)

    metrics = reply.metadata["rune"]["transparency_report"]["metrics"]
    assert metrics["persona_alignment"] == 0.1


class Saying:
    """A generator that says one thing."""

    model = "saying-1"

    def __init__(self, text: str) -> None:
        self._text = text

    @hookimpl
    async def ion_generate(self, prompt):
        """The answer."""
        yield TextChunk(self._text)
        yield Finish(model=self.model)
