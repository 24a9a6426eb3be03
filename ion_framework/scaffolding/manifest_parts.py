"""The parts of a persona's manifest that are lists: written as people write TOML."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

from ion_framework.domain.key import Tone
from ion_framework.domain.language import Language
from ion_framework.scaffolding.material import Texts, ToneMaterial, affinities_for, material
from ion_framework.scaffolding.rendering import toml_string

_MOST = 5
"""Traits, strengths and keywords of a persona that is for many tones."""

_Component = TypeVar("_Component", bound=StrEnum)


def manifest_parts(tones: Sequence[Tone]) -> dict[str, str]:
    """The computed parts of a manifest by the names that its template uses.

    Args:
        tones: the tones that the persona is for.
    """
    affinities = affinities_for(tones)
    return {
        "tones": _list([tone.value for tone in tones]),
        "traits": _lists(tones, lambda item: item.trait),
        "strengths": _lists(tones, lambda item: item.strength),
        "keywords": _lists(tones, lambda item: item.keyword),
        "affinities_tone": _numbers(affinities.tone),
        "affinities_pace": _numbers(affinities.pace),
        "affinities_intent": _numbers(affinities.intent),
        "examples": "\n\n".join(_example(material()[tones[0]], each) for each in Language),
        "openings": "\n\n".join(_opening(tone) for tone in tones),
    }


def _list(texts: Sequence[str]) -> str:
    return f"[{', '.join(map(toml_string, texts))}]"


def _lists(tones: Sequence[Tone], part: Callable[[ToneMaterial], Texts]) -> str:
    lines = []
    for language in Language:
        texts = [part(material()[tone])[language] for tone in tones[:_MOST]]
        lines.append(f"{language.value} = {_list(texts)}")
    return "\n".join(lines)


def _numbers(values: Mapping[_Component, Decimal]) -> str:
    return "\n".join(f"{key.value} = {float(value)}" for key, value in values.items())


def _example(item: ToneMaterial, language: Language) -> str:
    return "\n".join(
        (
            "[[persona.examples]]",
            f"language = {toml_string(language.value)}",
            f"user = {toml_string(item.user[language])}",
            f"reply = {toml_string(item.reply[language])}",
        )
    )


def _opening(tone: Tone) -> str:
    texts = material()[tone].opening
    lines = [f"{language.value} = {_list(texts[language])}" for language in Language]
    return "\n".join((f"[persona.voice.opening.{tone.value}]", *lines))
