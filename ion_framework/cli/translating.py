"""Sentences in Korean: each is looked up by its English form, with what stands in its gaps."""

from __future__ import annotations

import re
import tomllib
from functools import cache, partial
from pathlib import Path

from ion_framework.cli.checks.remedies import REMEDIES
from ion_framework.domain.josa import attach
from ion_framework.domain.language import Language

_GAP = re.compile(r"\{(\w+)(?::([^}]+))?\}")


def translated(text: str, language: Language) -> str:
    """A text in a language, line by line; a sentence that is not known stays English.

    Sentences that are joined by semicolons are looked up one by one, where no known one holds the
    semicolon itself.

    Args:
        text: English, one sentence a line.
        language: the language.
    """
    if language is Language.ENGLISH:
        return text
    for status, english in REMEDIES[Language.ENGLISH].items():
        if text == english:
            return REMEDIES[language][status]
    return "\n".join(map(_korean, text.split("\n")))


def _korean(line: str) -> str:
    return _known(line) or "; ".join(_known(part) or part for part in line.split("; "))


def _known(line: str) -> str:
    """A line in Korean, empty where nothing fits it, or where to look would take too long."""
    if len(line) > _LONGEST or line.count("; ") > _MOST_JOINTS:
        return ""
    return _fitting(line, _JOINT) or _by_parts(line) or _fitting(line, _ANY)


def _by_parts(line: str) -> str:
    first, joint, rest = line.partition("; ")
    told = _fitting(first, _ANY) if joint else ""
    told_rest = _known(rest) if told else ""
    return f"{told}; {told_rest}" if told_rest else ""


def _fitting(line: str, gap: str) -> str:
    for expression, korean in sentences(gap):
        found = expression.fullmatch(line)
        if found:
            return _GAP.sub(partial(_filled, found.groupdict()), korean)
    return ""


_LONGEST = 500
"""Characters of a sentence, or of sentences that belong together: to fit gaps into a text takes a
power of its length. What is longer is taken sentence by sentence."""

_MOST_JOINTS = 8

_ANY = ".+?"
_JOINT = "(?:(?!; ).)+?"
"""What may stand in a gap at first: one sentence, not where the next begins."""


def _filled(values: dict[str, str], gap: re.Match[str]) -> str:
    value = values[gap[1]]
    return attach(value, gap[2]) if gap[2] else _korean(value)


@cache
def sentences(gap: str = _ANY) -> tuple[tuple[re.Pattern[str], str], ...]:
    """Every sentence: what it looks like in English, and what it says in Korean.

    Args:
        gap: regular expression of what may stand in a gap.
    """
    text = Path(__file__).with_name("sentences.toml").read_text("utf-8")
    return tuple(
        (_expression(item["en"], gap), item["ko"]) for item in tomllib.loads(text)["sentence"]
    )


def _expression(english: str, gap: str) -> re.Pattern[str]:
    pieces = _GAP.split(english)
    parts = [
        re.escape(piece) if place % 3 == 0 else f"(?P<{piece}>{gap})"
        for place, piece in enumerate(pieces)
        if place % 3 != 2  # noqa: PLR2004  the third of each is the particle, of which there is none
    ]
    return re.compile("".join(parts))
