"""What a new persona says and is drawn to, by tone: ``tones.toml`` beside this file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import attrs

from ion_framework.domain.key import Intent, Pace, Tone
from ion_framework.domain.language import Language
from ion_framework.domain.persona import Affinities

FILE = Path(__file__).with_name("tones.toml")

Texts = Mapping[Language, str]


@attrs.frozen(kw_only=True)
class ToneMaterial:
    """What a tone contributes to a persona that is for it.

    Attributes:
        when: the moment, as it completes a sentence.
        trait: what the persona is like.
        strength: what it is good at.
        keyword: a word of scenarios.
        manner: a line of the prompt on how to meet the tone.
        opening: how an answer begins.
        user: the message of an example.
        reply: its answer.
        pace: which paces go with the tone, 0 to 1.
        intent: which intents go with it, 0 to 1.
    """

    when: Texts
    trait: Texts
    strength: Texts
    keyword: Texts
    manner: Texts
    opening: Mapping[Language, tuple[str, ...]]
    user: Texts
    reply: Texts
    pace: Mapping[Pace, Decimal]
    intent: Mapping[Intent, Decimal]


@cache
def material() -> Mapping[Tone, ToneMaterial]:
    """The material of all nine tones."""
    table = tomllib.loads(FILE.read_text("utf-8"), parse_float=Decimal)
    return {tone: _of(table[tone.value]) for tone in Tone}


def _of(table: Mapping[str, Any]) -> ToneMaterial:
    plain = ("when", "trait", "strength", "keyword", "manner")
    return ToneMaterial(
        **{key: _texts(table[key]) for key in plain},
        opening={language: tuple(table["opening"][language.value]) for language in Language},
        user=_texts(table["example"]["user"]),
        reply=_texts(table["example"]["reply"]),
        pace={pace: table["pace"][pace.value] for pace in Pace},
        intent={intent: table["intent"][intent.value] for intent in Intent},
    )


def _texts(table: Mapping[str, str]) -> Texts:
    return {language: table[language.value] for language in Language}


_OTHER = Decimal("0.3")
_STEP = Decimal("0.03")
_WHOLE = 3
"""Tones that a persona can be for without being less for each of them."""


def affinities_for(tones: Sequence[Tone]) -> Affinities:
    """What a persona for these tones is drawn to.

    Its tones stand out from the rest; the more there are, the less, so that a persona for
    everything leaves the others something. Pace and intent are the mean of what goes with each
    tone, raised so that the best of each is 1.

    Args:
        tones: the tones that it is for, at least one.
    """
    own = 1 - _STEP * max(0, len(tones) - _WHOLE)
    chosen = [material()[tone] for tone in tones]
    return Affinities(
        {tone: own if tone in tones else _OTHER for tone in Tone},
        _raised({pace: _mean([item.pace[pace] for item in chosen]) for pace in Pace}),
        _raised({intent: _mean([item.intent[intent] for item in chosen]) for intent in Intent}),
    )


def _mean(values: Sequence[Decimal]) -> Decimal:
    return sum(values, Decimal(0)) / len(values)


def _raised(values: Mapping[Any, Decimal]) -> Mapping[Any, Decimal]:
    gap = 1 - max(values.values())
    return {key: round(value + gap, 1) for key, value in values.items()}
