"""Taking a message apart into sentences and clauses."""

from __future__ import annotations

import re
from collections.abc import Iterator

import attrs

_SENTENCE_END = r"(?<=[.!?。！？…])\s+|(?<=[.!?。！？…][\"'”’)\]])\s+|\n+|;\s+"
# What precedes the space stands in each pattern: else a run of spaces would take quadratic time.
_ENGLISH = (
    r",\s+(?=(?:and|but|so|then|also|plus|while|because)\b)|"
    r"(?<=[^\s,])\s+(?=(?:and then|but also)\b)"
)
_KOREAN = r"(?<=\S)\s+(?=(?:그리고|그런데|하지만|그래서|그러니까|또한|아니면)(?:\s|,))"
_BORDER = re.compile(f"{_SENTENCE_END}|{_ENGLISH}|{_KOREAN}", re.IGNORECASE)
_WORD = re.compile(r"\w+")

_LEAST_WORDS = {False: 3, True: 2}
"""Words that a part needs to be read by itself; Korean words hold more than English ones."""

_HANGUL = re.compile("[\uac00-\ud7a3]")


@attrs.frozen
class MessagePart:
    """A piece of a message.

    Attributes:
        text: the piece as it was written, without space around it.
        start: index of its first character in the message.
        end: index after its last character.
    """

    text: str
    start: int
    end: int


def split_message(text: str, most: int) -> tuple[MessagePart, ...]:
    """The sentences and clauses of a message, in order; one that is too short joins its neighbour.

    Borders are ends of sentences, line breaks, semicolons, and conjunctions that begin a clause.

    Args:
        text: the message.
        most: largest number of parts, at least 1; the last one holds all the rest.
    """
    parts: list[MessagePart] = []
    for start, end in _spans(text):
        if parts and (len(parts) == most or not _says_enough(parts[-1].text)):
            parts[-1] = _part(text, parts[-1].start, end)
        else:
            parts.append(_part(text, start, end))
    if len(parts) > 1 and not _says_enough(parts[-1].text):
        last = parts.pop()
        parts[-1] = _part(text, parts[-1].start, last.end)
    return tuple(parts)


def joined(parts: tuple[MessagePart, ...]) -> str:
    """What several parts say, as one text."""
    return " ".join(part.text for part in parts)


def _spans(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for border in _BORDER.finditer(text):
        if text[start : border.start()].strip():
            yield start, border.start()
        start = border.end()
    if text[start:].strip():
        yield start, len(text)


def _part(text: str, start: int, end: int) -> MessagePart:
    piece = text[start:end]
    start += len(piece) - len(piece.lstrip())
    piece = piece.strip()
    return MessagePart(piece, start, start + len(piece))


def _says_enough(text: str) -> bool:
    least = _LEAST_WORDS[_HANGUL.search(text) is not None]
    return len(_WORD.findall(text)) >= least
