"""Signs in the messages of calls at once: whoever is given another's sign is given its text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from ion_framework.pipeline.chunks import TextChunk

_LETTERS = "abcdefghijklmnop"
_SIGN = re.compile(f"zq([{_LETTERS}]{{2}})qz", re.IGNORECASE)


def sign(number: int) -> str:
    """A word that no language has: letters alone, so that masked numbers leave it as it is.

    Args:
        number: which of them, 0 to 255.
    """
    return f"zq{_LETTERS[number // 16]}{_LETTERS[number % 16]}qz"


def signs_in(result: object, picture: Callable[[object], object]) -> frozenset[str]:
    """The signs in whatever a hook returned; of a stream, those of the text that it makes.

    Args:
        result: what a call gave.
        picture: shows a value as plain tuples and texts.
    """
    texts = list(_texts(picture(result)))
    if isinstance(result, list):
        texts.append("".join(piece.text for piece in result if isinstance(piece, TextChunk)))
    return frozenset(f"zq{found}qz".lower() for text in texts for found in _SIGN.findall(text))


def _texts(shown: object) -> Iterator[str]:
    if isinstance(shown, str):
        yield shown
    elif isinstance(shown, tuple):
        for item in shown:
            yield from _texts(item)
