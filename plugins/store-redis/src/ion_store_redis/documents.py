"""What is kept, as JSON documents, and names as parts of keys."""

from __future__ import annotations

import hashlib
import json
from typing import TypeVar

import cattrs

_Kind = TypeVar("_Kind")
_CONVERTER = cattrs.Converter(detailed_validation=False)


def written(value: object) -> str:
    """A value as a document; a lone surrogate, which no encoder takes, as an escape."""
    plain = _CONVERTER.unstructure(value)
    text = json.dumps(plain, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(plain)
    return text


def read(document: bytes | str, kind: type[_Kind]) -> _Kind:
    """The value that a document holds."""
    return _CONVERTER.structure(json.loads(document), kind)


def digest(*names: str) -> str:
    """Names as a part of a key: no name is in one, and none can break one up."""
    data = json.dumps(names).encode()
    return hashlib.sha256(data).hexdigest()[:32]
