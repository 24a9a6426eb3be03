"""ION's values as JSON: one way for receipts, decisions, personas and everything else.

The rules, so that every tool that prints ION's values prints them alike:

- an attrs class becomes an object of its fields; a field that is kept out of ``repr`` (a secret)
  is kept out of the JSON too;
- a resonance key becomes its text, an enumeration its value, a path its text;
- a mapping becomes an object with its keys in order, any other collection a list;
- a `Decimal` becomes a number with exactly its digits (``0.59``, never ``0.5900000000000001``);
- infinities and NaN, which JSON does not know, become null.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from decimal import Decimal
from enum import Enum
from json.encoder import encode_basestring
from pathlib import PurePath
from typing import Any, TypeAlias

import attrs

from ion_framework.domain.key import ResonanceKey

JsonValue: TypeAlias = (
    "bool | int | float | Decimal | str | list[JsonValue] | dict[str, JsonValue] | None"
)


def jsonable(value: object) -> JsonValue:
    """A value as JSON knows it; Decimals stay, so that `to_json` can write their exact digits.

    Args:
        value: anything that crosses a hook, or plain Python values.

    Raises:
        TypeError: the value has no form in JSON.
    """
    if isinstance(value, Enum):
        value = value.value
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float | Decimal):
        return value if math.isfinite(value) else None
    if isinstance(value, ResonanceKey | PurePath):
        return str(value)
    return _compound(value)


def to_json(value: object, indent: int | None = None) -> str:
    """A value as JSON text, on one line unless an indent is given; any script stays readable.

    A surrogate without its partner, which no encoder takes, is written as an escape.

    Args:
        value: see `jsonable`.
        indent: spaces per level, for people.

    Raises:
        TypeError: the value has no form in JSON.
    """
    text = "".join(_pieces(jsonable(value), indent, 0))
    return "".join(f"\\u{ord(c):04x}" if "\ud800" <= c <= "\udfff" else c for c in text)


def _compound(value: object) -> JsonValue:
    if attrs.has(type(value)):
        return _fields(value)
    if isinstance(value, Mapping):
        return {_key(key): jsonable(item) for key, item in value.items()}
    if isinstance(value, AbstractSet):
        return [jsonable(item) for item in sorted(value, key=str)]
    if isinstance(value, Iterable) and not isinstance(value, bytes | bytearray | memoryview):
        return [jsonable(item) for item in value]
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def _fields(value: Any) -> dict[str, JsonValue]:
    return {
        field.name: jsonable(getattr(value, field.name))
        for field in attrs.fields(type(value))
        if field.repr
    }


def _key(key: object) -> str:
    return str(key.value) if isinstance(key, Enum) else str(key)


def _pieces(value: JsonValue, indent: int | None, depth: int) -> Iterable[str]:
    """The text of a value in pieces. Our own writer: the standard one knows no exact decimals."""
    if isinstance(value, dict):
        members = ((encode_basestring(key) + ": ", item) for key, item in value.items())
        yield from _collection("{}", members, indent, depth)
    elif isinstance(value, list):
        yield from _collection("[]", (("", item) for item in value), indent, depth)
    else:
        yield _scalar(value)


def _collection(
    brackets: str, members: Iterable[tuple[str, JsonValue]], indent: int | None, depth: int
) -> Iterable[str]:
    margin = "" if indent is None else "\n" + " " * (indent * (depth + 1))
    separator = ", " if indent is None else ","
    yield brackets[0]
    first = True
    for label, item in members:
        yield ("" if first else separator) + margin + label
        yield from _pieces(item, indent, depth + 1)
        first = False
    if indent is not None and not first:
        yield "\n" + " " * (indent * depth)
    yield brackets[1]


def _scalar(value: bool | float | Decimal | str | None) -> str:
    if isinstance(value, str):
        return encode_basestring(value)
    if isinstance(value, Decimal):
        return _digits(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null"
    # The plain forms: a subclass may write itself as it likes.
    return int.__repr__(value) if isinstance(value, int) else float.__repr__(value)


def _digits(value: Decimal) -> str:
    """The exact digits: ``0.590`` as 0.59, ``1.000`` as 1, ``0E-2`` as 0."""
    text = f"{value:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) if value else "0"
