"""Other ways to write a message that mean and feel the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from random import Random

from ion_framework.domain.language import Language
from perf.analysis import english, korean
from perf.analysis.korean_endings import other_politeness

EMOJI = ("🙂", "🙏")
"""Emoji that colour no message."""


class Kind(StrEnum):
    """What is changed."""

    GREETING = "greeting"
    TYPO = "typo"
    POLITENESS = "politeness"
    EMOJI = "emoji"


Change = Callable[[str, Random], str | None]
"""Changes a text; None where its rule does not apply to it."""


def variants(text: str, language: Language, seed: int) -> dict[Kind, str]:
    """One variant of each kind whose rule applies to the message.

    Args:
        text: the message.
        language: its language.
        seed: the same seed makes the same variants of a message, whatever else is in the file.
    """
    made = {}
    for kind, change in _CHANGES[language].items():
        varied = change(text, Random(f"{seed}:{kind.value}:{text}"))  # noqa: S311  no secret
        if varied is not None and varied != text:
            made[kind] = varied
    return made


def _greeted(greetings: tuple[str, ...]) -> Change:
    return lambda text, random: f"{random.choice(greetings)} {text}"


def _with_emoji(text: str, random: Random) -> str:
    return f"{text.rstrip()} {random.choice(EMOJI)}"


_CHANGES: Mapping[Language, Mapping[Kind, Change]] = {
    Language.ENGLISH: {
        Kind.GREETING: _greeted(english.GREETINGS),
        Kind.TYPO: english.typo,
        Kind.POLITENESS: english.other_politeness,
        Kind.EMOJI: _with_emoji,
    },
    Language.KOREAN: {
        Kind.GREETING: _greeted(korean.GREETINGS),
        Kind.TYPO: korean.typo,
        Kind.POLITENESS: other_politeness,
        Kind.EMOJI: _with_emoji,
    },
}
