"""What operators take out of a store: conversations chosen by their owner, as JSON lines."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import attrs

from ion_framework.conversations.documents import document_of
from ion_framework.conversations.model import Conversation, Feedback, Owner, StoredTurn
from ion_framework.conversations.store import ConversationStore
from ion_framework.jsonable import JsonValue

PAGE = 100
"""Conversations that are asked for at a time."""


@attrs.frozen(kw_only=True)
class Selection:
    """Which conversations are meant; what is None chooses all.

    Attributes:
        tenant: of whose installation data.
        principal: of whom, as the host authenticated the caller.
        user_id: with whom.
    """

    tenant: str | None = None
    principal: str | None = None
    user_id: str | None = None

    @property
    def owner(self) -> Owner | None:
        """The one owner that is meant, None where it may be several."""
        if self.tenant is None or self.principal is None:
            return None
        return Owner(tenant=self.tenant, principal=self.principal)

    def takes_owner(self, owner: Owner) -> bool:
        """Whether something of an owner is meant."""
        return self.tenant in (None, owner.tenant) and self.principal in (None, owner.principal)

    def takes(self, conversation: Conversation) -> bool:
        """Whether a conversation is meant."""
        return self.takes_owner(conversation.owner) and self.user_id in (None, conversation.user_id)


async def chosen(
    store: ConversationStore, selection: Selection, now: float
) -> AsyncIterator[Conversation]:
    """The conversations that are meant, without their turns.

    Where one owner is named only its list is read; else everything is.

    Args:
        store: the store.
        selection: which.
        now: seconds since the Unix epoch.
    """
    if selection.owner is None:
        async for conversation, _ in store.everything():
            if selection.takes(conversation):
                yield conversation
        return
    cursor = None
    while True:
        page = await store.list(
            selection.owner, selection.user_id, limit=PAGE, cursor=cursor, now=now
        )
        for conversation in page.conversations:
            yield conversation
        cursor = page.cursor
        if cursor is None:
            return


async def exported(
    store: ConversationStore, selection: Selection
) -> AsyncIterator[dict[str, JsonValue]]:
    """Everything that is meant, an object each: conversations with their turns, then feedback.

    Args:
        store: the store.
        selection: which; a feedback belongs to the user whom it names or on whose turn it is.
    """
    said: set[tuple[Owner, str]] = set()
    async for conversation, turns in store.everything():
        if selection.takes(conversation):
            said.update((conversation.owner, turn.request_id) for turn in turns)
            yield conversation_line(conversation, turns)
    async for feedback in store.feedback(selection.owner):
        if selection.takes_owner(feedback.owner) and (
            selection.user_id in (None, feedback.user_id)
            or (feedback.owner, feedback.request_id) in said
        ):
            yield feedback_line(feedback)


def conversation_line(
    conversation: Conversation, turns: Sequence[StoredTurn]
) -> dict[str, JsonValue]:
    """The object of a conversation in an export."""
    return {
        "conversation": document_of(conversation),
        "turns": [document_of(turn) for turn in turns],
    }


def feedback_line(feedback: Feedback) -> dict[str, JsonValue]:
    """The object of a feedback in an export."""
    return {"feedback": document_of(feedback)}
