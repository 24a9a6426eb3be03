"""The writer's own voice: the surface without what is said for politeness alone."""

from __future__ import annotations

import re
from functools import cache

import attrs

from ion_resonance.lexicon import languages, load
from ion_resonance.surface import Surface, surface_of

_LETTER = re.compile(r"\w")


def voice_of(text: str) -> Surface:
    """The surface of a message with greetings and thanks blanked out.

    Positions stay as they are. A message of courtesies alone is left as it is.
    """
    surface = surface_of(text)
    opening, closing = _courtesies()
    plain = closing.sub(_blank, opening.sub(_blank, surface.text))
    return attrs.evolve(surface, text=plain) if _LETTER.search(plain) else surface


@cache
def _courtesies() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """What opens and what closes a message, in any language, with the marks around it."""
    stated = [load(name).courtesies for name in languages()]
    opening = "|".join(each.before.pattern for each in stated if each.before)
    closing = "|".join(each.after.pattern for each in stated if each.after)
    return (
        re.compile(rf"^(?:\s*(?:{opening})[\s,.!~:-]*)+" if opening else "(?!)"),
        # Not behind a letter ("ty" in "party") and not behind "no".
        re.compile(rf"(?<![\w'])(?<!\bno )(?:{closing})[^\w?]*$" if closing else "(?!)"),
    )


def _blank(match: re.Match[str]) -> str:
    return " " * len(match.group())
