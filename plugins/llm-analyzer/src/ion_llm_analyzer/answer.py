"""Reading the model's answer: one JSON object of a fixed form, or nothing."""

from __future__ import annotations

import json
from functools import cache
from math import isfinite
from typing import Any

import attrs
import cattrs

from ion_framework import Intent, Tone


class UnusableAnswerError(ValueError):
    """The answer is not what was asked for; the text says why and quotes nothing of it."""


@attrs.frozen
class ToneJudgement:
    """What the model says of the tone.

    Attributes:
        label: the tone.
        confidence: 0 to 1.
        quotes: the pieces of the message that decided it, as the model copied them.
    """

    label: Tone
    confidence: float
    quotes: tuple[str, ...]


@attrs.frozen
class IntentJudgement:
    """What the model says of the intent; the attributes mean what they mean in `ToneJudgement`."""

    label: Intent
    confidence: float
    quotes: tuple[str, ...]


@attrs.frozen
class Judgement:
    """The whole answer."""

    tone: ToneJudgement
    intent: IntentJudgement


def read_answer(text: str) -> Judgement:
    """Read an answer. A Markdown fence around it is taken off; anything else beside it is not.

    Raises:
        UnusableAnswerError: it is no JSON, or not of the form asked for.
    """
    try:
        value = json.loads(
            _unfenced(text.strip()),
            object_pairs_hook=_without_repeats,
            parse_constant=_no_constant,
        )
    except (ValueError, RecursionError):
        # What json says of it holds the whole answer, and that may hold the message.
        raise UnusableAnswerError("the model's answer is not JSON") from None
    try:
        return _converter().structure(value, Judgement)
    except Exception:  # noqa: BLE001  cattrs raises whatever a wrong shape brings about
        raise UnusableAnswerError(
            "the model's answer is not of the form asked for, or has a label that is not listed"
        ) from None


def _unfenced(text: str) -> str:
    """What stands in a Markdown fence, with or without its language; any other text as it is."""
    if len(text) < 2 * len(_FENCE) or not (text.startswith(_FENCE) and text.endswith(_FENCE)):
        return text
    language, brace, rest = text[len(_FENCE) : -len(_FENCE)].partition("{")
    return brace + rest if not language.strip() or language.strip().isalpha() else text


_FENCE = "```"


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) < len(pairs):
        raise ValueError("a key stands twice")
    return table


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


@cache
def _converter() -> cattrs.Converter:
    converter = cattrs.Converter(forbid_extra_keys=True, detailed_validation=False)
    converter.register_structure_hook(float, lambda value, _: _share(value))
    converter.register_structure_hook_func(
        lambda kind: kind == tuple[str, ...], lambda value, _: _strings(value)
    )
    return converter


def _share(value: Any) -> float:
    """A number, brought between 0 and 1: models state 95 or 1.2, too."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError("a confidence is a number")
    number = float(value)
    if not isfinite(number):
        raise ValueError("a confidence is finite")
    return min(max(number, 0.0), 1.0)


def _strings(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise TypeError("quotes are a list of strings")
    return tuple(value)
