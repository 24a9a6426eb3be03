"""A noun phrase about a topic in the user's own words, such as another sentence can take up.

Where it cannot be told for sure from how it stands in its sentence that something is a noun phrase,
there is none: a sentence without one does no harm, a broken one does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ion_framework.conversations.memory.nouns import key_of, noun_before, read
from ion_framework.conversations.memory.words import words
from ion_framework.domain.language import Language
from ion_framework.summarizing.terms import is_stop_word

LONGEST_PHRASE = 40
LONGEST_READ = 2000
"""Characters of a message that are read."""
_MOST_WORDS = 3

_CLAUSE = re.compile(r"[.!?…,;:()\[\]{}\"“”\n]+")
_TOKEN = re.compile(r"[A-Za-z][A-Za-z0-9+#]*(?:[.'_-][A-Za-z0-9]+)*|\S+")
_OWNING = frozenset(("my", "our", "the", "a", "an", "this", "these", "his", "her", "their"))
_BEFORE_NOUNS = frozenset(("about", "of", "with", "for"))
_SEVERAL = frozenset(("are", "were", "have", "do", "can", "will", "should", "must", "could"))
_KOREAN = re.compile(
    r"(?<!\S)(?:([A-Za-z][\w+#.-]*) )?([가-힣]+?)(을|를|의|에서|에게|이|가|은|과|와)(?![가-힣])"
)
_NAMED = re.compile(
    r"(?<![\w가-힣])([A-Za-z][\w+#.-]*)(?:을|를|의|에서|은|는|이|가|과|와)(?![가-힣])"
)


def phrase_of(messages: Sequence[str], topics: Sequence[str], language: Language) -> str:
    """The phrase about the foremost topic, out of the latest message that has any.

    Args:
        messages: what the user wrote, the latest first.
        topics: what the conversation is about, most important first.
        language: the language of the sentence that takes it up.
    """
    ranks = {key_of(topic): rank for rank, topic in enumerate(reversed(topics), 1)}
    find = _korean if language is Language.KOREAN else _english
    for message in messages:
        found = [
            (ranks.get(key, 0), phrase)
            for key, phrase in find(message[:LONGEST_READ])
            if len(phrase) <= LONGEST_PHRASE
        ]
        rank, phrase = max(found, key=lambda item: item[0], default=(0, ""))
        if rank:
            return phrase
    return ""


def _english(message: str) -> Iterator[tuple[str, str]]:
    for clause in _CLAUSE.split(message):
        tokens = _TOKEN.findall(clause)
        for place, token in enumerate(tokens):
            if token.lower() in _OWNING:
                yield from _phrase(token, tokens[place + 1 :])
            elif token.lower() in _BEFORE_NOUNS:
                yield from _phrase("", tokens[place + 1 :])


def _phrase(owning: str, tokens: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The noun phrase that the tokens begin with, with the key of each of its nouns."""
    modifiers: list[str] = []
    while owning and tokens and tokens[0].lower() in words().modifiers:
        modifiers, tokens = [*modifiers, tokens[0]], tokens[1:]
    nouns: list[str] = []
    for token in tokens:
        if not _may_be_noun(token):
            break
        nouns.append(token)
    after = tokens[len(nouns)].lower() if len(nouns) < len(tokens) else ""
    if not 1 <= len(nouns) <= _MOST_WORDS or not _holds_together(nouns, after):
        return
    first = "the" if owning.lower() in ("a", "an") else owning.lower()
    text = " ".join(filter(None, (first, *modifiers, *nouns)))
    for noun in nouns:
        yield key_of(noun.lower()), text


def _may_be_noun(token: str) -> bool:
    word = token.lower()
    return (
        token[0].isascii()
        and token[0].isalpha()
        and bool(read(token).words)
        and not is_stop_word(word)
    )


def _holds_together(nouns: Sequence[str], after: str) -> bool:
    """Whether several words are one phrase: none may be the verb of another."""
    *front, last = nouns
    if last.lower().endswith(("ed", "ly", "ing")):
        return False
    if any(_is_several(noun) for noun in front):
        return False
    return not front or not _is_several(last) or after in _SEVERAL


def _is_several(noun: str) -> bool:
    return key_of(noun.lower()) != noun.lower()


def _korean(message: str) -> Iterator[tuple[str, str]]:
    for match in _NAMED.finditer(message):
        yield key_of(match[1].lower()), match[1]
    for match in _KOREAN.finditer(message):
        noun = noun_before(match[2], match[3])
        if noun and not read(noun).words.keys().isdisjoint((noun,)):
            yield noun, f"{match[1]} {noun}" if match[1] else noun
