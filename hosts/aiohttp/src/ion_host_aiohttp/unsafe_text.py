"""Where a JSON text holds characters that no later step could store, hash or send.

NUL breaks databases, and a surrogate without its partner cannot be encoded, so it would end as an
error far from its cause: in a hash, a log line or an answer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

# The escapes that can make such a character. Raw NUL bytes and raw surrogates are not JSON at all.
_SUSPICIOUS = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
_UNSAFE = re.compile("[\x00\ud800-\udfff]")

Path = tuple[str | int, ...]


def find_unsafe_text(body: bytes) -> Path | None:
    """The path of the first string with such a character, None where there is none.

    A member's name counts as part of its object. A body that is not JSON has none: the decoder
    says what is wrong with it.

    Args:
        body: valid UTF-8, of bounded depth.
    """
    if not _SUSPICIOUS.search(body):
        return None
    try:
        # Numbers stay text: nobody needs them here, and long ones are slow to read or refused.
        document = json.loads(body, parse_int=str, parse_float=str)
    except ValueError:
        return None
    found = _find(document)
    return None if found is None else tuple(reversed(found))


def _items(value: object) -> Iterable[tuple[str | int, object]]:
    if isinstance(value, dict):
        return value.items()
    return enumerate(value) if isinstance(value, list) else ()


def _find(value: object) -> list[str | int] | None:
    """The path to the first unsafe string, innermost step first."""
    if isinstance(value, str):
        return [] if _UNSAFE.search(value) else None
    if isinstance(value, dict) and any(_UNSAFE.search(name) for name in value):
        return []
    for step, item in _items(value):
        if isinstance(item, str | dict | list):
            found = _find(item)
            if found is not None:
                found.append(step)
                return found
    return None
