"""What users say of how they want to be answered, by the rules of ``wishes.toml``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import attrs

from ion_framework.conversations.memory.requests import Stance, heard_in
from ion_framework.conversations.memory.wishes import LANGUAGE, Wish, addresses
from ion_framework.conversations.memory.words import words
from ion_framework.domain.language import Language

ADDRESS = "address"
"""The kind of the name by which the user wants to be called."""

LONGEST_READ = 4000
"""Characters of a message that are read for wishes: of a longer one both ends, half each."""

_QUOTED = re.compile(
    r"\"[^\"\n]{1,200}\"|“[^”\n]{1,200}”|「[^」\n]{1,200}」|`[^`\n]{1,200}`"
    r"|(?<!\w)[‘'][^’'\n]{2,200}[’'](?!\w)"
)
_SHOUTED = 2


@attrs.frozen
class _Change:
    """What a place in a message does to the wishes.

    Attributes:
        at: the place.
        kind: the kind of wish.
        value: what is wished from now on, None where a wish is taken back.
        unless: the value that is taken back or replaced; any other one stays. Empty for any.
        drops: kinds of wishes that go.
    """

    at: int
    kind: str
    value: str | None
    unless: str = ""
    drops: tuple[str, ...] = ()


def preferences_of(message: str, known: Mapping[str, str]) -> dict[str, str]:
    """The user's wishes after a message; one wish of each kind, the latest.

    What stands in quotation marks is somebody else's wish.

    Args:
        message: what the user wrote.
        known: the wishes before.
    """
    text = _ends(message).replace("’", "'")
    own = _QUOTED.sub(lambda match: " " * len(match[0]), text)
    found = dict(known)
    changes = (*_wished(own), *_addressed(text))
    for change in sorted(changes, key=lambda change: change.at):
        for kind in change.drops:
            found.pop(kind, None)
        if change.value is not None:
            found[change.kind] = change.value
        elif change.unless in ("", found.get(change.kind)):
            found.pop(change.kind, None)
    return found


def _ends(message: str) -> str:
    half = LONGEST_READ // 2
    if len(message) <= LONGEST_READ:
        return message
    return f"{message[:half]}\n{message[-half:]}"


def answer_language(wishes: Mapping[str, str]) -> Language | None:
    """The language that a user wishes answers in, where prompts exist in it.

    Args:
        wishes: the user's wishes.
    """
    wished = wishes.get(LANGUAGE)
    return Language(wished) if wished in set(Language) else None


def _wished(message: str) -> Iterator[_Change]:
    for heard in heard_in(message):
        if heard.stance is Stance.WISHED:
            wish = heard.wish
            yield _Change(heard.at, wish.kind, wish.value, drops=wish.drops)
        else:
            yield from _denied(heard.at, heard.wish)


def _denied(at: int, wish: Wish) -> Iterator[_Change]:
    if wish.opposite is None or wish.opposite[0] != wish.kind:
        yield _Change(at, wish.kind, None, wish.value)
    if wish.opposite is not None:
        yield _Change(at, *wish.opposite)


def _addressed(message: str) -> Iterator[_Change]:
    for pattern in addresses().denied:
        for match in pattern.finditer(message):
            yield _Change(match.start(1), ADDRESS, None, match[1])
    for pattern in addresses().given:
        for match in pattern.finditer(message):
            if _is_name(match[1]):
                yield _Change(match.start(1), ADDRESS, match[1])


def _is_name(name: str) -> bool:
    """Whether it may be somebody's name: no day, no common word, nothing that is shouted."""
    first = name.split(maxsplit=1)[0]
    shouted = first.isupper() and len(first) > _SHOUTED
    known = words()
    return not (shouted or first in known.capitals or first.lower() in known.general)
