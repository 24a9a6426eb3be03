"""Korean particles that depend on the sound before them: 은/는, 이/가, 을/를, 으로/로 and others.

The sound of a Hangul syllable is computed. That of digits and of single capital letters follows
from their Korean names (``API`` ends in 아이, ``SQL`` in 엘); that of Latin words is estimated
from how such words are written in Hangul (``cache`` 캐시, ``rollback`` 롤백). Where nothing can
be said, both forms are given, as in print: 을(를).
"""

from __future__ import annotations

import re
from enum import Enum


class Final(Enum):
    """How a word ends when it is read aloud in Korean."""

    VOWEL = "vowel"
    RIEUL = "rieul"
    CONSONANT = "consonant"
    UNKNOWN = "unknown"


PAIRS = (
    "은/는",
    "이/가",
    "을/를",
    "과/와",
    "으로/로",
    "이라는/라는",
    "이란/란",
    "이나/나",
    "이에요/예요",
)
"""The particles, as ``after a consonant/after a vowel``."""

_FIRST, _LAST = 0xAC00, 0xD7A3
_CODAS: tuple[str, ...] = ("", *"ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ")
_DIGITS_RIEUL, _DIGITS_CONSONANT = "178", "036"
_LETTERS_RIEUL, _LETTERS_CONSONANT = "LR", "MN"
_SYMBOLS = {"+": Final.VOWEL, "%": Final.VOWEL, "#": Final.CONSONANT}
_SPOKEN = re.compile(r"[0-9A-Za-z\uac00-\ud7a3+#%]|[^\W_]")
_LATIN_WORD = re.compile(r"[A-Za-z]+$")
_ACRONYM = 5

_WORD_RIEUL = re.compile(r"(l|[^aeiou]le|[aeiou]le)$")
_WORD_CONSONANT = re.compile(
    r"(m|n|ng|[aeiou]me|[aeiou]ne|ck|ook|(?<!oo)(?<=[aeiou])[ptc]|[aeio]b|ype)$"
)


def attach(word: str, pair: str) -> str:
    """The word with its particle.

    Args:
        word: the word; quotes and backticks at its end are not heard.
        pair: one of `PAIRS`.

    Raises:
        ValueError: the pair is not known; lists those that are.
    """
    if pair not in PAIRS:
        raise ValueError(f"unknown particle {pair!r}; valid are: {', '.join(PAIRS)}")
    closed, open_ = pair.split("/")
    final = final_of(word)
    if final is Final.UNKNOWN:
        return f"{word}{closed}({open_})"
    if final is Final.VOWEL or (final is Final.RIEUL and closed == "으로"):
        return word + open_
    return word + closed


def final_of(word: str) -> Final:
    """How the word ends when it is read aloud in Korean."""
    heard = _SPOKEN.findall(word)
    if not heard:
        return Final.UNKNOWN
    last = heard[-1]
    if _FIRST <= ord(last) <= _LAST:
        coda = coda_of(last)
        return _final(closed=bool(coda), rieul=coda == "ㄹ")
    if last in _SYMBOLS:
        return _SYMBOLS[last]
    if last.isascii() and last.isdigit():
        rieul = last in _DIGITS_RIEUL
        return _final(closed=rieul or last in _DIGITS_CONSONANT, rieul=rieul)
    if last.isascii():
        return _latin(word)
    return Final.UNKNOWN


def coda_of(syllable: str) -> str:
    """The final consonant of a Hangul syllable, empty where it has none or is no syllable."""
    if not _FIRST <= ord(syllable) <= _LAST:
        return ""
    return _CODAS[(ord(syllable) - _FIRST) % len(_CODAS)]


def _latin(word: str) -> Final:
    match = _LATIN_WORD.search(word.rstrip("`'\"’”)].?!,"))
    text = match[0] if match else ""
    if not text:
        return Final.UNKNOWN
    if len(text) == 1 or (text.isupper() and len(text) <= _ACRONYM):
        rieul = text[-1].upper() in _LETTERS_RIEUL
        return _final(closed=rieul or text[-1].upper() in _LETTERS_CONSONANT, rieul=rieul)
    lower = text.lower()
    rieul = _WORD_RIEUL.search(lower) is not None
    return _final(closed=rieul or _WORD_CONSONANT.search(lower) is not None, rieul=rieul)


def _final(*, closed: bool, rieul: bool) -> Final:
    if rieul:
        return Final.RIEUL
    return Final.CONSONANT if closed else Final.VOWEL
