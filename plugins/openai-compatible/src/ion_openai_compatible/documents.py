"""JSON documents of a server: read without trust in their form."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

NO_DOCUMENT: Mapping[str, Any] = {}


def document(text: str | bytes) -> Mapping[str, Any] | None:
    """The JSON object in a text; None where there is none, or where it is nested without end."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def table(value: object) -> Mapping[str, Any]:
    """The value where it is a JSON object; an empty one otherwise."""
    return value if isinstance(value, dict) else NO_DOCUMENT


def first(value: object) -> Mapping[str, Any] | None:
    """The choice with the index 0 out of a list of choices; None where there is none."""
    choices = value if isinstance(value, list) else []
    for choice in choices:
        # A server that sends one choice may leave its index out.
        if isinstance(choice, dict) and choice.get("index") in (0, None):
            return choice
    return None


def count(value: object) -> int | None:
    """A number of tokens; None where it is no whole number of 0 or more."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        return None
    return value


def text(value: object) -> str:
    """The text of a message: a string, or a list of parts of which those of type text count."""
    if isinstance(value, str):
        return value
    parts = value if isinstance(value, list) else []
    pieces = (table(part).get("text") for part in parts if table(part).get("type") == "text")
    return "".join(piece for piece in pieces if isinstance(piece, str))
