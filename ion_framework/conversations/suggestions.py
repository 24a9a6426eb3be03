"""What a user might ask next: chosen by the reading of the message and the conversation's state."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

from ion_framework.domain.josa import attach
from ion_framework.domain.key import ResonanceKey, Tone
from ion_framework.domain.language import Language

STRAINED = (Tone.FRUSTRATED, Tone.ANXIOUS, Tone.URGENT)
"""Tones to which the next small step is suggested before anything else."""


def next_suggestion(key: ResonanceKey, about: str, number: int, language: Language) -> str:
    """What to ask next.

    The turn's number chooses, so that two turns in a row do not suggest the same.

    Args:
        key: how the message of this turn reads.
        about: what the conversation is about, a noun phrase of that language as
            `ion_framework.conversations.memory.phrases` finds it; empty where there is none.
        number: number of this turn.
        language: the language of the answer.
    """
    lines = _lines()[language.value]
    name = "strained" if key.tone in STRAINED and number % 2 else key.intent.value
    chosen = lines[name][(number - 1) // (2 if name == "strained" else 1) % len(lines[name])]
    if not about:
        return chosen["plain"]
    return chosen.get("about", chosen["plain"]).format(topic=_Noun(about))


class _Noun(str):
    """A noun that takes a Korean particle: ``{topic:을/를}``."""

    __slots__ = ()

    def __format__(self, particles: str) -> str:
        return attach(str(self), particles) if particles else str(self)


@cache
def _lines() -> dict[str, dict[str, list[dict[str, str]]]]:
    return tomllib.loads(files(__package__).joinpath("suggestions.toml").read_text("utf-8"))
