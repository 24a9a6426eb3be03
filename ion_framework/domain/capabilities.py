"""What a persona is best for, and which persona suits a scenario described in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

import attrs

from ion_framework.domain.key import Intent, Pace, Tone
from ion_framework.domain.language import Language
from ion_framework.domain.persona import Persona, pick_list
from ion_framework.errors import UnknownPersonaError

BEST_FROM = Decimal("0.8")
"""The affinity from which a persona counts as *best for* a tone, pace or intent."""


@attrs.frozen
class Capabilities:
    """What a persona offers.

    Attributes:
        name: the persona.
        traits: what it is like.
        strengths: what it is good at.
        best_for_tones: tones with an affinity of 0.8 or more, in the order of the domain.
        best_for_paces: likewise for paces.
        best_for_intents: likewise for intents.
    """

    name: str
    traits: tuple[str, ...]
    strengths: tuple[str, ...]
    best_for_tones: tuple[Tone, ...]
    best_for_paces: tuple[Pace, ...]
    best_for_intents: tuple[Intent, ...]


def capabilities(persona: Persona, language: Language = Language.ENGLISH) -> Capabilities:
    """The capabilities of a persona, its texts in one language."""
    affinities = persona.affinities
    zero = Decimal(0)
    return Capabilities(
        name=persona.name,
        traits=pick_list(persona.traits, language),
        strengths=pick_list(persona.strengths, language),
        best_for_tones=tuple(t for t in Tone if affinities.tone.get(t, zero) >= BEST_FROM),
        best_for_paces=tuple(p for p in Pace if affinities.pace.get(p, zero) >= BEST_FROM),
        best_for_intents=tuple(i for i in Intent if affinities.intent.get(i, zero) >= BEST_FROM),
    )


@attrs.frozen
class Recommendation:
    """Which persona suits a scenario.

    Attributes:
        persona: the name of the best one.
        scores: number of distinct words of each persona that the scenario holds, best first.
        matched: the words found, per persona.
    """

    persona: str
    scores: Mapping[str, int]
    matched: Mapping[str, tuple[str, ...]]


def recommend(scenario: str, personas: Iterable[Persona]) -> Recommendation:
    """Recommend a persona for a scenario in words, Korean or English.

    Each persona is known by the keywords of its manifest (by its traits where it names none), in
    every language it has, so that a fifth persona competes at once. A keyword counts once, where
    the scenario holds it; case does not matter. Ties, and a scenario that holds none, go to the
    lower rank, then to the name.

    Raises:
        UnknownPersonaError: there is no persona at all.
    """
    haystack = scenario.casefold()
    found = [
        (persona, tuple(word for word in keywords(persona) if word in haystack))
        for persona in personas
    ]
    if not found:
        raise UnknownPersonaError("any", ())
    found.sort(key=lambda pair: (-len(pair[1]), pair[0].rank, pair[0].name))
    return Recommendation(
        persona=found[0][0].name,
        scores={persona.name: len(words) for persona, words in found},
        matched={persona.name: words for persona, words in found},
    )


def keywords(persona: Persona) -> tuple[str, ...]:
    """The distinct words by which `recommend` knows a persona, case-folded, sorted."""
    source = persona.keywords or persona.traits
    return tuple(sorted({word.casefold() for words in source.values() for word in words}))
