"""Conversations, turns and feedback as JSON documents: for exports, and for stores that keep JSON.

A document has the fields of the class by their names, and what is read is what was written.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

import attrs

from ion_framework.conversations.model import Conversation, Feedback, Memory, StoredTurn
from ion_framework.jsonable import JsonValue, jsonable, to_json

if TYPE_CHECKING:
    import cattrs

_Kept = TypeVar("_Kept", Conversation, Feedback, Memory, StoredTurn)


def document_of(value: Conversation | Feedback | Memory | StoredTurn) -> dict[str, JsonValue]:
    """The document of something that a store keeps."""
    return {field.name: jsonable(getattr(value, field.name)) for field in attrs.fields(type(value))}


def text_of(value: Conversation | Feedback | Memory | StoredTurn) -> str:
    """The document as JSON text on one line."""
    return to_json(value)


def read_document(document: object, kind: type[_Kept]) -> _Kept:
    """What a document describes.

    Args:
        document: a JSON object, as `document_of` makes it.
        kind: the class.

    Raises:
        ValueError: it does not describe one; says what is wrong.
    """
    if not isinstance(document, Mapping):
        raise ValueError(f"must be an object that describes a {kind.__name__}")  # noqa: TRY004  data, not a caller's mistake
    import cattrs  # costs 60 ms; only who reads documents pays

    try:
        return _converter().structure(dict(document), kind)
    except cattrs.BaseValidationError as error:
        raise ValueError("; ".join(cattrs.transform_error(error, path=kind.__name__))) from None


@cache
def _converter() -> cattrs.Converter:
    import cattrs  # see read_document

    converter = cattrs.Converter(forbid_extra_keys=True)
    for plain in (str, int, bool):
        converter.register_structure_hook(plain, _exactly)
    converter.register_structure_hook(float, _number)
    return converter


def _exactly(value: Any, kind: type[Any]) -> Any:
    if type(value) is not kind:
        raise TypeError(f"must be {kind.__name__}, not {type(value).__name__}")
    return value


def _number(value: Any, _: type[Any]) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"must be a number, not {type(value).__name__}")
    return float(value)
