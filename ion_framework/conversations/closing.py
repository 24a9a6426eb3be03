"""The end of a conversation: its summary in figures and in words.

Satisfaction is on the scale of feedback, 1 (bad) to 5 (good): the mean of the ratings that were
given to turns of the conversation. Where there is none it is estimated from the tones of the
user's messages, each as `TONE_SATISFACTION` says, the later ones counting more (the n-th counts n
times), because how it ended tells more than how it began. A single message estimates nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

import attrs

from ion_framework.conversations.model import Conversation, StoredTurn
from ion_framework.domain.key import ResonanceKey, Tone
from ion_framework.jsonable import to_json

TONE_SATISFACTION: Mapping[Tone, float] = {
    Tone.FRUSTRATED: 1.0,
    Tone.ANXIOUS: 2.0,
    Tone.CONFUSED: 2.0,
    Tone.URGENT: 2.5,
    Tone.CALM: 3.5,
    Tone.ANALYTICAL: 3.5,
    Tone.CURIOUS: 4.0,
    Tone.COLLABORATIVE: 4.0,
    Tone.PLAYFUL: 5.0,
}
"""How content somebody seems who writes in a tone: an ordering by judgement, not a measurement."""

LEAST_MESSAGES = 2
MAIN_TOPICS = 5


class SatisfactionBasis(StrEnum):
    """Where a figure of satisfaction comes from."""

    FEEDBACK = "feedback"
    ESTIMATED = "estimated"


@attrs.frozen(kw_only=True)
class ConversationSummary:
    """What a conversation was.

    Attributes:
        total_turns: its turns.
        total_duration_minutes: minutes from its beginning to its latest turn.
        main_topics: what it was about from beginning to end, most important first.
        user_satisfaction: 1 to 5, None where nothing tells.
        satisfaction_basis: where that comes from, None where nothing tells.
        personas: who answered, in the order of their first answers.
        text: the conversation in a few sentences, empty where nothing was said.
        method: who wrote them: ``model``, ``extractive`` or ``mixed``.
    """

    total_turns: int
    total_duration_minutes: float
    main_topics: tuple[str, ...]
    user_satisfaction: float | None
    satisfaction_basis: SatisfactionBasis | None
    personas: tuple[str, ...]
    text: str
    method: str

    def document(self) -> str:
        """The summary as JSON text."""
        return to_json(self)


def satisfaction(
    turns: Iterable[StoredTurn], ratings: Iterable[int]
) -> tuple[float | None, SatisfactionBasis | None]:
    """How content the user was, and how that is known.

    Args:
        turns: the turns, oldest first.
        ratings: what was given to them, 1 to 5.
    """
    given = tuple(ratings)
    if given:
        return round(sum(given) / len(given), 1), SatisfactionBasis.FEEDBACK
    tones = [TONE_SATISFACTION[ResonanceKey.parse(turn.key).tone] for turn in turns]
    if len(tones) < LEAST_MESSAGES:
        return None, None
    weighted = sum(weight * tone for weight, tone in enumerate(tones, 1))
    return round(weighted / sum(range(1, len(tones) + 1)), 1), SatisfactionBasis.ESTIMATED


def summary_of(
    conversation: Conversation,
    turns: tuple[StoredTurn, ...],
    ratings: Iterable[int],
    written: tuple[str, str],
) -> ConversationSummary:
    """The summary of a conversation.

    Args:
        conversation: the conversation.
        turns: all of its turns.
        ratings: what was given to them.
        written: the text of the summary, and who wrote it.
    """
    from ion_framework.conversations.memory.topics import main_topics  # only an end pays for it

    value, basis = satisfaction(turns, ratings)
    minutes = max(0.0, conversation.last_activity - conversation.created_at) / 60
    return ConversationSummary(
        total_turns=len(turns),
        total_duration_minutes=round(minutes, 2),
        main_topics=main_topics(turns, MAIN_TOPICS),
        user_satisfaction=value,
        satisfaction_basis=basis,
        personas=tuple(dict.fromkeys(turn.persona for turn in turns)),
        text=written[0],
        method=written[1],
    )
