"""Messages of a conversation, and how much of it a prompt may carry."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

import attrs


class Role(StrEnum):
    """Who wrote a message."""

    USER = "user"
    ASSISTANT = "assistant"


@attrs.frozen
class Message:
    """One message of a conversation.

    Attributes:
        role: who wrote it.
        content: what was written.
        persona: the persona that answered; None for the user's messages and where unknown.
    """

    role: Role
    content: str
    persona: str | None = None


@attrs.frozen
class HistoryLimits:
    """How much of a conversation goes into a prompt word for word.

    Attributes:
        messages: the last so many messages, 0 to 100.
        characters: each cut to so many characters, 1 to 10000; a cut is marked with ``…``.
    """

    messages: int = attrs.field(
        default=3, validator=attrs.validators.and_(attrs.validators.ge(0), attrs.validators.le(100))
    )
    characters: int = attrs.field(
        default=100,
        validator=attrs.validators.and_(attrs.validators.ge(1), attrs.validators.le(10000)),
    )

    def cut(self, history: Iterable[Message]) -> tuple[Message, ...]:
        """The tail of a history within these limits."""
        if not self.messages:
            return ()
        tail = tuple(history)[-self.messages :]
        return tuple(attrs.evolve(m, content=shorten(m.content, self.characters)) for m in tail)


STANDARD_LIMITS = HistoryLimits(messages=3, characters=100)
COMPACT_LIMITS = HistoryLimits(messages=2, characters=120)
WHOLE_HISTORY = HistoryLimits(messages=100, characters=10000)
"""For a history that was chosen to fit already: these only bound what nobody has chosen so."""


def shorten(text: str, characters: int) -> str:
    """The text, or its first characters and ``…`` where it is longer."""
    return text if len(text) <= characters else text[:characters].rstrip() + "…"
