"""The words of a sentence that carry its meaning, so that forms of one word count as one."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files

import attrs

_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_+#]*(?:[.'/-][A-Za-z0-9_]+)*|[가-힣]+|\d+(?:[.:,]\d+)*")
_HANGUL = re.compile(r"[가-힣]")

_DOING = re.compile(
    r"(?<=[가-힣]{2})(?:하|했|합|할|한|해|되|됐|됩|될|된|돼|시키|시켰|시킬|시킨)[가-힣]*$"
)
_SHORTEST_STEM = 2


@attrs.frozen
class _Lists:
    """The lists of ``words.toml``; suffixes longest first."""

    stop_words: frozenset[str]
    particles: tuple[str, ...]
    endings: tuple[str, ...]
    speakers: frozenset[str]


@cache
def _lists() -> _Lists:
    text = files("ion_framework.summarizing").joinpath("words.toml").read_text("utf-8")
    found = {name: words.split() for name, words in tomllib.loads(text).items()}
    return _Lists(
        stop_words=frozenset(found["stop_words_en"] + found["stop_words_ko"]),
        particles=tuple(sorted(found["particles"], key=len, reverse=True)),
        endings=tuple(sorted(found["endings"], key=len, reverse=True)),
        speakers=frozenset(found["speakers"]),
    )


def is_speaker(name: str) -> bool:
    """Whether a word in front of a message is known to say who speaks.

    Args:
        name: the word, case-folded, without colon or brackets.
    """
    return name in _lists().speakers


def is_stop_word(word: str) -> bool:
    """Whether a word carries no meaning of its own.

    Args:
        word: the word as it is written, in small letters.
    """
    return word in _lists().stop_words


def terms(sentence: str) -> tuple[str, ...]:
    """The words that carry meaning in their order, each in the form in which it is counted.

    English loses its inflections (``deployed`` and ``deploys`` are one), Korean its particles and
    endings (``배포를``, ``배포했어요``). Rough on purpose: forms only have to meet, not to be read.
    """
    stop_words = _lists().stop_words
    found = []
    for word in _WORD.findall(sentence):
        term = _korean(word) if _HANGUL.match(word) else _english(word.lower())
        if term and term not in stop_words and word.lower() not in stop_words:
            found.append(term)
    return tuple(found)


def _korean(word: str) -> str:
    root = _DOING.sub("", word)
    if root != word:
        return root
    bare = _without(word, _lists().particles)
    return bare if bare != word else _without(word, _lists().endings)


def _without(word: str, suffixes: tuple[str, ...]) -> str:
    for suffix in suffixes:
        if word.endswith(suffix) and len(word) - len(suffix) >= _SHORTEST_STEM:
            return word[: -len(suffix)]
    return word


def _english(word: str) -> str:
    word = word.partition("'")[0]
    if not word.isalpha():
        return word
    for suffix, least in (("ing", 4), ("ed", 3), ("es", 3), ("s", 3)):
        if word.endswith(suffix) and len(word) - len(suffix) >= least and not word.endswith("ss"):
            return _single(word[: -len(suffix)])
    return word[:-1] if word.endswith("e") and len(word) > _LONG else word


_LONG = 4


def _single(stem: str) -> str:
    """A stem whose last consonant was doubled for its ending, as in ``stopped``."""
    doubled = len(stem) > _LONG - 1 and stem[-1] == stem[-2] and stem[-1] not in "aeiouls"
    return stem[:-1] if doubled else stem.removesuffix("e") if len(stem) > _LONG else stem
