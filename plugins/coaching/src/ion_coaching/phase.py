"""The phases of a conversation, and what a message brings into it."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Mapping

import attrs

from ion_framework import Language

LABELS = ("Attune", "Structure", "Elevate")

GUIDANCE: Mapping[Language, tuple[str, ...]] = {
    Language.ENGLISH: (
        "Meet the mood first and make sure what is meant.",
        "Put the thoughts in order and agree on the next steps.",
        "Widen the view and name what was learnt.",
    ),
    Language.KOREAN: (
        "먼저 마음을 맞추고 무엇을 뜻하는지 확인합니다.",
        "생각을 정리하고 다음 단계를 함께 정합니다.",
        "시야를 넓히고 배운 것을 짚어 봅니다.",
    ),
}

_TOKEN = re.compile(r"\b[\w']+\b")
_FULL_LENGTH = 500
_FULL_QUESTIONS = 4
_FULL_EXCLAMATIONS = 6


@attrs.frozen
class Bqi:
    """What a message brings, each 0 to 1.

    Attributes:
        beauty: grows with different words and questions.
        quality: grows with length and different words.
        impact: grows with different words and exclamation marks.
    """

    beauty: float
    quality: float
    impact: float


def bqi(text: str) -> Bqi:
    """The measure of a message; the weights are those of the system that ION replaces."""
    tokens = [token.lower() for token in _TOKEN.findall(text)]
    variety = len(set(tokens)) / len(tokens) if tokens else 0.0
    length = min(1.0, len(text) / _FULL_LENGTH)
    questions = min(1.0, text.count("?") / _FULL_QUESTIONS)
    exclamations = min(1.0, text.count("!") / _FULL_EXCLAMATIONS)
    return Bqi(
        beauty=_share(0.35 + 0.4 * variety + 0.15 * questions),
        quality=_share(0.45 + 0.4 * length + 0.1 * variety),
        impact=_share(0.30 + 0.2 * exclamations + 0.3 * variety),
    )


def _share(value: float) -> float:
    return round(min(1.0, max(0.0, value)), 4)


class Phases:
    """The phase of every conversation. A process remembers its own; a restart begins anew.

    Args:
        interval_s: seconds after which the next phase begins; 0 with every message.
        most: conversations that are remembered; the one silent longest is forgotten first.
    """

    def __init__(self, interval_s: float, most: int) -> None:
        self._interval_s = interval_s
        self._most = most
        self._known: OrderedDict[tuple[str, ...], tuple[int, float]] = OrderedDict()

    def advance(self, conversation: tuple[str, ...], now: float) -> int:
        """The index of the phase that a conversation is in when a message comes, 0 to 2.

        Args:
            conversation: names the conversation.
            now: seconds on a monotonic clock.
        """
        index, since = self._known.pop(conversation, (0, None))
        if since is None:
            since = now
        elif now - since >= self._interval_s:
            index, since = (index + 1) % len(LABELS), now
        self._known[conversation] = (index, since)
        if len(self._known) > self._most:
            self._known.popitem(last=False)
        return index
