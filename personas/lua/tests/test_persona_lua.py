"""Facts of the persona Lua, read from the manifest that the distribution ships."""

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
    Tone.FRUSTRATED: Decimal("1.0"),
    Tone.PLAYFUL: Decimal("1.0"),
    Tone.ANXIOUS: Decimal("1.0"),
    Tone.ANALYTICAL: Decimal("0.3"),
    Tone.CALM: Decimal("0.6"),
    Tone.CURIOUS: Decimal("0.7"),
    Tone.URGENT: Decimal("0.5"),
    Tone.CONFUSED: Decimal("0.8"),
    Tone.COLLABORATIVE: Decimal("0.6"),
}
PACES = {
    Pace.BURST: Decimal("1.0"),
    Pace.FLOWING: Decimal("1.0"),
    Pace.CONTEMPLATIVE: Decimal("0.9"),
    Pace.MEDIUM: Decimal("0.8"),
}
INTENTS = {
    Intent.SEEK_ADVICE: Decimal("1.0"),
    Intent.PROBLEM_SOLVING: Decimal("0.7"),
    Intent.LEARNING: Decimal("0.6"),
    Intent.VALIDATION: Decimal("0.8"),
    Intent.PLANNING: Decimal("0.5"),
    Intent.REFLECTION: Decimal("1.0"),
}
SIGNATURE = ResonanceKey(Tone.FRUSTRATED, Pace.BURST, Intent.SEEK_ADVICE)


def build_lua() -> Persona:
    """The persona as the installed package's manifest describes it; nothing is imported."""
    spec = find_spec("ion_persona_lua")
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
    assert Affinities(TONES, PACES, INTENTS) == build_lua().affinities


def test_identity() -> None:
    """Lua is called 루아 in Korean and has rank 10 in ties."""
    persona = build_lua()

    assert persona.name == "lua"
    assert persona.display_name == {Language.ENGLISH: "Lua", Language.KOREAN: "루아"}
    assert persona.rank == 10
    assert persona.preferred_tones == (Tone.FRUSTRATED, Tone.PLAYFUL, Tone.ANXIOUS)


def test_full_score() -> None:
    """A score of 1 goes to twelve keys: three tones, two paces, advice or reflection."""
    persona = build_lua()

    assert {
        ResonanceKey(tone, pace, intent)
        for tone in (Tone.FRUSTRATED, Tone.PLAYFUL, Tone.ANXIOUS)
        for pace in (Pace.BURST, Pace.FLOWING)
        for intent in (Intent.SEEK_ADVICE, Intent.REFLECTION)
    } == {key for key in ALL_KEYS if score(persona, key) == 1}


def test_best_for() -> None:
    """The tones, paces and intents with an affinity of 0.8 or more are the known ones."""
    offered = capabilities(build_lua())

    assert offered.best_for_tones == (Tone.FRUSTRATED, Tone.PLAYFUL, Tone.ANXIOUS, Tone.CONFUSED)
    assert offered.best_for_paces == (Pace.BURST, Pace.FLOWING, Pace.CONTEMPLATIVE, Pace.MEDIUM)
    assert offered.best_for_intents == (Intent.SEEK_ADVICE, Intent.VALIDATION, Intent.REFLECTION)


def test_recommended_by_korean_keywords() -> None:
    """A Korean scenario in Lua's field is recognised by two keywords."""
    found = recommend("공감이 필요한 번아웃 상담", [build_lua()])

    assert found.matched == {"lua": ("공감", "번아웃")}


def test_two_examples_a_language() -> None:
    """Two examples in each language show the voice."""
    languages = [example.language.value for example in build_lua().examples]

    assert sorted(languages) == ["en", "en", "ko", "ko"]


def test_prompts_render() -> None:
    """In both languages the prompt is complete: own name, own guidance, no placeholder left."""
    persona = build_lua()

    for language, reading in ((Language.ENGLISH, "frustrated:"), (Language.KOREAN, "감정: ")):
        system = system_of(persona, language)

        assert system.startswith(f"# {persona.shown_name(language)}\n")
        assert reading in system
        assert "{{" not in system


def test_system_prompt_knows_real_help() -> None:
    """The Korean crisis line and emergency numbers stand in the prompt of both languages."""
    system = build_lua().prompts.system

    assert all(number in text for text in system.values() for number in ("109", "119", "112"))


def test_korean_register_is_stated() -> None:
    """The Korean prompt and its guidance name one register, 해요체."""
    prompts = build_lua().prompts

    assert "해요체" in prompts.system[Language.KOREAN]
    assert "해요체" in prompts.guidance[Language.KOREAN]


def test_opening_phrases() -> None:
    """Preferred tones have openings of their own; each is one sentence, in register."""
    opening = build_lua().voice.opening
    phrases = [
        phrase for texts in opening.values() for options in texts.values() for phrase in options
    ]
    korean = [phrase for texts in opening.values() for phrase in texts[Language.KOREAN]]

    assert {"frustrated", "playful", "anxious", "any"} <= set(opening)
    assert all(phrase.endswith(".") and phrase.count(".") == 1 for phrase in phrases)
    assert all(phrase.endswith("요.") for phrase in korean)


def test_cache_and_parameters() -> None:
    """Answers are kept for the caller alone, for ten minutes; the model gets Lua's parameters."""
    persona = build_lua()

    assert CachePolicy(CacheScope.PRINCIPAL, 600) == persona.cache
    assert GenerationParameters(temperature=0.8, max_output_tokens=1024) == persona.parameters
