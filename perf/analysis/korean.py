"""Korean messages written a little differently: greetings, and slips of the fingers."""

from __future__ import annotations

import re
from random import Random

GREETINGS = ("안녕하세요.", "안녕하세요,", "안녕,", "저기요,", "좋은 아침이에요.")

INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
KEYBOARD = ("ㅂㅈㄷㄱㅅㅛㅕㅑㅐㅔ", "ㅁㄴㅇㄹㅎㅗㅓㅏㅣ", "ㅋㅌㅊㅍㅠㅜㅡ")
"""The rows of a Korean keyboard (dubeolsik)."""

_FIRST = ord("가")
_FINALS = 28
_SYLLABLE = re.compile("[가-힣]")
_SPACE = re.compile("(?<=[가-힣]) (?=[가-힣])")


def typo(text: str, random: Random) -> str | None:
    """Leave out a space between two words, or hit the key beside that of one letter (jamo).

    Args:
        text: the message.
        random: chooses the kind of slip and the place.
    """
    spaces = [found.start() for found in _SPACE.finditer(text)]
    if spaces and random.random() < _SPACE_SHARE:
        place = random.choice(spaces)
        return text[:place] + text[place + 1 :]
    slips = [
        (found.start(), slip) for found in _SYLLABLE.finditer(text) for slip in slips_of(found[0])
    ]
    if not slips:
        return None
    place, slip = random.choice(slips)
    return text[:place] + slip + text[place + 1 :]


def slips_of(syllable: str) -> tuple[str, ...]:
    """What a syllable becomes when its first consonant or its vowel is typed on the next key.

    Args:
        syllable: one character from 가 to 힣.
    """
    rest, final = divmod(ord(syllable) - _FIRST, _FINALS)
    initial, vowel = divmod(rest, len(VOWELS))
    initials = [(INITIALS.index(key), vowel) for key in _beside(INITIALS[initial], INITIALS)]
    vowels = [(initial, VOWELS.index(key)) for key in _beside(VOWELS[vowel], VOWELS)]
    return tuple(
        chr(_FIRST + (first * len(VOWELS) + second) * _FINALS + final)
        for first, second in initials + vowels
    )


def final_of(syllable: str) -> int:
    """Number of the final consonant of a syllable, 0 for none; 20 is ㅆ.

    Args:
        syllable: one character from 가 to 힣.
    """
    return (ord(syllable) - _FIRST) % _FINALS


_SPACE_SHARE = 0.5


def _beside(letter: str, among: str) -> list[str]:
    """The keys left and right of a letter's that are of its kind; a vowel makes no consonant."""
    for row in KEYBOARD:
        place = row.find(letter)
        if place >= 0:
            keys = (row[place - 1 : place] if place else "") + row[place + 1 : place + 2]
            return [key for key in keys if key in among]
    return []  # letters typed with shift or as two keys
