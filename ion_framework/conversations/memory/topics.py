"""What a conversation is about: its key words and phrases, the most salient first.

Words and phrases that the user said are topics, and nothing else: what only answers say may be a
note that every answer ends with. A word counts twice where the user says it and once where it is
answered, each time 0.8 as much for every later turn; a phrase of two words counts by itself once
it occurs in two messages. Words of a Korean sentence lose their particles; what may as well be a
verb counts less.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import pairwise

import attrs

from ion_framework.conversations.memory.words import words
from ion_framework.summarizing.terms import terms

MOST_TOPICS = 8
RECENCY = 0.8
"""How much less a word counts with every turn that follows."""
USER_WEIGHT = 2.0
ANSWER_WEIGHT = 1.0
LIKELY = 0.75
"""How much a Korean word counts whose ending a verb may have as well, or that has none."""
UNSURE = 0.5
"""How much an English word counts that looks like a verb or an adverb."""
LONGEST_READ = 4000
"""Characters of a message that are read."""
_LEAST = 1.2
"""Salience below which a word is no topic."""
_PHRASE_MESSAGES = 2
_PHRASE_SHARE = 1.5
_LONGEST_TOPIC = 40

_CLAUSE = re.compile(r"[.!?…,;:()\[\]{}\"“”\n]+")
_TOKEN = re.compile(r"[A-Za-z][A-Za-z0-9+#]*(?:[.'_-][A-Za-z0-9]+)*|[가-힣]+")
_SURE = re.compile(r"(?:을|를|의|에서|에게|으로|로|와|과|에|까지|부터|보다|처럼)$")
_LIKELY = re.compile(r"(?:은|는|이|가|도|만)$")
_DOING = re.compile(
    r"(?<=[가-힣]{2})(?:하|했|합|할|한|해|되|됐|됩|될|된|돼|시키|시켰|시킬)[가-힣]*$"
)
_VERB = re.compile(
    r"(?:요|다|까|죠|지|고|서|면|게|던|는데|려고|니다|세요|네|나|든|도록|며|야|어|아|해|돼|워|려|러|둘|볼|줄)$"
)


@attrs.frozen
class Said:
    """One message of a conversation.

    Attributes:
        text: what was said.
        by_user: whether the user said it.
        age: how many turns followed.
    """

    text: str
    by_user: bool
    age: int


def topics_of(
    said: Sequence[Said], known: Sequence[str] = (), known_age: int = 0
) -> tuple[str, ...]:
    """The topics of a conversation, most salient first.

    Args:
        said: what was said lately.
        known: the topics of what was said before that, most salient first.
        known_age: how many turns followed on that.
    """
    salience: defaultdict[str, float] = defaultdict(float)
    phrases: defaultdict[str, float] = defaultdict(float)
    heard_in: Counter[str] = Counter()
    read = [(item, *_read(item.text[:LONGEST_READ])) for item in said]
    asked = {term for item, own, pairs in read if item.by_user for term in (*own, *pairs)}
    for item, own, pairs in read:
        weight = (USER_WEIGHT if item.by_user else ANSWER_WEIGHT) * RECENCY**item.age
        for word in (word for word in own if word in asked):
            salience[word] += weight * own[word]
        for pair in pairs & asked:
            phrases[pair] += weight
        heard_in.update(pairs & asked)
    for rank, topic in enumerate(known):
        salience[topic] += USER_WEIGHT * RECENCY**known_age / (1 + rank / 2)
    frequent = {pair: phrases[pair] for pair in phrases if heard_in[pair] >= _PHRASE_MESSAGES}
    return _best(salience, frequent)


def _read(text: str) -> tuple[dict[str, float], set[str]]:
    """The words of a message, how surely each may be a topic, and its phrases of two words."""
    own: dict[str, float] = {}
    pairs: set[str] = set()
    for clause in _CLAUSE.split(text):
        found = tuple(map(_form, _TOKEN.findall(clause)))
        for word, sure in found:
            if word:
                own[word] = max(own.get(word, 0.0), sure)
        for (first, sure), (second, also) in pairwise(found):
            if sure == also == 1.0 and first != second:
                pairs.add(f"{first} {second}")
    return own, pairs


def _best(salience: dict[str, float], phrases: dict[str, float]) -> tuple[str, ...]:
    for phrase, weight in phrases.items():
        salience[phrase] = max(salience.get(phrase, 0.0), _PHRASE_SHARE * weight)
        for part in phrase.split(" "):
            # What the phrase says need not be said twice.
            salience[part] /= 2
    ranked = sorted(salience.items(), key=lambda item: -item[1])
    return tuple(topic for topic, weight in ranked if weight >= _LEAST)[:MOST_TOPICS]


def _form(token: str) -> tuple[str, float]:
    """The form in which a word is a topic and how surely it is one; empty where it is none."""
    word, sure = _korean(token) if token[0] >= "가" else _english(token)
    is_topic = bool(word) and word not in words().general and len(word) <= _LONGEST_TOPIC
    return (word, sure) if is_topic else ("", 0.0)


def _english(token: str) -> tuple[str, float]:
    word = token.lower().removesuffix("'s")
    if len(word) < 2 or not terms(word):  # noqa: PLR2004  one letter is no topic
        return "", 0.0
    if word.endswith(("ing", "ed", "ly", "ful")):
        return word, UNSURE
    if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > _SHORT:
        word = word[:-3] + "y" if word.endswith("ies") else word[:-1]
    return ("", 0.0) if word in words().general else (word, 1.0)


_SHORT = 3


def _korean(token: str) -> tuple[str, float]:
    root = _DOING.sub("", token)
    if root != token:
        return _noun(root, 1.0)
    for pattern, sure in ((_SURE, 1.0), (_LIKELY, LIKELY)):
        stem = pattern.sub("", token)
        if stem != token and len(stem) > 1:
            return _noun(stem, sure)
    return ("", 0.0) if _VERB.search(token) else _noun(token, LIKELY)


def _noun(stem: str, sure: float) -> tuple[str, float]:
    stem = stem.removesuffix("들") if len(stem) > 2 else stem  # noqa: PLR2004  two syllables are a word
    return (stem, sure) if len(stem) > 1 and terms(stem) else ("", 0.0)
