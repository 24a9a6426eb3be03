"""Answers into JSON bytes. Decimals become exact JSON numbers.

Classes of answers are attrs classes without slots: msgspec writes their fields in the order in
which they are declared, and those of a class with slots in no particular one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal

import msgspec


def encode(value: object) -> bytes:
    """A value as JSON in UTF-8.

    A surrogate without its partner, which a generator may have produced, becomes ``?``: nothing
    else in an answer may fail because of it.

    Raises:
        NotImplementedError: a value has no form in JSON.
    """
    try:
        return _ENCODER.encode(value)
    except UnicodeEncodeError:
        plain = msgspec.to_builtins(value, builtin_types=(Decimal,), enc_hook=_plain)
        return json.dumps(plain, ensure_ascii=False, default=float).encode("utf-8", "replace")


def _plain(value: object) -> object:
    """Mappings that are no dictionaries, which metadata of plugins may hold, as dictionaries."""
    if isinstance(value, Mapping):
        return dict(value)
    raise NotImplementedError(f"{type(value).__name__} has no form in JSON")


_ENCODER = msgspec.json.Encoder(decimal_format="number", enc_hook=_plain)
