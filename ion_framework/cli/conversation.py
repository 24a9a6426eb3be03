"""A conversation as ``ion chat`` keeps it: recent messages, and a running summary of the rest."""

from __future__ import annotations

from ion_framework.domain.conversation import Message, Role
from ion_framework.domain.summary import update_summary
from ion_framework.pipeline.reply import Reply
from ion_framework.pipeline.turn import TurnRequest


class Conversation:
    """What was said so far.

    Args:
        recent: number of messages that are kept word for word; what is older goes into the
            running summary.
        persona: the persona that answers, None to have the router decide.
    """

    def __init__(self, recent: int, persona: str | None = None) -> None:
        self.persona = persona
        self.last: Reply | None = None
        self._recent = recent
        self._history: tuple[Message, ...] = ()
        self._summary = ""

    def request(self, text: str) -> TurnRequest:
        """The request for the next answer."""
        return TurnRequest(
            text=text, persona=self.persona, history=self._history, summary=self._summary
        )

    def add(self, text: str, reply: Reply) -> None:
        """Remember a message and its answer."""
        self.last = reply
        said = (
            *self._history,
            Message(Role.USER, text),
            Message(Role.ASSISTANT, reply.content, reply.persona),
        )
        cut = max(0, len(said) - self._recent)
        self._summary = update_summary(self._summary, said[:cut])
        self._history = said[cut:]
