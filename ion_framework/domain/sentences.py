"""Sentences for people: each under a name, in several languages, with gaps for values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from string import Formatter
from typing import TypeAlias

Sentences: TypeAlias = Mapping[str, Mapping[str, str]]
"""Texts by the name of the sentence, then by language (BCP 47 primary tag, ``ko``)."""

ORIGINAL = "en"
"""The language that every sentence exists in; whatever else is missing falls back to it."""

_GAP = re.compile(r"[a-z][a-z0-9_]*")
_TAG = re.compile(r"[a-z]{2,3}")


def is_language(tag: str) -> bool:
    """Whether this is written as a primary tag of BCP 47: two or three small letters."""
    return _TAG.fullmatch(tag) is not None


def gaps_of(text: str) -> frozenset[str]:
    """The names of a text's gaps: ``{limit}`` is a gap, ``{{`` and ``}}`` are braces.

    Raises:
        ValueError: a brace stands alone, or a gap is more than a name. No gap takes an attribute or
            an element of its value, so that a text can show nothing that it is not given.
    """
    gaps = set()
    for _, name, form, conversion in Formatter().parse(text):
        if name is None:
            continue
        if form or conversion or not _GAP.fullmatch(name):
            raise ValueError(f"the gap {{{name}}} is more than a name in small letters")
        gaps.add(name)
    return frozenset(gaps)


def shown_gaps(gaps: frozenset[str]) -> str:
    """Gaps as they stand in a text, for messages; ``none`` where there are none."""
    return ", ".join(f"{{{name}}}" for name in sorted(gaps)) or "none"
