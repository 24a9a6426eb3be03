"""Facts of the persona Elro, read from the manifest that the distribution ships."""

from __future__ import annotations

from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path

from ion_framework.domain.capabilities import capabilities, recommend
from ion_framework.domain.key import ALL_KEYS, Intent, Pace, ResonanceKey, Tone
from ion_framework.domain.language import Language
from ion_framework.domain.persona import (
    Affinities,
    CachePolicy,
    CacheScope,
    GenerationParameters,
    Persona,
)
from ion_framework.domain.prompt import PromptMaterial, build_prompt
from ion_framework.domain.resonance import Resonance
from ion_framework.domain.routing import score
from ion_framework.manifest.reading import read_manifest

TONES = {
    Tone.FRUSTRATED: Decimal("0.4"),
    Tone.PLAYFUL: Decimal("0.3"),
    Tone.ANXIOUS: Decimal("0.5"),
    Tone.ANALYTICAL: Decimal("1.0"),
    Tone.CALM: Decimal("1.0"),
    Tone.CURIOUS: Decimal("1.0"),
    Tone.URGENT: Decimal("0.8"),
    Tone.CONFUSED: Decimal("0.6"),
    Tone.COLLABORATIVE: Decimal("0.5"),
}
PACES = {
    Pace.BURST: Decimal("0.4"),
    Pace.FLOWING: Decimal("0.8"),
    Pace.CONTEMPLATIVE: Decimal("0.7"),
    Pace.MEDIUM: Decimal("1.0"),
}
INTENTS = {
    Intent.SEEK_ADVICE: Decimal("0.6"),
    Intent.PROBLEM_SOLVING: Decimal("1.0"),
    Intent.LEARNING: Decimal("1.0"),
    Intent.VALIDATION: Decimal("0.7"),
    Intent.PLANNING: Decimal("0.8"),
    Intent.REFLECTION: Decimal("0.4"),
}
SIGNATURE = ResonanceKey(Tone.CURIOUS, Pace.MEDIUM, Intent.PROBLEM_SOLVING)


def build_elro() -> Persona:
    """The persona as the installed package's manifest describes it; nothing is imported."""
    spec = find_spec("ion_persona_elro")
    assert spec is not None
    assert spec.origin is not None
    persona = read_manifest(Path(spec.origin).parent, "0.1.0").persona
    assert persona is not None
    return persona


def system_of(persona: Persona, language: Language) -> str:
    """The system part of the standard prompt for a message with the signature key."""
    resonance = Resonance.given(SIGNATURE, language)
    return build_prompt(persona, PromptMaterial(text="", resonance=resonance)).system


def test_affinities_are_the_figures_of_the_domain() -> None:
    """Every one of the nineteen affinities is stated, exactly."""
    assert Affinities(TONES, PACES, INTENTS) == build_elro().affinities


def test_identity() -> None:
    """Elro is called 엘로 in Korean and has rank 20 in ties."""
    persona = build_elro()

    assert persona.name == "elro"
    assert persona.display_name == {Language.ENGLISH: "Elro", Language.KOREAN: "엘로"}
    assert persona.rank == 20
    assert persona.preferred_tones == (Tone.CURIOUS, Tone.ANALYTICAL, Tone.CALM)


def test_full_score() -> None:
    """A score of 1 goes to six keys: three tones at medium pace, to solve or to learn."""
    persona = build_elro()

    assert {
        ResonanceKey(tone, pace, intent)
        for tone in (Tone.ANALYTICAL, Tone.CALM, Tone.CURIOUS)
        for pace in (Pace.MEDIUM,)
        for intent in (Intent.PROBLEM_SOLVING, Intent.LEARNING)
    } == {key for key in ALL_KEYS if score(persona, key) == 1}


def test_best_for() -> None:
    """The tones, paces and intents with an affinity of 0.8 or more are the known ones."""
    offered = capabilities(build_elro())

    assert offered.best_for_tones == (Tone.ANALYTICAL, Tone.CALM, Tone.CURIOUS, Tone.URGENT)
    assert offered.best_for_paces == (Pace.FLOWING, Pace.MEDIUM)
    assert offered.best_for_intents == (Intent.PROBLEM_SOLVING, Intent.LEARNING, Intent.PLANNING)


def test_recommended_by_korean_keywords() -> None:
    """A Korean scenario in Elro's field is recognised by two keywords."""
    found = recommend("기술 구조를 설명하는 자리", [build_elro()])

    assert found.matched == {"elro": ("구조", "기술")}


def test_two_examples_a_language() -> None:
    """Two examples in each language show the voice."""
    languages = [example.language.value for example in build_elro().examples]

    assert sorted(languages) == ["en", "en", "ko", "ko"]


def test_prompts_render() -> None:
    """In both languages the prompt is complete: own name, own guidance, no placeholder left."""
    persona = build_elro()

    for language, reading in ((Language.ENGLISH, "curious:"), (Language.KOREAN, "감정: ")):
        system = system_of(persona, language)

        assert system.startswith(f"# {persona.shown_name(language)}\n")
        assert reading in system
        assert "{{" not in system


def test_system_prompt_knows_real_help() -> None:
    """The Korean crisis line and emergency numbers stand in the prompt of both languages."""
    system = build_elro().prompts.system

    assert all(number in text for text in system.values() for number in ("109", "119", "112"))


def test_korean_register_is_stated() -> None:
    """The Korean prompt and its guidance name one register, 해요체."""
    prompts = build_elro().prompts

    assert "해요체" in prompts.system[Language.KOREAN]
    assert "해요체" in prompts.guidance[Language.KOREAN]


def test_opening_phrases() -> None:
    """Preferred tones have openings of their own; each is one sentence, in register."""
    opening = build_elro().voice.opening
    phrases = [
        phrase for texts in opening.values() for options in texts.values() for phrase in options
    ]
    korean = [phrase for texts in opening.values() for phrase in texts[Language.KOREAN]]

    assert {"curious", "analytical", "calm", "any"} <= set(opening)
    assert all(phrase.endswith(".") and phrase.count(".") == 1 for phrase in phrases)
    assert all(phrase.endswith("요.") for phrase in korean)


def test_cache_and_parameters() -> None:
    """Answers are kept for the caller alone, for ten minutes; the model gets Elro's parameters."""
    persona = build_elro()

    assert CachePolicy(CacheScope.PRINCIPAL, 600) == persona.cache
    assert GenerationParameters(temperature=0.4, max_output_tokens=1024) == persona.parameters
