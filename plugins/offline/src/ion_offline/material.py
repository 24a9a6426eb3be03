"""What an answer is made from: the turn, reduced to what the composer needs."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from ion_framework.domain.conversation import Message, Role
from ion_framework.domain.language import Language
from ion_framework.domain.persona import Persona
from ion_framework.domain.prompt import Prompt
from ion_framework.domain.resonance import Resonance
from ion_framework.pipeline.turn import Turn
from ion_offline.term import Term
from ion_offline.text import clean
from ion_offline.topics import Topics, find_topics

_NOTES, _NOTE_CHARACTERS = 2, 80
_SUMMARY_USER, _SUMMARY_ASSISTANT = "- U:", "- A:"


@attrs.frozen
class Material:
    """What an answer is made from.

    Attributes:
        text: the message as the prompt has it, cleaned.
        language: the language to answer in.
        persona: who answers.
        resonance: the reading of the message.
        topics: what the message is about.
        earlier: the best term of the user's message before, None where there is none.
        returns: the message comes back to that term.
        answered: the conversation holds an earlier answer.
        notes: facts about the situation.
        turns: number of earlier messages, so that a repeated message gets another wording.
        stands_in: a language model was asked first and did not answer.
    """

    text: str
    language: Language
    persona: Persona
    resonance: Resonance
    topics: Topics
    earlier: Term | None = None
    returns: bool = False
    answered: bool = False
    notes: tuple[str, ...] = ()
    turns: int = 0
    stands_in: bool = False


def read_turn(turn: Turn, prompt: Prompt, *, stands_in: bool = False) -> Material:
    """The material of a turn.

    Message and history are taken from the prompt, as a model would get them: a plugin may have
    taken something out there.

    Args:
        turn: the turn.
        prompt: its prompt.
        stands_in: whether a language model was asked first and did not answer.

    Raises:
        ValueError: the turn was not analysed and routed yet.
    """
    if turn.resonance is None or turn.persona is None:
        raise ValueError(
            "ion_generate needs a turn with resonance and persona; "
            "the pipeline sets both in ion_analyze and ion_route"
        )
    text = clean(prompt.user)
    topics = find_topics(text, [item.cue for item in turn.resonance.evidence])
    earlier, returns = _earlier(prompt.history, turn.context.summary, topics)
    return Material(
        text=text,
        language=prompt.language,
        persona=turn.persona,
        resonance=turn.resonance,
        topics=topics,
        earlier=earlier,
        returns=returns,
        answered=_answered(prompt.history, turn.context.summary),
        notes=_notes(turn.context.notes),
        turns=len(prompt.history),
        stands_in=stands_in,
    )


def _earlier(history: Sequence[Message], summary: str, topics: Topics) -> tuple[Term | None, bool]:
    """The term that ties the message to the one before, and whether it comes up again."""
    before = find_topics(clean(_last_user_message(history, summary))).terms
    for term in before:
        if any(term.text.casefold() == now.text.casefold() for now in topics.terms):
            return term, True
    return (before[0], False) if before else (None, False)


def _last_user_message(history: Sequence[Message], summary: str) -> str:
    for message in reversed(history):
        if message.role is Role.USER:
            return message.content
    for line in reversed(summary.splitlines()):
        if line.startswith(_SUMMARY_USER):
            return line.removeprefix(_SUMMARY_USER)
    return ""


def _answered(history: Sequence[Message], summary: str) -> bool:
    if any(message.role is Role.ASSISTANT for message in history):
        return True
    return any(line.startswith(_SUMMARY_ASSISTANT) for line in summary.splitlines())


def _notes(notes: Sequence[str]) -> tuple[str, ...]:
    cleaned = (clean(note, _NOTE_CHARACTERS).rstrip(".") for note in notes)
    return tuple(note for note in cleaned if note)[:_NOTES]
