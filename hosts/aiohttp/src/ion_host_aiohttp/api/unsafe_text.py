"""Where a JSON text holds characters that no later step could store, hash or send.

NUL breaks databases, and a surrogate without its partner cannot be encoded, so it would end as an
error far from its cause: in a hash, a log line or an answer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

_SIMPLE = (rb"\\", rb"\"", rb"\/", rb"\b", rb"\f", rb"\n", rb"\r", rb"\t")
"""Escapes of one character, the backslash's own first: where it is gone, every other backslash
begins an escape."""

# Runs over everything harmless, pairs of surrogates included, up to an escape that makes such a
# character. Possessive, so that no byte is looked at twice. Raw NUL and raw surrogates need no
# place here: they are not JSON at all.
_SUSPICIOUS = re.compile(
    rb"""
    (?: [^\\]++
      | \\u[dD][89abAB][0-9a-fA-F]{2} \\u[dD][c-fC-F][0-9a-fA-F]{2}
      | \\ (?! u0000 | u[dD][89a-fA-F] )
    )*+
    \\u (?: 0000 | [dD][89a-fA-F] )
    """,
    re.DOTALL | re.VERBOSE,
)
_UNSAFE = re.compile("[\x00\ud800-\udfff]")

_LOCATED_BYTES = 16384

Path = tuple[str | int, ...]


def find_unsafe_text(body: bytes) -> Path | None:
    """The path of the first string with such a character, None where there is none.

    A member's name counts as part of its object. A small body that is not JSON has none: the
    decoder says what is wrong with it. Of a large one only the whole is named, because looking for
    the place would hold up every other request.

    Args:
        body: valid UTF-8, of bounded depth.
    """
    if not _is_suspicious(body):
        return None
    if len(body) > _LOCATED_BYTES:
        return ()
    try:
        # Numbers stay text: nobody needs them here, and long ones are slow to read or refused.
        document = json.loads(body, parse_int=str, parse_float=str)
    except ValueError:
        return None
    found = _find(document)
    return None if found is None else tuple(reversed(found))


def _is_suspicious(body: bytes) -> bool:
    """Whether an escape in it makes such a character."""
    if rb"\u" not in body:
        return False
    # A regular expression would take half a microsecond for each of half a million escapes.
    for escape in _SIMPLE:
        body = body.replace(escape, b"__")
    return _SUSPICIOUS.match(body) is not None


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
