"""The word lists with which terms are found, read once from ``lexicon/*.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from enum import Enum
from functools import cache
from importlib.resources import files
from typing import Any

import attrs


class SocialKind(Enum):
    """What a courtesy is for; a filler may stand beside any of them."""

    FAREWELL = "farewell"
    GREETING = "greeting"
    THANKS = "thanks"
    IDENTITY = "identity"
    ABILITY = "ability"
    ENTERTAINMENT = "entertainment"
    WELL_BEING = "well_being"
    FILLER = "filler"


@attrs.frozen
class EnglishLexicon:
    """English words by what they do in a sentence; ``lexicon/en.toml`` explains each list."""

    stop: frozenset[str]
    verbs: frozenset[str]
    ambiguous: frozenset[str]
    adjectives: frozenset[str]
    generic: frozenset[str]
    lookalikes: frozenset[str]
    before_verb: frozenset[str]
    alternatives: frozenset[str]
    determiners: Mapping[str, str]


@attrs.frozen
class KoreanLexicon:
    """Korean eojeol by their role; ``lexicon/ko.toml`` explains each list."""

    stop: frozenset[str]
    generic: frozenset[str]
    keep: frozenset[str]
    single: frozenset[str]
    stems: frozenset[str]
    verb_like: tuple[str, ...]
    between: frozenset[str]
    after: frozenset[str]
    josa_free: tuple[str, ...]
    josa_consonant: tuple[str, ...]
    josa_vowel: tuple[str, ...]

    @property
    def josa(self) -> tuple[str, ...]:
        """All particles that can be taken off a noun, in the order in which to try them."""
        return self.josa_free + self.josa_consonant + self.josa_vowel


@cache
def english_lexicon() -> EnglishLexicon:
    """The English lists, verbs with their inflected forms."""
    data = _load("en")
    base = _words(data["verbs"])
    ambiguous = _words(data["ambiguous"])
    return EnglishLexicon(
        stop=_words(data["stop"]),
        verbs=frozenset(form for verb in base - ambiguous for form in _forms(verb)),
        ambiguous=frozenset(form for verb in ambiguous for form in (verb, verb + "s")),
        adjectives=_words(data["adjectives"]),
        generic=_words(data["generic"]),
        lookalikes=_words(data["lookalikes"]["words"]),
        before_verb=_words(data["before_verb"]["words"]),
        alternatives=_words(data["alternatives"]["words"]),
        determiners=data["determiners"],
    )


@cache
def korean_lexicon() -> KoreanLexicon:
    """The Korean lists."""
    data = _load("ko")
    return KoreanLexicon(
        stop=_words(data["stop"]),
        generic=_words(data["generic"]),
        keep=_words(data["keep"]),
        single=_words(data["single"]),
        stems=_words(data["stems"]),
        verb_like=tuple(data["verb_like"].split()),
        between=_words(data["alternatives"]["between"]),
        after=_words(data["alternatives"]["after"]),
        josa_free=tuple(data["josa"]["free"].split()),
        josa_consonant=tuple(data["josa"]["consonant"].split()),
        josa_vowel=tuple(data["josa"]["vowel"].split()),
    )


@cache
def social_patterns() -> Mapping[SocialKind, tuple[str, ...]]:
    """Patterns of courtesies in all languages: people greet in one and go on in another."""
    lists = [_load(language)["social"] for language in ("en", "ko")]
    return {kind: tuple(p for one in lists for p in one[kind.value]) for kind in SocialKind}


def _load(language: str) -> dict[str, Any]:
    text = files(__package__).joinpath(f"lexicon/{language}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _forms(verb: str) -> Iterable[str]:
    yield from (verb, verb + "s", verb + "es", verb + "ed", verb + "ing")
    yield from (verb + verb[-1] + "ed", verb + verb[-1] + "ing")
    if verb.endswith("e"):
        yield from (verb + "d", verb[:-1] + "ing")
    if verb.endswith("y"):
        yield from (verb[:-1] + "ies", verb[:-1] + "ied")
