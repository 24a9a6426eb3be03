"""Courtesies: told from questions, and answered as a person would."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ion_offline.composer import compose
from ion_offline.lexicon import SocialKind
from ion_offline.material import read_turn
from ion_offline.phrasebook import phrasebook
from ion_offline.social import social_kind
from ion_offline.text import clean

from ion_framework.domain.key import ResonanceKey
from ion_framework.domain.language import Language, detect_language
from ion_framework.domain.persona import Affinities, Persona, PersonaPrompts
from ion_framework.domain.prompt import PromptMaterial, PromptMode, build_prompt
from ion_framework.domain.resonance import Resonance
from ion_framework.pipeline.turn import Turn, TurnRequest

EN, KO = Language.ENGLISH, Language.KOREAN
EMBER = Persona(
    name="ember",
    version="1",
    display_name={EN: "Ember", KO: "엠버"},
    description={EN: "A keeper of fires.", KO: "불을 지키는 사람이에요."},
    traits={},
    strengths={EN: ("kindling", "steady warmth", "ashes"), KO: ("불씨 살리기",)},
    affinities=Affinities(),
    prompts=PersonaPrompts({EN: "You are {{persona_name}}."}),
)
BARE = Persona(
    name="bare",
    version="1",
    display_name={},
    description={},
    traits={},
    strengths={},
    affinities=Affinities(),
    prompts=PersonaPrompts({EN: "You are {{persona_name}}."}),
)


def answer(text: str, persona: Persona = EMBER, mode: PromptMode = PromptMode.STANDARD) -> str:
    """The offline answer to a message."""
    reading = Resonance.given(ResonanceKey.parse("calm-medium-learning"), detect_language(text))
    turn = Turn(TurnRequest(text=text), resonance=reading, persona=persona)
    prompt = build_prompt(persona, PromptMaterial(text, reading), mode)
    return compose(read_turn(turn, prompt), phrasebook(prompt.language), mode)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("안녕하세요", SocialKind.GREETING),
        ("안녕~ ㅎㅎ", SocialKind.GREETING),
        ("엠버야 안녕!", SocialKind.GREETING),
        ("hi", SocialKind.GREETING),
        ("Hello there, Ember!", SocialKind.GREETING),
        ("Good morning", SocialKind.GREETING),
        ("고마워요", SocialKind.THANKS),
        ("정말 감사합니다!", SocialKind.THANKS),
        ("Thanks so much", SocialKind.THANKS),
        ("안녕히 계세요", SocialKind.FAREWELL),
        ("Bye, see you later", SocialKind.FAREWELL),
        ("너 누구야?", SocialKind.IDENTITY),
        ("안녕하세요, 누구세요?", SocialKind.IDENTITY),
        ("Hi! Who are you?", SocialKind.IDENTITY),
        ("what can you do?", SocialKind.ABILITY),
        ("뭘 할 수 있어요?", SocialKind.ABILITY),
        ("Tell me a joke", SocialKind.ENTERTAINMENT),
        ("재미있는 농담 하나 해줘", SocialKind.ENTERTAINMENT),
        ("how are you today?", SocialKind.WELL_BEING),
        ("잘 지내요?", SocialKind.WELL_BEING),
    ],
)
def test_courtesies_are_told_by_their_kind(text: str, kind: SocialKind) -> None:
    """A message of courtesies alone has the kind of the one that asks for something."""
    assert social_kind(clean(text), EMBER) is kind


@pytest.mark.parametrize(
    "text",
    [
        "안녕하세요, 이력서는 어떻게 쓰나요?",
        "고마워요 근데 서버가 또 죽었어요",
        "Hi, why does my build fail?",
        "Thanks, but it still fails",
        "who are you going to vote for?",
        "회사 이야기를 해 주세요",
        "help",
        "ok",
        "?!",
        "",
    ],
)
def test_a_courtesy_before_a_matter_is_none(text: str) -> None:
    """Where anything else stands in the message, it is not answered as a courtesy."""
    assert social_kind(clean(text), EMBER) is None


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("hi", ("Ember", "“kindling”, “steady warmth”", "Tell me")),
        ("안녕하세요", ("엠버예요", "‘불씨 살리기’예요", "적어 주세요")),
        ("who are you?", ("I am Ember, one of ION's personas: a keeper of fires.", "kindling")),
        ("누구세요?", ("엠버예요. 불을 지키는 사람이에요.", "불씨 살리기")),
        ("tell me a joke", ("Without a language model, I tell no jokes",)),
        ("농담해 줘", ("언어 모델 없이는 농담이나 이야기를 들려 드리지 못해요",)),
    ],
)
def test_courtesies_get_a_short_answer_of_the_persona(text: str, parts: tuple[str, ...]) -> None:
    """The answer holds the persona's own words and the short notice, and no way of working."""
    made = answer(text)

    assert [part for part in parts if part not in made] == []
    assert made.endswith(phrasebook(detect_language(text)).notice.short[0])
    assert "\n1. " not in made
    assert made.count("\n\n") == 1


@pytest.mark.parametrize("text", ["hi", "who are you?", "what can you do?", "누구세요?", "안녕"])
def test_a_bare_persona_has_its_name_to_give(text: str) -> None:
    """Without description and strengths nothing is left open in the answer."""
    made = answer(text, BARE)

    assert "bare" in made
    assert not {"{", "}"} & set(made)
    assert "  " not in made


@pytest.mark.parametrize("text", ["hi", "thanks", "bye", "who are you?", "what can you do?"])
def test_compact_courtesies_keep_the_limit(text: str) -> None:
    """A compact answer to a courtesy is two bullets of at most 80 words."""
    made = answer(text, mode=PromptMode.COMPACT)

    assert [line[:2] for line in made.splitlines()] == ["- ", "- "]
    assert len(made.split()) <= 80


@given(st.text(max_size=100))
def test_telling_courtesies_never_fails(text: str) -> None:
    """Any text is either a courtesy or none."""
    assert social_kind(clean(text), BARE) in (*SocialKind, None)
