"""A prompt as turns of a conversation, which is the form in which services take it.

Users and models take turns, a user begins and a user ends, no text is blank, and every text can be
sent. What users wrote and what was retrieved stands in the turns alone, never in the instructions.
Texts that the persona puts between the messages stand there, the message to answer after them all.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter

import attrs

from ion_framework.domain.conversation import Role
from ion_framework.domain.prompt import Prompt
from ion_framework.errors import FailureCause, GenerationError

CUT = "…"
"""What the user says first where the history begins with an answer: its beginning was cut."""


@attrs.frozen
class DialogueTurn:
    """What one side says before the other does.

    Attributes:
        role: who speaks.
        texts: what is said, at least one text, none of them blank.
    """

    role: Role
    texts: tuple[str, ...]


@attrs.frozen
class Dialogue:
    """A prompt, ready to be sent.

    Attributes:
        system: the instructions, empty where there are none.
        turns: context, history and message; the first and the last one are a user's.
    """

    system: str
    turns: tuple[DialogueTurn, ...]


def dialogue_of(prompt: Prompt) -> Dialogue:
    """The dialogue of a prompt; the context goes to the user's side, before the history.

    Raises:
        GenerationError: ``rejected``, without a try: there is nothing that a user said last.
    """
    said = [(role, sendable(text)) for role, text in _said(prompt) if text.strip()]
    if not said or said[-1][0] is not Role.USER:
        raise GenerationError(FailureCause.REJECTED, "the prompt has no message to answer", tries=0)
    if said[0][0] is not Role.USER:
        said.insert(0, (Role.USER, CUT))
    return Dialogue(
        system=sendable(prompt.system) if prompt.system.strip() else "",
        turns=tuple(
            DialogueTurn(role, tuple(text for _, text in group))
            for role, group in groupby(said, key=itemgetter(0))
        ),
    )


def sendable(text: str) -> str:
    """The text with a mark for each lone half of a surrogate pair, which has no UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _said(prompt: Prompt) -> Iterator[tuple[Role, str]]:
    yield Role.USER, prompt.context
    for index, message in enumerate(prompt.history):
        yield from ((item.role, item.text) for item in prompt.insertions if item.index == index)
        yield message.role, message.content
    last = len(prompt.history)
    yield from ((item.role, item.text) for item in prompt.insertions if item.index >= last)
    yield Role.USER, prompt.user
