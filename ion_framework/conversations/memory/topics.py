"""What a conversation is about: its key words and phrases, the most salient first.

Words and phrases that the user said are topics, and nothing else: what only answers say may be a
note that every answer ends with. A word counts twice where the user says it and once where it is
answered, each time 0.8 as much for every later turn; a phrase of two words counts by itself once
it occurs in two messages. Forms of one word count together and are shown as the user wrote them
last, in small letters. `nouns` tells which words may be topics.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import attrs

from ion_framework.conversations.memory.nouns import Reading, key_of, read
from ion_framework.conversations.model import StoredTurn

MOST_TOPICS = 8
RECENCY = 0.8
"""How much less a word counts with every turn that follows."""
USER_WEIGHT = 2.0
ANSWER_WEIGHT = 1.0
LONGEST_READ = 4000
"""Characters of a message that are read."""
READ_AT_CLOSE = 400_000
"""Characters of a whole conversation that are read, an even share of each message."""
_LEAST = 1.2
"""Salience below which a word is no topic."""
_PHRASE_MESSAGES = 2
_PHRASE_SHARE = 1.5


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


def main_topics(turns: Sequence[StoredTurn], most: int) -> tuple[str, ...]:
    """The topics of a whole conversation, the one that it was about longest first.

    Every turn counts as much as any other.

    Args:
        turns: its turns.
        most: topics at most.
    """
    share = READ_AT_CLOSE // max(1, 2 * len(turns))
    said = [
        Said(text[:share], by_user=by_user, age=0)
        for turn in turns
        for text, by_user in ((turn.user_message, True), (turn.ai_response, False))
    ]
    return topics_of(said)[:most]


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
    readings = [(item, read(item.text[:LONGEST_READ])) for item in said]
    shown = _shown(readings)
    for item, reading in readings:
        weight = (USER_WEIGHT if item.by_user else ANSWER_WEIGHT) * RECENCY**item.age
        for word, sure in reading.words.items():
            if word in shown:
                salience[word] += weight * sure
        for pair in reading.pairs:
            if pair in shown:
                phrases[pair] += weight
                heard_in[pair] += 1
    for rank, topic in enumerate(known):
        salience[key_of(topic)] += USER_WEIGHT * RECENCY**known_age / (1 + rank / 2)
    frequent = {pair: phrases[pair] for pair in phrases if heard_in[pair] >= _PHRASE_MESSAGES}
    shown = {**{key_of(topic): topic for topic in known}, **shown}
    return tuple(shown[topic] for topic in _best(salience, frequent))


def _shown(readings: Iterable[tuple[Said, Reading]]) -> dict[str, str]:
    """The user's words and phrases as they were written last."""
    shown: dict[str, str] = {}
    for item, reading in sorted(readings, key=lambda entry: -entry[0].age):
        if item.by_user:
            shown.update(reading.shown)
    return shown


def _best(salience: dict[str, float], phrases: dict[str, float]) -> tuple[str, ...]:
    for phrase, weight in phrases.items():
        salience[phrase] = max(salience.get(phrase, 0.0), _PHRASE_SHARE * weight)
        for part in phrase.split(" "):
            # What the phrase says need not be said twice.
            salience[part] = salience.get(part, 0.0) / 2
    ranked = sorted(salience.items(), key=lambda item: -item[1])
    return tuple(topic for topic, weight in ranked if weight >= _LEAST)[:MOST_TOPICS]
