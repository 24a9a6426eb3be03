"""Recordings as JSON documents, one a line: what is read is what was written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from ion_framework.domain.key import ResonanceKey
from ion_framework.jsonable import JsonValue, jsonable, to_json
from ion_framework.recording.model import FORMAT, Header, RecordedTurn

if TYPE_CHECKING:
    import cattrs

_Line = TypeVar("_Line", Header, RecordedTurn)

_NOT_KEPT = frozenset({"principal", "tenant", "trace"})
"""Of a request: who asked, which no replay needs, and where it stood in somebody's trace."""

LOST = "lost"
"""The only member of a line that says how many turns could not be recorded."""


def line_of(value: Header | RecordedTurn) -> str:
    """The line of a header or a turn, without its end."""
    return to_json(document_of(value))


def document_of(value: Header | RecordedTurn) -> dict[str, JsonValue]:
    """The JSON object of a header or a turn."""
    document = jsonable(value)
    assert isinstance(document, dict)  # noqa: S101  a class becomes an object
    request = document.get("request")
    if isinstance(request, dict):
        document["request"] = {k: v for k, v in request.items() if k not in _NOT_KEPT}
    return document


def read_line(line: bytes | str) -> dict[str, Any]:
    """The JSON object of a line.

    Raises:
        ValueError: it is none; says why.
    """
    document = json.loads(line, parse_float=Decimal)
    if not isinstance(document, dict):
        raise ValueError("is not a JSON object")  # noqa: TRY004  data, not a caller's mistake
    return document


def header_of(document: Mapping[str, Any]) -> Header:
    """The header that an object describes.

    Raises:
        ValueError: it describes none, or a format that is not known; says why.
    """
    version = document.get("ion_recording")
    if not isinstance(version, int) or isinstance(version, bool):
        raise ValueError('is not the header of a recording: "ion_recording" is missing')  # noqa: TRY004  data, not a caller's mistake
    if not 1 <= version <= FORMAT:
        raise ValueError(f"is of format {version}; this ION knows 1 to {FORMAT}, a later one more")
    return structured(document, Header)


def turn_of(document: Mapping[str, Any]) -> RecordedTurn:
    """The turn that an object describes.

    Raises:
        ValueError: it describes none; says why.
    """
    return structured(document, RecordedTurn)


def structured(document: Mapping[str, Any], kind: type[_Line]) -> _Line:
    """What an object describes; members that are not known are passed over.

    Raises:
        ValueError: it does not describe one; says what is wrong and where.
    """
    made: _Line = structure(dict(document), kind)
    return made


def structure(value: object, kind: Any) -> Any:
    """What a JSON value describes.

    Args:
        value: the value.
        kind: the class.

    Raises:
        ValueError: it does not describe one; says what is wrong and where.
    """
    import cattrs  # costs 60 ms; only who reads recordings pays

    try:
        return converter().structure(value, kind)
    except cattrs.BaseValidationError as error:
        found = cattrs.transform_error(error, path="$", format_exception=_sentence)
    except (AttributeError, TypeError, ValueError) as error:
        found = [str(error)]
    raise ValueError("; ".join(found))


def _sentence(error: BaseException, _: type | None) -> str:
    if isinstance(error, KeyError):
        return f"the member {error.args[0]!r} is missing"
    return str(error)


@cache
def converter() -> cattrs.Converter:
    """What makes values of JSON values, strictly."""
    import cattrs  # see structured

    made = cattrs.Converter()
    for plain in (str, int, bool):
        made.register_structure_hook(plain, _exactly)
    made.register_structure_hook(StrEnum, _member)
    made.register_structure_hook(float, lambda value, _: float(_number(value)))
    made.register_structure_hook(Decimal, lambda value, _: Decimal(_number(value)))
    made.register_structure_hook(ResonanceKey, lambda value, _: ResonanceKey.parse(value))
    made.register_structure_hook_func(lambda kind: kind is object, lambda value, _: value)
    return made


def _exactly(value: Any, kind: type[Any]) -> Any:
    if type(value) is not kind:
        raise TypeError(f"must be {kind.__name__}, not {type(value).__name__}")
    return value


def _member(value: Any, kind: Any) -> Any:
    try:
        return kind(value)
    except ValueError:
        valid = ", ".join(member.value for member in kind)
        raise ValueError(f"{value!r} is not valid; valid are: {valid}") from None


def _number(value: Any) -> int | float | Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise TypeError(f"must be a number, not {type(value).__name__}")
    return value
