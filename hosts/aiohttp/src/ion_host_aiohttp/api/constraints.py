"""What a type allows beside its kind: words of a list, bounds of a number, the form of a text."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Any, Literal, get_args, get_origin

import attrs
import msgspec

from ion_host_aiohttp.errors.messages import Message

FORM = "form"
"""Under this name `msgspec.Meta.extra` holds the sentence (`say(…)`) that tells what a pattern
takes; a pattern is nothing to show to people."""


@attrs.frozen
class Constraints:
    """What is known of a type's values.

    Attributes:
        words: the values of a closed list, none where it is none.
        least: the smallest number, None without one.
        most: the largest number, None without one.
        form: the sentence that tells the form of a text, None where nobody wrote one.
    """

    words: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None
    form: Message | None = None


def constraints_of(kind: Any) -> Constraints:
    """What a type, or one of those that it is a choice of, allows."""
    words = tuple(word for part in _parts(kind) for word in _words(part))
    metas = [part for part in _parts(kind) if isinstance(part, msgspec.Meta)]
    extras = [meta.extra or {} for meta in metas]
    return Constraints(
        words=words,
        least=next((meta.ge for meta in metas if meta.ge is not None), None),
        most=next((meta.le for meta in metas if meta.le is not None), None),
        form=next((extra[FORM] for extra in extras if FORM in extra), None),
    )


def _parts(kind: Any) -> Iterator[Any]:
    """A type, what annotates it, and the same of the types that it is a choice of."""
    yield kind
    if get_origin(kind) is Literal:
        return
    for part in get_args(kind):
        yield from _parts(part)


def _words(part: Any) -> Iterator[str]:
    if get_origin(part) is Literal:
        yield from (str(value) for value in get_args(part))
    elif isinstance(part, type) and issubclass(part, Enum):
        yield from (str(member.value) for member in part)
