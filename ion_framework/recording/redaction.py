"""Taking out of a text what identifies somebody or opens something: it still reads the same.

A mark has the shape of what it stands for: a letter is ``x`` (a Korean one ``가``), a digit is
``0``, and what stands between them stays. An address of mail becomes ``xxxx.xxxx@xxxx.xx``, a
telephone number ``000-0000-0000``. Runs of letters have 1, 2, 4, 8 or 16 of them, whichever is
nearest. That keeps what analysers go by: the language, the length of sentences, punctuation, and
numbers as numbers. A name in brackets would be a word of its own; it changes four times as many
readings.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

import attrs

from ion_framework.recording.folding import folded
from ion_framework.recording.patterns import NUMBERS, PATTERNS, MarkKind, identifiers
from ion_framework.recording.repeated import Known


@attrs.frozen
class Mark:
    """Where something was taken out.

    Attributes:
        kind: what it was.
        start: index of the first character of what stands in its place.
        end: index after its last character.
    """

    kind: MarkKind
    start: int
    end: int


@attrs.frozen
class Redacted:
    """A text with marks.

    Attributes:
        text: the text.
        marks: what was taken out, in order.
    """

    text: str
    marks: tuple[Mark, ...] = ()


Hide = Callable[[str], Redacted]
"""What makes of a text the one that is kept."""

_Span = tuple[MarkKind, int, int]


def redact(text: str) -> Redacted:
    """The text with marks in place of addresses, numbers, keys and credentials.

    A text that holds marks already stays as it is.
    """
    return _marked(text, _spans(text))


class TurnRedaction:
    """Takes out of every text of a turn what is found in any of them.

    Args:
        texts: the texts.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        self._found = {text: _spans(text) for text in texts}
        self._known = Known(
            (kind, text[start:end])
            for text, spans in self._found.items()
            for kind, start, end in spans
            if shape_of(text[start:end]) != text[start:end]
        )

    def __call__(self, text: str) -> Redacted:
        """A text with marks, one of the turn's or one that is made of them."""
        spans = self._found.get(text)
        found = list(_spans(text) if spans is None else spans)
        return _marked(text, sorted([*found, *self._again(text, found)], key=lambda span: span[1]))

    def _again(self, text: str, found: list[_Span]) -> list[_Span]:
        """Where known values stand, as far as nothing was found there."""
        view, taken = folded(text), bytearray(len(text))
        for _, start, end in found:
            taken[start:end] = b"\1" * (end - start)
        more: list[_Span] = []
        for kind, *span in self._known.spans(view.text):
            start, end = view.original(*span)
            more += [(kind, *free.span()) for free in _FREE.finditer(taken, start, end)]
            taken[start:end] = b"\1" * (end - start)
        return more


_FREE = re.compile(rb"\0+")


def _marked(text: str, found: list[_Span]) -> Redacted:
    pieces: list[str] = []
    marks: list[Mark] = []
    done = length = 0
    for kind, start, end in found:
        shape = shape_of(text[start:end])
        length += start - done
        pieces += text[done:start], shape
        marks.append(Mark(kind, length, length + len(shape)))
        length, done = length + len(shape), end
    return Redacted("".join((*pieces, text[done:])), tuple(marks))


def _spans(text: str) -> list[_Span]:
    """What is taken out, in order; of two that overlap the one whose pattern comes first."""
    found: list[_Span] = []
    taken, view = bytearray(len(text)), folded(text)
    named = bytearray(len(view.text))
    for start, end in identifiers(view.text):
        named[start:end] = b"\1" * (end - start)
    for pattern in PATTERNS:
        for span in pattern.spans(view.text):
            if span[0] == span[1] or (pattern.kind in NUMBERS and all(named[slice(*span)])):
                continue
            start, end = view.original(*span)
            if not any(taken[start:end]):
                taken[start:end] = b"\1" * (end - start)
                found.append((pattern.kind, start, end))
    return sorted(found, key=lambda span: span[1])


def shape_of(text: str) -> str:
    """The mark that stands for a text."""
    return _LETTERS.sub(_run, _DIGIT.sub("0", text))


_DIGIT = re.compile(r"\d")
_LETTERS = re.compile(r"(?P<hangul>[가-힣ㄱ-ㅣ\u1100-\u11ff]+)|[^\W\d_가-힣ㄱ-ㅣ\u1100-\u11ff]+")
_LENGTHS = (1, 2, 4, 8, 16)


def _run(found: re.Match[str]) -> str:
    return ("가" if found["hangul"] else "x") * _rounded(len(found.group()))


def _rounded(length: int) -> int:
    return min(_LENGTHS, key=lambda size: (abs(size - length), size))
