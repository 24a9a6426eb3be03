"""Every finding that there is: level, grade and sentences, from ``findings.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import attrs

from ion_framework.conformance.findings import Finding, Grade, Level
from ion_framework.domain.language import Language


@attrs.frozen
class Entry:
    """One kind of finding.

    Attributes:
        code: its name.
        level: how bad it is.
        blocks: the lowest grade that cannot be reached with it, None for a note.
        message: what was found, per language, with gaps.
        fix: what to do, per language, with gaps.
    """

    code: str
    level: Level
    blocks: Grade | None
    message: Mapping[Language, str]
    fix: Mapping[Language, str]


@cache
def catalogue() -> Mapping[str, Entry]:
    """Every kind of finding by code, in the order of the file."""
    text = Path(__file__).with_name("findings.toml").read_text("utf-8")
    return {code: _entry(code, table) for code, table in tomllib.loads(text).items()}


def found(code: str, where: str, **values: object) -> Finding:
    """A finding, its sentences filled in.

    Args:
        code: its code.
        where: the place.
        values: what the gaps of the sentences are filled with.

    Raises:
        KeyError: there is no such code, or a gap has no value.
    """
    entry = catalogue()[code]
    texts = {name: str(value) for name, value in values.items()}
    message, fix = sentences(code, Language.ENGLISH, texts)
    return Finding(code, entry.level, where, message, fix, entry.blocks, texts)


def sentences(code: str, language: Language, values: Mapping[str, str]) -> tuple[str, str]:
    """Message and fix of a code in a language.

    Args:
        code: the code.
        language: the language.
        values: what the gaps are filled with.

    Raises:
        KeyError: there is no such code, or a gap has no value.
    """
    entry = catalogue()[code]
    return entry.message[language].format_map(values), entry.fix[language].format_map(values)


def _entry(code: str, table: Mapping[str, object]) -> Entry:
    level = Level(str(table["level"]))
    return Entry(
        code,
        level,
        None if level is Level.NOTE else Grade(str(table["blocks"])),
        _texts(table["message"]),
        _texts(table["fix"]),
    )


def _texts(table: object) -> Mapping[Language, str]:
    texts: Mapping[str, str] = table  # type: ignore[assignment]  # our own file, which a test reads whole
    return {language: texts[language.value] for language in Language}
