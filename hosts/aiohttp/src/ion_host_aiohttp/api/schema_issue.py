"""What a decoder's complaint means: which value, and what is wrong with it."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from ion_host_aiohttp.api.constraints import Constraints, constraints_of
from ion_host_aiohttp.errors.failure import Issue, Path, not_a_choice
from ion_host_aiohttp.errors.messages import say

_WHERE = re.compile(r" - at `(?:key in )?\$(.*)`$")
_STEP = re.compile(r"\.(\w+)|\[(\d+)\]|(\[\.\.\.\])")
_MISSING = re.compile(r"Object missing required field `([^`]+)`")
_LENGTH = re.compile(r"Expected `str` of length (<=|>=) (\d+)")
_ITEMS = re.compile(r"Expected `(?:array|object)` of length (<=|>=) (\d+)")
_BOUND = re.compile(r"Expected `(?:int|float|decimal)` (<=|>=|<|>) (\S+)")
_MULTIPLE = re.compile(r"Expected `(?:int|float|decimal)` that's a multiple of (\S+)")
_PATTERN = re.compile(r"Expected `str` matching regex ")
_CHOICE = re.compile(r"Invalid enum value ")
_TYPE = re.compile(r"Expected `([^`]+)`, got `([^`]+)`")
_KINDS = {"str": "string_type", "bool": "bool_type", "array": "list_type", "object": "dict_type"}
_SHOWN = 100


def path_of(error: msgspec.ValidationError) -> Path:
    """Where the value stands that a decoder complains of, as far as it says so."""
    where = _WHERE.search(str(error))
    return _path(where[1]) if where else ()


def issue_of(error: msgspec.ValidationError, document: object, kind: Any = Any) -> Issue:
    """The issue that a decoder's error describes.

    Args:
        error: what the decoder said.
        document: the whole body, decoded without a schema; None where it is not known.
        kind: the type that the value at fault was to have.
    """
    text, path = str(error), path_of(error)
    value = _value_at(document, path)
    given = _shown(value)
    if match := _MISSING.match(text):
        return Issue("missing", (*path, match[1]), say("missing"), given)
    if match := _LENGTH.match(text):
        return _length(path, match[1], int(match[2]), given)
    if match := _ITEMS.match(text):
        return _items(path, match[1], int(match[2]), _size(value))
    if match := _TYPE.match(text):
        expected = match[1].replace(" | null", "")
        message = say("wrong_type", expected=expected, given=match[2])
        return Issue(_KINDS.get(expected, "type"), path, message, given)
    return _beyond(text, path, value, constraints_of(kind))


def _beyond(text: str, path: Path, value: object, allowed: Constraints) -> Issue:
    """The issue of a value of the right type that is not among those which are taken."""
    given = _shown(value)
    if match := _BOUND.match(text):
        return _out_of_range(path, match[1], match[2], given, allowed)
    if match := _MULTIPLE.match(text):
        step = _number(match[1])
        message = say("not_whole") if step == 1 else say("not_a_multiple", step=step)
        return Issue("multiple_of", path, message, given, {"multiple_of": step})
    if _CHOICE.match(text) and allowed.words:
        return not_a_choice(path, value if isinstance(value, str) else "", allowed.words)
    if _PATTERN.match(text):
        message = allowed.form or say("pattern", pattern=_pattern(text))
        return Issue("string_pattern_mismatch", path, message, given)
    return Issue("value_error", path, say("invalid_value"), given)


def _out_of_range(
    path: Path, operator: str, bound: str, given: object, allowed: Constraints
) -> Issue:
    kind, limit, sentence = _RANGES[operator]
    number = _number(bound)
    if allowed.least is not None and allowed.most is not None:
        least, most = _number(allowed.least), _number(allowed.most)
        message = say("out_of_range", least=least, most=most)
        return Issue(kind, path, message, given, {"ge": least, "le": most})
    return Issue(kind, path, say(sentence, bound=number), given, {limit: number})


_RANGES = {
    ">=": ("greater_than_equal", "ge", "at_least"),
    ">": ("greater_than", "gt", "more_than"),
    "<=": ("less_than_equal", "le", "at_most"),
    "<": ("less_than", "lt", "less_than"),
}
"""Kind of the issue, name of the limit and the sentence, by what the decoder says of a bound."""


def _number(value: str | float) -> float:
    """A number as people write it: 2, not 2.0."""
    number = float(value)
    return int(number) if number.is_integer() else number


def _pattern(text: str) -> str:
    return text.partition(" regex ")[2].partition(" - at `")[0]


def _size(value: object) -> int:
    return len(value) if isinstance(value, list | dict) else 0


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
