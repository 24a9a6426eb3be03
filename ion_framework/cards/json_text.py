"""JSON from strangers: bounded in size and depth, strict in what it is, exact in its numbers.

Numbers come back as they were spelled: ``1000.0`` never as ``1000``, which other programs may tell
apart, and ``1e300`` not as three hundred digits.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Self

from ion_framework.errors import CardError
from ion_framework.jsonable import to_json

MAX_JSON_BYTES = 8 * 1024 * 1024
"""Size of a card's JSON."""

MAX_DEPTH = 100
"""Objects and lists within each other."""

_LARGEST_EXPONENT = 400
"""Beyond the range of every program's numbers; exact digits of such a number would fill memory."""


class Spelled(Decimal):
    """A number, and how a document spells it."""

    spelling: str

    def __new__(cls, text: str) -> Self:
        """The number that a text of JSON is."""
        made = super().__new__(cls, text)
        made.spelling = text
        return made


def read_object(data: bytes, place: str) -> dict[str, Any]:
    """The object that a JSON text holds; numbers that are no plain integers become `Spelled`.

    Args:
        data: the text, in UTF-8, with or without a byte order mark.
        place: what it is, for errors.

    Raises:
        CardError: it is too large, not UTF-8, not JSON, no object, or nested too deeply.
    """
    if len(data) > MAX_JSON_BYTES:
        raise CardError(f"{place}: is larger than {MAX_JSON_BYTES} bytes")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CardError(f"{place}: is not UTF-8 at byte {error.start}") from None
    try:
        value = json.loads(text, parse_float=_number, parse_constant=_number, parse_int=_integer)
    except RecursionError:
        raise CardError(f"{place}: {_TOO_DEEP}") from None
    except ValueError as error:
        raise CardError(f"{place}: is not valid JSON: {error}") from None
    if not isinstance(value, dict):
        raise CardError(f"{place}: must hold a JSON object")
    _check_depth(value, place)
    return value


def write_text(value: object, indent: int | None = None) -> str:
    """A value as JSON; numbers that `read_object` has read are spelled as they were.

    Args:
        value: mappings, lists and what `to_json` takes.
        indent: spaces per level, for people; without it everything is on one line.
    """
    return "".join(_pieces(value, indent, 0))


def _pieces(value: object, indent: int | None, depth: int) -> Iterable[str]:
    if isinstance(value, Spelled):
        yield value.spelling
    elif isinstance(value, Mapping):
        members = ((f"{to_json(str(key))}: ", item) for key, item in value.items())
        yield from _collection("{}", members, indent, depth)
    elif isinstance(value, list | tuple):
        yield from _collection("[]", (("", item) for item in value), indent, depth)
    else:
        yield to_json(value)


def _collection(
    brackets: str, members: Iterable[tuple[str, object]], indent: int | None, depth: int
) -> Iterable[str]:
    margin = "" if indent is None else "\n" + " " * (indent * (depth + 1))
    separator = ", " if indent is None else ","
    before = brackets[0] + margin
    for label, item in members:
        yield before + label
        yield from _pieces(item, indent, depth + 1)
        before = separator + margin
    if before.startswith(brackets[0]):
        yield brackets
    else:
        yield ("" if indent is None else "\n" + " " * (indent * depth)) + brackets[1]


_TOO_DEEP = f"is nested more than {MAX_DEPTH} levels deep"


def _integer(text: str) -> int | Spelled:
    return Spelled(text) if text == "-0" else int(text)


def _number(text: str) -> Spelled:
    number = Spelled(text)
    if not number.is_finite() or abs(number.adjusted()) > _LARGEST_EXPONENT:
        raise ValueError(f"the number {text[:40]} is out of range")
    return number


def _check_depth(value: object, place: str) -> None:
    level: list[object] = [value]
    for _ in range(MAX_DEPTH):
        inner: list[object] = []
        for item in level:
            if isinstance(item, dict):
                inner += item.values()
            elif isinstance(item, list):
                inner += item
        level = inner
        if not level:
            return
    raise CardError(f"{place}: {_TOO_DEEP}")
