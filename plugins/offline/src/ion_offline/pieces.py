"""A text in the pieces in which it streams: clauses, as one would pause when speaking."""

from __future__ import annotations

import re
from collections.abc import Iterator

_WORD = re.compile(r"\s*\S+\s*")
_PAUSE = re.compile(r"([.,;:!?…][”’\")]*\s+|\n\s*)$")
_LONGEST = 10


def pieces(text: str) -> Iterator[str]:
    """The text in pieces, none empty, that make the text again when joined.

    A piece ends after a mark at which one pauses, at the end of a line, or after 10 words.
    """
    words: list[str] = []
    for word in _WORD.findall(text):
        words.append(word)
        if len(words) == _LONGEST or _PAUSE.search(word):
            yield "".join(words)
            words = []
    if words:
        yield "".join(words)
