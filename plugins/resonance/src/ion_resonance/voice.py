"""The writer's own voice: the surface without what is said for politeness alone."""

from __future__ import annotations

import re
from functools import cache

import attrs

from ion_resonance.surface import Surface, surface_of
from ion_resonance.tables import Expression, spoken, tables

_LETTER = re.compile(r"\w")


def voice_of(text: str) -> Surface:
    """The surface of a message with greetings and thanks blanked out.

    Positions stay as they are. A message of courtesies alone is left as it is.
    """
    return heard(text)[0]


def heard(text: str) -> tuple[Surface, bool]:
    """The same, and whether there is more to a message than marks and courtesies."""
    surface = surface_of(text)
    plain = _without_courtesies(surface.text)
    speaks = _LETTER.search(plain) is not None
    if plain == surface.text or not speaks:
        return surface, speaks
    left = attrs.evolve(surface, text=plain)
    # What was blanked may have stood between two courtesies: the other one is seen only now.
    return left, _LETTER.search(_without_courtesies(plain)) is not None


def _without_courtesies(text: str) -> str:
    opening, closing = _courtesies(spoken(text))
    return _blanked(closing, _blanked(opening, text))


@cache
def _courtesies(names: tuple[str, ...]) -> tuple[Expression, Expression]:
    """What opens and what closes a message in these languages, with the marks around it."""
    sides = [tables(name).courtesies for name in names]
    opening = [each.before for each in sides if each.before is not None]
    closing = [each.after for each in sides if each.after is not None]
    return (
        _either(opening, r"\A(?:\s*(?:{})[\s,.!~:-]*)+"),
        # Not behind a letter ("ty" in "party") and not behind "no"; what is masked stays masked.
        _either(closing, r"(?<![\w'])(?<!\bno )(?:{})[^\w?\ufffc]*$"),
    )


def _either(stated: list[Expression], around: str) -> Expression:
    """One expression for those of several languages; with none, one that never matches."""
    if not stated:
        return Expression("(?!)", ())
    written = "|".join(each.written for each in stated)
    sure = all(each.needles for each in stated)
    needles = [needle for each in stated for needle in each.needles] if sure else []
    return Expression(around.replace("{}", written), needles)


def _blanked(expression: Expression, text: str) -> str:
    pattern = expression.concerning(text)
    return text if pattern is None else pattern.sub(_blank, text)


def _blank(match: re.Match[str]) -> str:
    return " " * len(match.group())
