"""How much each sentence of a conversation says about the whole of it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import attrs

from ion_framework.summarizing.manner import Manner, manner_of
from ion_framework.summarizing.terms import terms

ROUNDS = 12
"""Rounds of mutual reinforcement; the order of the sentences stands long before."""

DAMPING = 0.15
"""Share of weight that every word has whatever stands beside it: no topic is worth nothing."""

_BONUS = {
    Manner.TASK: 2.6,
    Manner.DECISION: 1.8,
    Manner.DATE: 1.6,
    Manner.OUTCOME: 1.2,
    Manner.PLAIN: 1.0,
    Manner.ADVICE: 0.7,
    Manner.SOCIAL: 0.3,
}
"""Who does what when is what people look for in a summary; what one could do, they find again."""

_SHORT_TERMS = 3
_QUESTION = 0.8
_FIRST_BONUS = 1.3
_LAST_BONUS = 1.1
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
        opens: whether it is the first of the whole that says something: what it is all about.
        is_social: whether it only greets, thanks or consoles.
    """

    index: int
    message: int
    text: str
    words: frozenset[str]
    merit: float
    opens: bool = False
    is_social: bool = False


def candidates(messages: Sequence[Sequence[str]]) -> list[Candidate]:
    """Every sentence that says something, once.

    Args:
        messages: the sentences of each message.
    """
    found: list[Candidate] = []
    seen: set[str] = set()
    index, topic = 0, None
    for place, own in enumerate(messages):
        opens = True
        for text in own:
            index += 1
            same = " ".join(text.casefold().split())
            words = frozenset(terms(text))
            if same in seen or not words:
                continue
            seen.add(same)
            manner = manner_of(text)
            is_topic = topic is None and manner is not Manner.SOCIAL and len(words) > 1
            topic = place if is_topic else topic
            merit = _merit(text, manner, len(words)) * _place(place, topic, len(messages))
            if opens:
                merit *= _TOPIC if place == topic else _OPENING
            # A greeting in front opens nothing.
            opens = opens and (manner is Manner.SOCIAL or len(words) < _OPENING_WORDS)
            is_social = manner is Manner.SOCIAL
            found.append(Candidate(index, place, text, words, merit, is_topic, is_social))
    return found


def _merit(text: str, manner: Manner, words: int) -> float:
    """After Edmundson (1969): the wording tells what a sentence is there for."""
    merit = min(1.0, words / _SHORT_TERMS) * _BONUS[manner]
    return merit * _QUESTION if text.rstrip().endswith(("?", "？")) else merit


def _place(place: int, topic: int | None, places: int) -> float:
    """After Edmundson (1969): what opens and what closes says more than what is between."""
    if place == topic:
        return _FIRST_BONUS
    return _LAST_BONUS if place == places - 1 else 1.0


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
