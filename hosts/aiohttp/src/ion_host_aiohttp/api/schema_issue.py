"""What a decoder's complaint means: which value, and what is wrong with it."""

from __future__ import annotations

import re

import msgspec

from ion_host_aiohttp.errors.failure import Issue, Path
from ion_host_aiohttp.errors.messages import say

_WHERE = re.compile(r" - at `(?:key in )?\$(.*)`$")
_STEP = re.compile(r"\.(\w+)|\[(\d+)\]|(\[\.\.\.\])")
_MISSING = re.compile(r"Object missing required field `([^`]+)`")
_LENGTH = re.compile(r"Expected `str` of length (<=|>=) (\d+)")
_ITEMS = re.compile(r"Expected `array` of length (<=|>=) (\d+)")
_TYPE = re.compile(r"Expected `([^`]+)`, got `([^`]+)`")
_KINDS = {"str": "string_type", "bool": "bool_type", "array": "list_type", "object": "dict_type"}
_SHOWN = 100


def issue_of(error: msgspec.ValidationError, document: object) -> Issue:
    """The issue that a decoder's error describes.

    Args:
        error: what the decoder said.
        document: the whole body, decoded without a schema; None where it is not known.
    """
    text = str(error)
    where = _WHERE.search(text)
    path = _path(where[1]) if where else ()
    value = _value_at(document, path)
    given = _shown(value)
    if match := _MISSING.match(text):
        return Issue("missing", (*path, match[1]), say("missing"), given)
    if match := _LENGTH.match(text):
        return _length(path, match[1], int(match[2]), given)
    if match := _ITEMS.match(text):
        return _items(path, match[1], int(match[2]), len(value) if isinstance(value, list) else 0)
    if match := _TYPE.match(text):
        expected = match[1].replace(" | null", "")
        message = say("wrong_type", expected=expected, given=match[2])
        return Issue(_KINDS.get(expected, "type"), path, message, given)
    return Issue("value_error", path, say("invalid_value"), given)


def _length(path: Path, operator: str, length: int, given: object) -> Issue:
    if operator == "<=":
        message = say("too_long", max_length=length)
        return Issue("string_too_long", path, message, given, {"max_length": length})
    message = say("too_short", min_length=length)
    return Issue("string_too_short", path, message, given, {"min_length": length})


def _items(path: Path, operator: str, length: int, given: int) -> Issue:
    if operator == "<=":
        limits = {"max_length": length}
        return Issue("too_long", path, say("too_many", max_length=length), limits=limits)
    message = say("too_few", min_length=length, given=given)
    return Issue("too_short", path, message, limits={"min_length": length})


def _path(text: str) -> Path:
    """The steps of ``.context.message_history[0]``, up to where the decoder stops naming them."""
    steps: list[str | int] = []
    for name, index, unnamed in _STEP.findall(text):
        if unnamed:
            break
        steps.append(int(index) if index else name)
    return tuple(steps)


def _value_at(document: object, path: Path) -> object:
    value = document
    for step in path:
        try:
            value = value[step]  # type: ignore[index]  # the path comes from this very document
        except (KeyError, IndexError, TypeError):
            return None
    return value


def _shown(value: object) -> object:
    """A value as an error may repeat it: short, and no containers."""
    if isinstance(value, str):
        return value[:_SHOWN]
    return value if isinstance(value, int | float | bool) else None
