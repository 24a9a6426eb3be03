"""What is kept, as JSON documents, and names as columns hold them.

The documents are the truth; columns beside them only find and order. A column of PostgreSQL holds
neither NUL nor a lone surrogate, and an index no long text, but a message may have all of these.
"""

from __future__ import annotations

import hashlib
import json
from typing import TypeVar

import cattrs

_Kind = TypeVar("_Kind")
_CONVERTER = cattrs.Converter(detailed_validation=False)
_LONGEST = 200
"""Most bytes of a name that stands in a column as it is."""


def written(value: object) -> str:
    """A value as a document."""
    plain = _CONVERTER.unstructure(value)
    text = json.dumps(plain, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(plain)
    return text


def read(document: str, kind: type[_Kind]) -> _Kind:
    """The value that a document holds."""
    return _CONVERTER.structure(json.loads(document), kind)


def column(name: str) -> str:
    """A name as a column holds it: itself, or its digest where it is long or has odd characters.

    Two names never have the same column.
    """
    data = name.encode("utf-8", "surrogatepass")
    clean = len(data) <= _LONGEST and name.isprintable() and not name.startswith(_DIGEST)
    return name if clean else _DIGEST + hashlib.sha256(data).hexdigest()


_DIGEST = "sha256:"
