"""Where the sentences of a Korean or English text end."""

from __future__ import annotations

import re
from collections.abc import Iterator

LONGEST_SENTENCE = 240
"""Characters after which a sentence is divided: who writes without full stops still has clauses."""

# Begins at the first sign of a run only: a run that ends nothing is not looked at again and again.
_END = re.compile(
    r"(?:(?<![.!?。！？…])[.!?。！？…]++|(?<![ㅋㅎㅠㅜ])[ㅋㅎㅠㅜ]{2,}+)[\"'”’)\]]*+(?=\s)"
)
_ABBREVIATION = re.compile(
    r"(?:^|[\s(])(?:[A-Za-z]|Mr|Mrs|Ms|Dr|Prof|St|vs|cf|Fig|approx|e\.g|i\.e|a\.m|p\.m|U\.S)\.$",
    re.IGNORECASE,
)
_LONGEST_ABBREVIATION = 12
_NUMBER_OF_A_LIST = re.compile(r"\s*(?:\d{1,3}|[A-Za-z가-하])\.")
_SPOKEN_END = re.compile(r"(?:니다|[습입합됩]니까|죠|(?<=[가-힣])(?<![중필수주동강])요)(?=\s)")
_BREATH = 90
"""Characters above which Korean without full stops is parted at its polite endings."""
_CLAUSE = re.compile(r"[,;:·—](?=\s)")


def sentences(text: str) -> list[str]:
    """The sentences of a text in order, without white space around them; takes linear time.

    A line break always ends one. Abbreviations and the numbers of lists do not. Korean that is
    typed without full stops ends at its polite endings where it would be very long otherwise.

    Args:
        text: any text; nothing of it is changed but white space at the ends.
    """
    return [
        piece
        for line in text.splitlines()
        for sentence in _at_marks(line)
        for part in _at_polite_endings(sentence)
        for piece in _divided(part)
    ]


def _at_marks(line: str) -> Iterator[str]:
    start = 0
    for mark in _END.finditer(line):
        if _ends_nothing(line, start, mark.end()):
            continue
        yield from _stripped(line[start : mark.end()])
        start = mark.end()
    yield from _stripped(line[start:])


def _ends_nothing(line: str, start: int, end: int) -> bool:
    """Whether the mark that ends there belongs to an abbreviation or to the number of a list."""
    before = line[max(start, end - _LONGEST_ABBREVIATION) : end]
    return bool(_ABBREVIATION.search(before) or _NUMBER_OF_A_LIST.fullmatch(line, start, end))


def _at_polite_endings(sentence: str) -> Iterator[str]:
    start = 0
    if len(sentence) > _BREATH:
        for place in _SPOKEN_END.finditer(sentence):
            yield from _stripped(sentence[start : place.end()])
            start = place.end()
    yield from _stripped(sentence[start:])


def _divided(sentence: str) -> Iterator[str]:
    """A sentence that is too long in pieces, at the best place that comes before the bound."""
    rest = sentence
    while len(rest) > LONGEST_SENTENCE:
        cut = _last_place(rest[: LONGEST_SENTENCE + 1])
        yield from _stripped(rest[:cut])
        rest = rest[cut:].lstrip()
    yield from _stripped(rest)


def _last_place(window: str) -> int:
    found = [place.end() for place in _CLAUSE.finditer(window)]
    if found and found[-1] > LONGEST_SENTENCE // 4:
        return found[-1]
    space = window.rfind(" ", LONGEST_SENTENCE // 4)
    return space if space > 0 else LONGEST_SENTENCE


def _stripped(text: str) -> Iterator[str]:
    text = text.strip()
    if text:
        yield text
