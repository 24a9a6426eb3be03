"""Answers into JSON bytes. Decimals become exact JSON numbers; those that are not finite null.

Classes of answers are attrs classes without slots: msgspec writes their fields in the order in
which they are declared, and those of a class with slots in no particular one.
"""

from __future__ import annotations

import json
from decimal import Decimal

import msgspec

from ion_framework.jsonable import JsonValue, jsonable


def encode(value: object) -> bytes:
    """A value as JSON in UTF-8. What is JSON already stands in it as ``msgspec.Raw``.

    A surrogate without its partner, which a generator may have produced, becomes ``?``: nothing
    else in an answer may fail because of it.

    Raises:
        TypeError: a value has no form in JSON.
    """
    try:
        return encode_strictly(value)
    except UnicodeEncodeError:
        return json.dumps(_plain(value), ensure_ascii=False, default=float).encode(
            "utf-8", "replace"
        )


def encode_strictly(value: object) -> bytes:
    """The same, where every text in it has a form in UTF-8.

    Raises:
        TypeError: a value has no form in JSON.
        UnicodeEncodeError: a text holds a surrogate without its partner.
    """
    text = _ENCODER.encode(value)
    # A Decimal that is not finite would be written as it is; so is every text with such a word.
    # Searched one after the other: a pattern of both takes six times as long.
    is_suspect = b"NaN" in text or b"Infinity" in text
    return _ENCODER.encode(_plain(value)) if is_suspect else text


def encode_sure(value: object) -> bytes:
    """The same of a value that holds no Decimal.

    Raises:
        TypeError: a value has no form in JSON.
        UnicodeEncodeError: a text holds a surrogate without its partner.
    """
    return _ENCODER.encode(value)


def _plain(value: object) -> JsonValue:
    """The value in dictionaries, lists and scalars, with null for numbers that are not finite."""
    return jsonable(msgspec.to_builtins(value, builtin_types=(Decimal,), enc_hook=_read_again))


def _read_again(value: object) -> JsonValue:
    """What a value stands for that is no plain one; of a part that is JSON already all digits."""
    if isinstance(value, msgspec.Raw):
        document: JsonValue = _WRITTEN.decode(value)
        return document
    return jsonable(value)


_ENCODER = msgspec.json.Encoder(decimal_format="number", enc_hook=jsonable)
_WRITTEN = msgspec.json.Decoder(float_hook=Decimal)
