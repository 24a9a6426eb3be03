"""The features of the linear model: words, their pieces and their neighbours, hashed into buckets.

A word counts as a whole and in pieces: runs of its letters, in Korean of its jamo, so that a stem
is known again under another ending and a word in spite of a typo. Two neighbouring words count as a
pair. Each feature is a bucket, the CRC-32 of its UTF-16 bytes modulo half of `BUCKETS`; what has
Hangul in it has the upper half for itself, so that the languages do not disturb each other.
Training and reading take their buckets from here, so they cannot disagree.
"""

from __future__ import annotations

import codecs
import re
from typing import NamedTuple
from zlib import crc32

from ion_resonance.pieces import Pieces
from ion_resonance.spellings import FULL_FORMS
from ion_resonance.surface import MASK

BUCKETS = 1 << 14
"""A power of two. With more the model is larger and no better: data is what it lacks."""

HANGUL_BUCKETS = BUCKETS // 2
"""The first bucket of features with Hangul."""

LATIN_PIECES = (3, 5)
"""Shortest and longest run of Latin letters, boundaries counted."""

JAMO_PIECES = (3, 4)
"""Shortest and longest run of jamo, boundaries counted."""

SHORTEST_LATIN_IN_PIECES = 4
"""Shorter words are known only as a whole: their pieces are the words of others."""

START, END = "^", "$"
"""Neighbours of the first and the last word."""

_WORD = re.compile(
    r"[가-힣]+|[ㄱ-ㅎㅏ-ㅣ]+|(?P<latin>[a-z]+(?:'[a-z]+)*)|(?P<number>\d+)|(?P<marks>[.!?~…]{2,})"
    rf"|[!-/:-@\[-`{{-~{MASK}]"
)
"""Emoji and other signs are left to the lexicon: a friendly 🙂 at the end changes no reading."""

_COURTESY = frozenset({"please", "pls", "plz"})
_SHORTENED = re.compile("n't$|'(?:m|re|ve|ll)$")

_WITHOUT_APOSTROPHE = {
    **{full.replace("'", ""): full for full in ("don't", "doesn't", "didn't", "isn't", "wasn't")},
    **{full.replace("'", ""): full for full in ("can't", "won't", "wouldn't", "couldn't", "i'm")},
    **{
        full.replace("'", ""): full for full in ("shouldn't", "haven't", "hasn't", "i've", "aren't")
    },
}
_IRREGULAR = {"can't": ("can", "not"), "won't": ("will", "not"), "cannot": ("can", "not")}
_SPECIAL = _COURTESY | _WITHOUT_APOSTROPHE.keys() | _IRREGULAR.keys()
"""Words without an apostrophe that are not simply themselves."""

_WHOLE, _PAIR = 1, 20
_WITHIN = HANGUL_BUCKETS - 1
_HANGUL_PIECES = Pieces(HANGUL_BUCKETS, HANGUL_BUCKETS, *JAMO_PIECES)
_LATIN_PIECES = Pieces(0, HANGUL_BUCKETS, *LATIN_PIECES)
_new = tuple.__new__
_utf_16 = codecs.getencoder("utf-16-le")


class Word(NamedTuple):
    """One word of a message; what is no letter is a word of its own.

    Attributes:
        form: what the model knows it as: every number is ``0``, ``?!`` and ``...`` are ``?.`` and
            ``..`` whatever their length, ``don't`` is ``do`` and ``not``.
        start: index of its first character on the surface.
        end: index after its last character on the surface.
    """

    form: str
    start: int
    end: int


def words(text: str) -> list[Word]:
    """The words of a surface, in order, however they are written: ``dont`` is ``do not``."""
    found: list[Word] = []
    for match in _WORD.finditer(text):
        form, kind = match[0], match.lastgroup
        start, end = match.span()
        if kind is None or (kind == "latin" and "'" not in form and form not in _SPECIAL):
            # As `Word` itself is made, in half the time; a message has dozens of them.
            found.append(_new(Word, (form, start, end)))
        else:
            found += [Word(each, start, end) for each in _forms(form, kind)]
    return found


def _forms(form: str, kind: str) -> tuple[str, ...]:
    if kind == "number":
        return ("0",)
    if kind == "marks":
        return (f"{form[0]}.",)
    if form in _COURTESY:
        return ()
    form = _WITHOUT_APOSTROPHE.get(form, form)
    shortened = _SHORTENED.search(form)
    if form in _IRREGULAR or shortened is None:
        return _IRREGULAR.get(form, (form,))
    full = FULL_FORMS[shortened.group()].strip()
    # Nothing is before it where somebody writes ``do n't``.
    return (form[: shortened.start()], full) if shortened.start() else (full,)


def word_buckets(form: str) -> set[int]:
    """The buckets of one word: of the whole and of its pieces, each once."""
    whole = crc32(_utf_16(form)[0], _WHOLE) & _WITHIN
    if "가" <= form[0] <= "힣":
        return {whole | HANGUL_BUCKETS, *_HANGUL_PIECES.of(form)}
    if len(form) >= SHORTEST_LATIN_IN_PIECES and form.isalpha():
        return {whole, *_LATIN_PIECES.of(form)}
    return {whole}


def pair_bucket(pair: str) -> int:
    """The bucket of two neighbouring words with a space between them."""
    bucket = crc32(_utf_16(pair)[0], _PAIR) & _WITHIN
    # A word is of Hangul altogether or not at all.
    korean = "가" <= pair[0] <= "힣" or "가" <= pair[-1] <= "힣"
    return bucket | HANGUL_BUCKETS if korean else bucket
