"""What a text is about, as a bag of terms, in English and Korean, without a model.

English words lose their endings (``planning`` and ``plans`` are one term). Korean words carry
particles and endings that no list takes off reliably, so a Korean term is a pair of neighbouring
syllables: ``분석을`` and ``분석해서`` share the one that counts.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise

_WORD = re.compile("[a-z0-9]+|[\uac00-\ud7a3]+")
_HANGUL = re.compile("[\uac00-\ud7a3]")
_ENDINGS = ("ations", "ation", "ings", "ing", "ions", "ion", "ies", "ers", "ed", "es", "er", "ly")
_SHORTEST_STEM = 4
_SHORTEST_WORD = 3

_COMMON_ENGLISH = frozenset(
    {"about", "after", "again", "also", "and", "any", "are", "because", "been", "before", "but",
     "can", "could", "did", "does", "for", "from", "get", "had", "has", "have", "her", "him", "his",
     "how", "into", "its", "just", "like", "make", "may", "more", "most", "not", "now", "off",
     "one", "only", "our", "out", "over", "own", "she", "should", "some", "such", "than", "that",
     "the", "their", "them", "then", "there", "these", "they", "thing", "this", "those", "too",
     "until", "very", "was", "way", "were", "what", "when", "where", "which", "who", "why", "will",
     "with", "would", "you", "your"}
)  # fmt: skip
"""Words that stand in every text."""

_COMMON_KOREAN = frozenset(
    {"하기", "하는", "하고", "해서", "해요", "예요", "이에", "에요", "있는", "없는", "있어", "없어",
     "합니", "니다", "습니", "입니", "어요", "아요", "지만", "면서", "으로", "에서", "에게", "까지",
     "부터", "는데", "은데", "인데", "세요", "주세", "주는", "그리", "리고", "그런", "하면", "되는",
     "돼요", "네요", "지요", "거예", "것이", "것을", "같은", "무엇", "어떻", "떻게", "이나", "이고"}
)  # fmt: skip
"""Pairs of syllables that endings and particles are made of."""


def terms_of(text: str) -> Counter[str]:
    """The terms of a text with how often each occurs; words that say nothing are left out."""
    found: Counter[str] = Counter()
    for word in _WORD.findall(text.casefold()):
        found.update(_terms(word))
    return found


def words_of(text: str) -> dict[str, str]:
    """For each term of a text the first word that it comes from, as people would recognise it."""
    found: dict[str, str] = {}
    for word in _WORD.findall(text.casefold()):
        for term in _terms(word):
            found.setdefault(term, word)
    return found


def _terms(word: str) -> list[str]:
    if _HANGUL.match(word):
        pairs = ("".join(pair) for pair in pairwise(word))
        return [pair for pair in pairs if pair not in _COMMON_KOREAN]
    if len(word) < _SHORTEST_WORD or word in _COMMON_ENGLISH:
        return []
    return [_stem(word)]


def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
            return _single(word.removesuffix(ending)).removesuffix("e")
    return _single(word.removesuffix("s") if not word.endswith("ss") else word).removesuffix("e")


def _single(stem: str) -> str:
    """``plann`` is ``plan``."""
    doubled = len(stem) > _SHORTEST_STEM and stem[-1] == stem[-2] and stem[-1] not in "aeiouls"
    return stem[:-1] if doubled else stem
