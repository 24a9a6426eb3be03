"""JSON from strangers: bounded in size and depth, strict in what it is, exact in its numbers."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from ion_framework.errors import CardError

MAX_JSON_BYTES = 8 * 1024 * 1024
"""Size of a card's JSON."""

MAX_DEPTH = 100
"""Objects and lists within each other."""

_LARGEST_EXPONENT = 400
"""Beyond the range of every program's numbers; exact digits of such a number would fill memory."""


def read_object(data: bytes, place: str) -> dict[str, Any]:
    """The object that a JSON text holds; numbers with a point become exact decimals.

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
        value = json.loads(text, parse_float=_number, parse_constant=_number)
    except RecursionError:
        raise CardError(f"{place}: {_TOO_DEEP}") from None
    except ValueError as error:
        raise CardError(f"{place}: is not valid JSON: {error}") from None
    if not isinstance(value, dict):
        raise CardError(f"{place}: must hold a JSON object")
    _check_depth(value, place)
    return value


_TOO_DEEP = f"is nested more than {MAX_DEPTH} levels deep"


def _number(text: str) -> Decimal:
    number = Decimal(text)
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
