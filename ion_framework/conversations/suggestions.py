"""What a user might ask next: chosen by the reading of the message and the conversation's state."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

from ion_framework.domain.key import ResonanceKey, Tone
from ion_framework.domain.language import Language

STRAINED = (Tone.FRUSTRATED, Tone.ANXIOUS, Tone.URGENT)
"""Tones to which the next small step is suggested before anything else."""


def next_suggestion(
    key: ResonanceKey, topics: tuple[str, ...], number: int, language: Language
) -> str:
    """What to ask next.

    Lines about the present topic are only used where there is one; of those that are left, the
    turn's number chooses, so that two turns in a row do not suggest the same.

    Args:
        key: how the message of this turn reads.
        topics: what the conversation is about, most important first.
        number: number of this turn.
        language: the language of the answer.
    """
    lines = _lines()[language.value]
    name = "strained" if key.tone in STRAINED and number % 2 else key.intent.value
    fitting = [line for line in lines[name] if topics or "{topic}" not in line]
    chosen = fitting[(number - 1) // (2 if name == "strained" else 1) % len(fitting)]
    return chosen.format(topic=topics[0] if topics else "")


@cache
def _lines() -> dict[str, dict[str, list[str]]]:
    return tomllib.loads(files(__package__).joinpath("suggestions.toml").read_text("utf-8"))
