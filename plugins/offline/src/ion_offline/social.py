"""Messages that are courtesies and nothing else: what kind, told by the whole message."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache

from ion_framework.domain.persona import Persona
from ion_offline.lexicon import SocialKind, social_patterns

_LONGEST = 80
_MARKS = re.compile(r"[^\w\s']|[\u3131-\u318e]|_")
_ASIDE = frozenset({SocialKind.FILLER, SocialKind.GREETING, SocialKind.THANKS})


def social_kind(text: str, persona: Persona) -> SocialKind | None:
    """The kind of courtesy that a cleaned message is, None where it holds anything else.

    Where courtesies follow each other (``hi, who are you?``), the one that asks for something
    counts, else the first.
    """
    if len(text) > _LONGEST:
        return None
    plain = " ".join(_MARKS.sub(" ", text.casefold().replace("’", "'")).split())
    kinds = _kinds(_without_names(plain, (persona.name, *persona.display_name.values())))
    found = [kind for kind in kinds or () if kind is not SocialKind.FILLER]
    asking = (kind for kind in found if kind not in _ASIDE)
    return next(asking, found[0] if found else None)


def _kinds(plain: str) -> list[SocialKind] | None:
    """The courtesies of which a text consists, None where something is left over."""
    kinds, place = [], 0
    while place < len(plain):
        match = next(_matches(plain, place), None)
        if match is None:
            return None
        kind, place = match
        kinds.append(kind)
    return kinds


def _matches(plain: str, place: int) -> Iterator[tuple[SocialKind, int]]:
    for kind, pattern in _compiled():
        if match := pattern.match(plain, place):
            yield kind, match.end()


@cache
def _compiled() -> tuple[tuple[SocialKind, re.Pattern[str]], ...]:
    return tuple(
        (kind, re.compile(f"(?:{'|'.join(patterns)})(?: |$)"))
        for kind, patterns in social_patterns().items()
    )


def _without_names(plain: str, names: Iterable[str]) -> str:
    """The text without the persona's name, with which people address it."""
    addressed = "|".join(re.escape(name.casefold()) for name in names if name)
    return " ".join(
        re.sub(rf"(?:^|(?<=\s))(?:{addressed})(?:님|씨|야|아)?(?=\s|$)", " ", plain).split()
    )
