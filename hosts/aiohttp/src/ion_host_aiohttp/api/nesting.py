"""How deeply a JSON text is nested, measured on its bytes before anything decodes it.

A decoder recurses, and even what it only skips can exhaust the stack. This check does not: it
touches every byte a fixed number of times, whatever the bytes are.
"""

from __future__ import annotations

import re
from itertools import accumulate

# Possessive, and with an optional closing quote, so that it always matches where a quote stands
# and never looks at a byte twice, an unterminated string of a million escapes included.
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_BRACKETS = b"[]{}"
_OTHER_BYTES = bytes(byte for byte in range(256) if byte not in _BRACKETS)
_STEP = tuple({ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}.get(b, 0) for b in range(256))


def deeper_than(limit: int, body: bytes) -> bool:
    """Whether arrays and objects stand more than ``limit`` deep in each other."""
    if body.count(b"[") + body.count(b"{") <= limit:
        return False
    brackets = _STRING.sub(b"", body).translate(None, _OTHER_BYTES)
    # Ends at the first bracket that is too deep.
    return any(map(limit.__lt__, accumulate(map(_STEP.__getitem__, brackets))))
