"""How much each sentence of a conversation says about the whole of it."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence

import attrs

from ion_framework.summarizing.terms import terms

ROUNDS = 12
"""Rounds of mutual reinforcement; the order of the sentences stands long before."""

DAMPING = 0.15
"""Share of weight that every word has whatever stands beside it: no topic is worth nothing."""

_DECISION = re.compile(
    r"결정|결론|결국|기로 (?:했|합|하)|합의|\b(?:decided|agreed|conclu|in short|we will)",
    re.IGNORECASE,
)
_OUTCOME = re.compile(
    r"원인|때문|해결|마감|까지|다음|목표|계획|중요|요약|정리"
    r"|\b(?:because|cause|solved|fixed|deadline|next|goal|plan|must|important|final|result|I'll)",
    re.IGNORECASE,
)
_SHORT_TERMS = 3
_QUESTION_BONUS = 1.05
_DECISION_BONUS = 1.6
_OUTCOME_BONUS = 1.2
_FIRST_BONUS = 1.3
_LAST_BONUS = 1.2
_OPENING = 1.15
_TOPIC = 1.6
_OPENING_WORDS = 2


@attrs.frozen
class Candidate:
    """A sentence that a summary may hold.

    Attributes:
        index: its place among all sentences.
        message: the index of the message it stands in.
        text: the sentence.
        words: its words as they are counted, without repeats.
        merit: what its place and its manner add, a factor around 1.
    """

    index: int
    message: int
    text: str
    words: frozenset[str]
    merit: float


def candidates(messages: Sequence[Sequence[str]]) -> list[Candidate]:
    """Every sentence that says something, once.

    Args:
        messages: the sentences of each message.
    """
    found: list[Candidate] = []
    seen: set[str] = set()
    index = 0
    for place, own in enumerate(messages):
        opens = True
        for text in own:
            index += 1
            same = " ".join(text.casefold().split())
            words = frozenset(terms(text))
            if same in seen or not words:
                continue
            seen.add(same)
            merit = _merit(text, place, len(messages), len(words))
            if opens:
                merit *= _OPENING if place else _TOPIC
            # A greeting in front opens nothing.
            opens = opens and len(words) < _OPENING_WORDS
            found.append(Candidate(index, place, text, words, merit))
    return found


def _merit(text: str, place: int, places: int, words: int) -> float:
    """After Edmundson (1969): sentences that open, close, conclude or ask say more than others."""
    merit = min(1.0, words / _SHORT_TERMS)
    if place == 0:
        merit *= _FIRST_BONUS
    elif place == places - 1:
        merit *= _LAST_BONUS
    if _DECISION.search(text):
        merit *= _DECISION_BONUS
    elif _OUTCOME.search(text):
        merit *= _OUTCOME_BONUS
    if text.rstrip().endswith(("?", "？")):
        merit *= _QUESTION_BONUS
    return merit


def word_weights(found: Sequence[Candidate]) -> dict[str, float]:
    """How much each word stands for the whole; the weights add up to 1.

    Words are weighty that stand in weighty sentences, and sentences that hold weighty words
    (mutual reinforcement: Zha, SIGIR 2002). It ranks as LexRank with its matrix of all pairs of
    sentences does, in time that grows with the words instead of the pairs. Words that stand in
    many sentences count less by their inverse frequency.
    """
    counts = Counter(word for one in found for word in one.words)
    rarity = {
        word: math.log(1 + len(found) / count) * (1 + math.log(count))
        for word, count in counts.items()
    }
    weights = dict.fromkeys(sorted(counts), 1 / max(1, len(counts)))
    for _ in range(ROUNDS):
        gathered = dict.fromkeys(weights, 0.0)
        for one in found:
            share = _strength(one, weights) / math.sqrt(len(one.words))
            for word in sorted(one.words):
                gathered[word] += share * rarity[word]
        total = math.fsum(gathered.values()) or 1.0
        weights = {
            word: DAMPING / len(weights) + (1 - DAMPING) * weight / total
            for word, weight in gathered.items()
        }
    return weights


def _strength(one: Candidate, weights: dict[str, float]) -> float:
    # fsum is exact, so that the order in which a set yields its words makes no difference.
    return math.fsum(weights[word] for word in one.words) / math.sqrt(len(one.words))
