"""The buckets of the pieces of a word: all at once and one by one they are the same."""

from __future__ import annotations

import sys
import unicodedata
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ion_resonance.analyzer import analyze
from ion_resonance.pieces import AT_ONCE, Pieces

HANGUL = Pieces(512, 512, 3, 4)
LATIN = Pieces(0, 512, 3, 5)
SYLLABLES = st.characters(min_codepoint=ord("가"), max_codepoint=ord("힣"))
LETTERS = st.sampled_from("abcdefghijklmnopqrstuvwxyzㅋㅎㅠ")


def hashed(word: str, first: int, lengths: range) -> list[int]:
    """What the buckets are by definition, in order of their numbers."""
    raw = f"<{unicodedata.normalize('NFD', word)}>".encode("utf-16-le")
    return sorted(
        first | crc32(raw[start : start + 2 * length], length) & 511
        for length in lengths
        for start in range(0, len(raw) - 2 * length + 1, 2)
    )


@given(st.text(SYLLABLES, min_size=1, max_size=12))
def test_pieces_of_a_korean_word_are_those_of_its_jamo(word: str) -> None:
    """The XOR of what the syllables add is the CRC of each piece."""
    assert sorted(HANGUL.of(word)) == hashed(word, 512, range(3, 5))


@given(st.text(LETTERS, min_size=1, max_size=12))
def test_pieces_of_a_latin_word_are_those_of_its_letters(word: str) -> None:
    """Three lengths of pieces are as right as two, and a word may be too short for some."""
    assert sorted(LATIN.of(word)) == hashed(word, 0, range(3, 6))


@pytest.mark.parametrize("letters", [AT_ONCE - 1, AT_ONCE, AT_ONCE + 1, 200])
def test_long_words_have_the_same_pieces(letters: int) -> None:
    """A word too long for one integer is hashed piece by piece."""
    word = ("답답했었는데" * letters)[:letters]

    assert sorted(HANGUL.of(word)) == sorted(HANGUL.one_by_one(word))
    assert sorted(HANGUL.of(word)) == hashed(word, 512, range(3, 5))


def test_what_is_kept_of_every_syllable_is_two_megabytes() -> None:
    """However many words are read, no more is kept than one entry a syllable."""
    pieces = Pieces(512, 512, 3, 4)
    for code in range(ord("가"), ord("힣") + 1):
        pieces.of(chr(code))

    held = sys.getsizeof(pieces) + sum(
        sys.getsizeof(known) + sys.getsizeof(known[0]) for known in pieces.values()
    )
    assert len(pieces) == 11172 + 2
    assert held < 2_500_000


@pytest.mark.parametrize("text", ["n't", "I do n't know", "n't n't", "n’t"])
def test_a_negation_that_stands_alone_is_read(text: str) -> None:
    """Of ``n't`` nothing is left but the negation, and that is a word like any other."""
    assert analyze(text, source="r") == analyze(text, source="r")
