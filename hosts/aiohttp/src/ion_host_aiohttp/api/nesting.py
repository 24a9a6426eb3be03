"""How deeply a JSON text is nested, measured on its bytes before anything decodes it.

A decoder recurses, and even what it only skips can exhaust the stack. This check does not, and it
holds nobody up: the bytes are looked at by the few operations that work on a megabyte in a
millisecond, and what is left of them eight at a time.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import accumulate, product
from operator import add

_BRACKETS = b"[]{}"
_NEITHER = bytes(byte for byte in range(256) if byte not in b'"' + _BRACKETS)
_OPEN, _CLOSE = 0, 1
_SYMBOLS = bytes.maketrans(_BRACKETS, bytes((_OPEN, _CLOSE, _OPEN, _CLOSE)))
_WIDTH = 8


def deeper_than(limit: int, body: bytes) -> bool:
    """Whether arrays and objects stand more than ``limit`` deep in each other.

    Of a text that is no JSON it tells so of the part before its first fault, which is all that a
    decoder sees.
    """
    if body.count(b"[") + body.count(b"{") <= limit:
        return False
    brackets = _outside_strings(body).translate(_SYMBOLS)
    # Brackets that close change nothing about how deep it was before them.
    groups = memoryview(brackets + bytes((_CLOSE,)) * (-len(brackets) % _WIDTH)).cast("Q")
    depths = accumulate(map(_CHANGE.__getitem__, groups), initial=0)
    # Ends at the first group that is too deep.
    return any(map(limit.__lt__, map(add, depths, map(_PEAK.__getitem__, groups))))


def _outside_strings(body: bytes) -> bytes:
    """The brackets that stand outside of strings."""
    plain = body.replace(rb"\\", b"").replace(rb"\"", b"").translate(None, _NEITHER)
    # Strings without brackets vanish, and strings that follow one another become one.
    return b"".join(plain.replace(b'""', b"").split(b'"')[::2])


def _tables() -> tuple[Mapping[int, int], Mapping[int, int]]:
    """Of every group of eight brackets, what it adds to the depth, and the highest on the way."""
    changes, peaks = {}, {}
    for group in product((_OPEN, _CLOSE), repeat=_WIDTH):
        (number,) = memoryview(bytes(group)).cast("Q")
        depths = list(accumulate(1 if symbol == _OPEN else -1 for symbol in group))
        changes[number], peaks[number] = depths[-1], max(depths)
    return changes, peaks


_CHANGE, _PEAK = _tables()
