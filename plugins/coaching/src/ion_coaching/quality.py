"""How good an answer looks from the outside: its length, its words, its form. No model is asked."""

from __future__ import annotations

import re
from collections.abc import Sequence

import attrs

_PARTICLES = ("에서", "으로", "의", "을", "를", "이", "가", "은", "는", "에", "로", "과", "와")
_STOP_WORDS = frozenset(
    (
        "the", "and", "for", "are", "you", "how", "what", "why", "can", "this", "that", "with",
        "어떻게", "그리고", "그런데", "이것", "저것", "무엇", "정말", "너무", "하는", "있는",
    )
)  # fmt: skip
_LISTS = ("\n-", "\n*", "\n1.", "\n2.", "•")
_UNSURE = ("아마도", "것 같", "모르겠", "아닐까", "인 듯", "maybe", "perhaps", "probably")
_ETHICAL = ("차별", "편견", "혐오", "배제", "discrimination", "bias", "hate")
_WORD = re.compile(r"\w+")

_TOO_SHORT, _SHORT, _SHORTEST_TOKEN = 10, 30, 2
_NO_TOPIC = 0.6


@attrs.frozen(kw_only=True)
class Quality:
    """The measure of an answer; the weights are those of the system that ION replaces.

    Attributes:
        score: the whole, 0 to 1; 0 only for an empty answer.
        length: 0.1 to 1, by the number of words.
        coverage: share of the message's topics that the answer takes up, 0.6 without any.
        diversity: share of different words.
        alignment: 0.1 where the persona is named, else 0.
        risks: what looks risky, machine-readable.
        recommendations: what would make it better, one sentence each.
    """

    score: float = 0.0
    length: float = 0.0
    coverage: float = 0.0
    diversity: float = 0.0
    alignment: float = 0.0
    risks: tuple[str, ...] = ()
    recommendations: tuple[str, ...] = ()


def quality(answer: str, message: str, persona: str) -> Quality:
    """The quality of an answer.

    Args:
        answer: the answer.
        message: what is answered.
        persona: name of the persona as it is shown.
    """
    words = answer.split()
    if not words:
        return Quality(risks=("empty-response",), recommendations=("Give an answer.",))
    lower = answer.lower()
    length = _length_score(len(words))
    coverage = _coverage(lower, message)
    diversity = len(set(words)) / len(words)
    structure = 0.2 if any(mark in answer for mark in _LISTS) else 0.0
    named = persona.lower() in lower or persona.lower() in message.lower()
    alignment = 0.1 if persona and named else 0.0
    unsure = any(mark in lower for mark in _UNSURE)
    penalties = 0.3 * unsure + 0.4 * (len(words) < _TOO_SHORT)
    raw = 0.35 + 0.35 * length + 0.2 * coverage + structure + alignment + 0.1 * diversity
    risks = tuple(_risks(lower, len(words), length, coverage, unsure=unsure))
    return Quality(
        score=round(min(1.0, max(0.1, raw - penalties)), 4),
        length=round(length, 4),
        coverage=round(coverage, 4),
        diversity=round(diversity, 4),
        alignment=alignment,
        risks=risks,
        recommendations=tuple(_ADVICE[risk] for risk in risks),
    )


_ADVICE = {
    "uncertain-response": "Say plainly what is known and what is not.",
    "too-short-response": "Answer in more than a few words.",
    "ETHICAL-RISK-DETECTED": "Look again at how people are spoken of.",
    "insufficient-detail": "Add an example or the reasons.",
    "low-topic-coverage": "Take up what the message asks about.",
}


def _length_score(words: int) -> float:
    if words < _TOO_SHORT:
        return 0.1
    if words < _SHORT:
        return 0.5 + (words - _TOO_SHORT) / 40
    return min(1.0, 0.5 + words / 60)


def _coverage(answer: str, message: str) -> float:
    topics = {topic for token in _WORD.findall(message.lower()) if (topic := _topic(token))}
    return sum(topic in answer for topic in topics) / len(topics) if topics else _NO_TOPIC


def _topic(token: str) -> str:
    """What a word is about, without one Korean particle; empty for one that says little."""
    if len(token) <= _SHORTEST_TOKEN:
        return ""
    particle = next((mark for mark in _PARTICLES if token.endswith(mark)), "")
    topic = token.removesuffix(particle)
    return topic if len(topic) > 1 and topic not in _STOP_WORDS else ""


def _risks(
    answer: str, words: int, length: float, coverage: float, *, unsure: bool
) -> Sequence[str]:
    found = {
        "uncertain-response": unsure,
        "too-short-response": words < _TOO_SHORT,
        "ETHICAL-RISK-DETECTED": any(mark in answer for mark in _ETHICAL),
        "insufficient-detail": length < 0.5,  # noqa: PLR2004  half of the scale
        "low-topic-coverage": coverage < 0.3,  # noqa: PLR2004  less than a third
    }
    return [risk for risk, holds in found.items() if holds]
