"""The wishes of ``wishes.toml``, read once."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import attrs

LANGUAGE = "language"
"""The kind of the wish for a language."""


@attrs.frozen
class Said:
    """How a wish is said in one language.

    Attributes:
        asked: what counts where it is asked for or stands alone, and is turned by a denial.
        denied: what counts only where it is denied.
        whole: what is a wish by itself.
    """

    asked: re.Pattern[str]
    denied: re.Pattern[str]
    whole: re.Pattern[str]


@attrs.frozen(kw_only=True)
class Wish:
    """A wish for the way of answering.

    Attributes:
        kind: what it is about (``length``).
        value: what is wished (``short``).
        opposite: kind and value of its denial, None where that only takes it back.
        drops: kinds of wishes that it cannot stand beside.
        across: whether a question may stand between the verb that asks and what is wished.
        english: how it is said in English.
        korean: how it is said in Korean.
    """

    kind: str
    value: str
    opposite: tuple[str, str] | None = None
    drops: tuple[str, ...] = ()
    across: bool = False
    english: Said
    korean: Said


@attrs.frozen
class Addresses:
    """How users say what they are called; the first group is the name.

    Attributes:
        given: what gives the name.
        denied: what says that it is none.
    """

    given: tuple[re.Pattern[str], ...]
    denied: tuple[re.Pattern[str], ...]


@cache
def wishes() -> tuple[Wish, ...]:
    """The wishes, those for a language last."""
    found = _found()
    return (*map(_wish, found["wishes"]), *_languages(found["languages"]))


@cache
def addresses() -> Addresses:
    """How users say what they are called."""
    found = _found()["address"]
    return Addresses(
        given=tuple(map(re.compile, (*found["en"], *found["ko"]))),
        denied=tuple(map(re.compile, (*found["en_denied"], *found["ko_denied"]))),
    )


@cache
def _found() -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath("wishes.toml").read_text("utf-8"))


def _wish(item: dict[str, Any]) -> Wish:
    opposite = item.get("not")
    return Wish(
        kind=item["kind"],
        value=item["value"],
        opposite=(opposite[0], opposite[1]) if opposite else None,
        drops=tuple(item.get("drops", ())),
        across=item.get("across", False),
        english=_said(item, "en"),
        korean=_said(item, "ko"),
    )


def _said(item: dict[str, Any], language: str) -> Said:
    return Said(
        asked=_any(item.get(language, ())),
        denied=_any(item.get(f"{language}_denied", ())),
        whole=_any(item.get(f"{language}_whole", ())),
    )


def _languages(names: dict[str, str]) -> Iterator[Wish]:
    for code, text in names.items():
        english = "|".join(name for name in text.split() if name.isascii())
        korean = "|".join(name for name in text.split() if not name.isascii())
        asked = [rf"\b(?:in|use|speak|switch to) (?:{english})\b", rf"\b(?:{english}) please\b"]
        yield Wish(
            kind=LANGUAGE,
            value=code,
            english=Said(_any(asked), _any(()), _any(())),
            korean=Said(_any([rf"(?:{korean})(?:으로|로)"]), _any(()), _any(())),
        )


def _any(patterns: Sequence[str]) -> re.Pattern[str]:
    text = "|".join(f"(?:{text})" for text in patterns) if patterns else "(?!)"
    return re.compile(text, re.IGNORECASE)
