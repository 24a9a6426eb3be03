"""Summaries without a model: the sentences that say most, as they were written, in their order."""

from __future__ import annotations

import heapq
import math
import re
from collections.abc import Sequence

from ion_framework.domain.conversation import shorten
from ion_framework.summarizing.ranking import Candidate, candidates, word_weights
from ion_framework.summarizing.sentences import sentences
from ion_framework.summarizing.speech import Speech, speeches

MOST_SENTENCES = 24
"""Sentences of a summary at most, whatever room there is."""

TOO_ALIKE = 0.6
"""Share of common words (Jaccard) from which on a sentence repeats another."""

COVERED = 0.35
"""What a word still counts, as a share, once a chosen sentence holds it (SumBasic squares it)."""

FEWEST_WORDS = 2
"""Words with a meaning below which a sentence is not worth its line, where others have more."""

SHARE = 2
LEAST_ROOM, LEAST_ROOM_HANGUL = 400, 240
"""A summary has at most a half of the characters of what was said, but room for a few sentences;
Korean says with 25 characters what takes English 40."""

_HANGUL = re.compile("[가-힣]")

_BULLET = "- "


def extract(messages: Sequence[str], characters: int) -> str:
    """A summary made of the messages' own sentences, one line for each message that has some.

    Deterministic: the same messages give the same summary. Every sentence is one of the
    messages', none stands twice, their order is kept, and so are the marks of who speaks.

    Args:
        messages: the messages, oldest first.
        characters: bound of the whole summary, 1 or more.

    Returns:
        The summary; empty where nothing was said.
    """
    said = speeches(messages)
    found = candidates([sentences(speech.text) for speech in said])
    chosen = _choose(found, said, min(characters, _room(said)))
    if chosen:
        return _written(chosen, said)
    # Nothing that counts as a word, or no sentence fits: then its beginning has to do.
    first = next((one.text for one in found), said[0].text if said else "")
    return shorten(" ".join(first.split()), characters - 1) if characters > 1 else first[:1]


def _room(said: Sequence[Speech]) -> int:
    size = sum(len(speech.text) for speech in said)
    is_korean = any(_HANGUL.search(speech.text) for speech in said)
    return max(LEAST_ROOM_HANGUL if is_korean else LEAST_ROOM, size // SHARE)


def _choose(found: Sequence[Candidate], said: Sequence[Speech], characters: int) -> list[Candidate]:
    """The best sentences that fit, each judged by what it adds to those before it."""
    weights = word_weights(found)
    # The worth of a sentence only falls while others are chosen, so that most are judged once.
    telling = [one for one in found if len(one.words) >= FEWEST_WORDS]
    worthy = [one for one in telling if not one.is_social] or telling or found
    # What it is all about comes first: without it nobody understands the rest.
    queue = [(-math.inf if one.opens else -_worth(one, weights), one.index, one) for one in worthy]
    heapq.heapify(queue)
    chosen: list[Candidate] = []
    left = characters
    while queue and len(chosen) < MOST_SENTENCES:
        old, _, one = heapq.heappop(queue)
        now = old if one.opens else -_worth(one, weights)
        if now > old and queue and now > queue[0][0]:
            heapq.heappush(queue, (now, one.index, one))
            continue
        cost = _cost(one, chosen, said)
        if cost > left or any(_alike(one, other) > TOO_ALIKE for other in chosen):
            continue
        left -= cost
        chosen.append(one)
        for word in one.words:
            weights[word] *= COVERED
    return sorted(chosen, key=lambda one: one.index)


def _worth(one: Candidate, weights: dict[str, float]) -> float:
    total = math.fsum(weights[word] for word in one.words)
    return one.merit * total / math.sqrt(len(one.words) + 1)


def _alike(one: Candidate, other: Candidate) -> float:
    return len(one.words & other.words) / len(one.words | other.words)


def _cost(one: Candidate, chosen: Sequence[Candidate], said: Sequence[Speech]) -> int:
    """The characters that a sentence adds: a line of its own, or a place in its message's line."""
    if any(other.message == one.message for other in chosen):
        return len(one.text) + 1
    speaker = said[one.message].speaker
    return len(_BULLET) + len(speaker) + bool(speaker) + len(one.text) + 1


def _written(chosen: Sequence[Candidate], said: Sequence[Speech]) -> str:
    lines: dict[int, list[str]] = {}
    for one in chosen:
        lines.setdefault(one.message, []).append(one.text)
    return "\n".join(
        f"{_BULLET}{' '.join(filter(None, (said[message].speaker, *texts)))}"
        for message, texts in lines.items()
    )
