"""Phrases with their placeholders filled in: ``{topic}``, and in Korean ``{topic:을/를}``."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ion_framework.domain.josa import attach

NAMES = (
    "topic",
    "one",
    "other",
    "name",
    "strength",
    "strengths",
    "description",
    "earlier",
    "note",
    "intent",
)
"""The placeholders that a phrase may use."""

_PLACEHOLDER = re.compile(r"\{(\w+)(?::([^{}]+))?\}")


def fill(phrase: str, values: Mapping[str, str]) -> str:
    """The phrase with its values, in one pass: what is put in is not read again.

    Args:
        phrase: a phrase of the phrase files.
        values: by name of placeholder; a Korean particle after a colon is chosen by the value.

    Raises:
        KeyError: the phrase uses a placeholder without a value.
        ValueError: it asks for a particle that does not exist.
    """

    def value(match: re.Match[str]) -> str:
        text = values[match[1]]
        return attach(text, match[2]) if match[2] else text

    return _PLACEHOLDER.sub(value, phrase)


def placeholders(phrase: str) -> tuple[tuple[str, str], ...]:
    """Name and particle (empty where there is none) of every placeholder of a phrase."""
    return tuple((name, pair) for name, pair in _PLACEHOLDER.findall(phrase))
