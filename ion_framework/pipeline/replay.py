"""A stored answer as a stream."""

from __future__ import annotations

import re
from collections.abc import Iterator

PIECE_CHARS = 160
"""Characters of a piece at most, unless a word is longer: about what a model sends at once."""

_PIECE = re.compile(rf"\S{{{PIECE_CHARS},}}\s*|.{{1,{PIECE_CHARS}}}(?:\s+|(?!.))", re.DOTALL)


def pieces(text: str) -> Iterator[str]:
    """The text in pieces that end with a word; together they are the text.

    A client that draws a stream sees the same shape whether the answer was stored or not.
    """
    if len(text) <= PIECE_CHARS:
        yield text
        return
    end = 0
    for found in _PIECE.finditer(text):
        if found.start() > end:
            yield text[end : found.start()]
        yield found.group()
        end = found.end()
    if end < len(text):
        yield text[end:]
