"""A conversation and its turns as a store keeps them. Times are seconds since the Unix epoch."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import attrs

from ion_framework.domain.conversation import Message, Role
from ion_framework.domain.frozen import frozen


class ConversationState(StrEnum):
    """Where a conversation stands; ``expired`` follows from its time and is never written."""

    ACTIVE = "active"
    COMPLETED = "completed"
    EXPIRED = "expired"


@attrs.frozen(kw_only=True)
class Owner:
    """Whose conversations: nobody else's are ever read, listed or deleted under this name.

    Attributes:
        tenant: whose installation data.
        principal: who asks, as the host authenticated it, the user's name not included.
    """

    tenant: str
    principal: str


@attrs.frozen(kw_only=True)
class Memory:
    """What a conversation has been about, drawn from what was said.

    Attributes:
        topics: what it is about, most important first.
        entities: names that occurred, by kind (``language``, ``product``, …).
        preferences: what the user said of how to be answered, by kind (``length``, ``tone``, …).
    """

    topics: tuple[str, ...] = ()
    entities: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict, converter=frozen)
    preferences: Mapping[str, str] = attrs.field(factory=dict, converter=frozen)


@attrs.frozen(kw_only=True)
class Conversation:
    """A conversation without its turns.

    Attributes:
        id: its name, unique in the installation.
        owner: whose it is.
        user_id: the user it is held with, in the owner's own terms.
        persona: the persona that holds it now; None before the first turn of one that is routed.
        pinned: whether that persona was asked for, so that it is never handed over.
        created_at: when it began.
        last_activity: when its latest turn ended.
        expires_at: when it ends by itself.
        ttl_s: seconds by which each turn puts that off.
        turn_count: turns so far.
        summary: bullets of what the prompt no longer carries and the model has not summed up.
        model_summary: the language model's summary of the beginning, empty before there is one.
        model_summary_to: number of the last turn that it tells of, 0 without one.
        memory: what it is about.
        closed_at: when it was closed, None while it is open.
        closing: the summary of a closed one as a JSON document, empty before.
        version: counts its changes; a change is made only to the version that it is based on.
    """

    id: str
    owner: Owner
    user_id: str
    persona: str | None
    pinned: bool
    created_at: float
    last_activity: float
    expires_at: float
    ttl_s: float
    turn_count: int = 0
    summary: str = ""
    model_summary: str = ""
    model_summary_to: int = 0
    memory: Memory = attrs.field(factory=Memory)
    closed_at: float | None = None
    closing: str = ""
    version: int = 0

    @property
    def running_summary(self) -> str:
        """All that is summed up: the model's text, and the bullets of what came after it."""
        return "\n".join(filter(None, (self.model_summary, self.summary)))

    def state(self, now: float) -> ConversationState:
        """Where it stands at a time."""
        if self.closed_at is not None:
            return ConversationState.COMPLETED
        return ConversationState.EXPIRED if now >= self.expires_at else ConversationState.ACTIVE


@attrs.frozen(kw_only=True)
class StoredTurn:
    """One turn of a conversation: what was written and what was answered.

    Attributes:
        number: 1 for the first.
        request_id: names the turn in logs and receipts.
        user_message: what the user wrote.
        ai_response: what was answered.
        persona: who answered.
        key: the resonance key, as it is written.
        at: when it ended.
        document: the whole answer as the API gave it, JSON, for a caller who repeats the turn.
        receipt: the receipt, JSON.
        idempotency_key: the caller's name for the turn, None without one.
        fingerprint: digest of the request that the name stands for.
        tokens: tokens spent.
    """

    number: int
    request_id: str
    user_message: str
    ai_response: str
    persona: str
    key: str
    at: float
    document: str = "{}"
    receipt: str = "{}"
    idempotency_key: str | None = None
    fingerprint: str = ""
    tokens: int = 0

    def messages(self) -> tuple[Message, Message]:
        """The turn as two messages of a history."""
        return (
            Message(Role.USER, self.user_message),
            Message(Role.ASSISTANT, self.ai_response, self.persona),
        )


@attrs.frozen(kw_only=True)
class Feedback:
    """What somebody thinks of an answer.

    Attributes:
        id: its name.
        owner: who gave it.
        request_id: the turn that was answered.
        at: when it was given.
        user_id: the user who wrote the message, so that it is deleted with the user's data; empty
            where the turn had none.
        rating: 1 (bad) to 5 (good), None where only a correction was given.
        persona: the persona that should have answered, None where the right one did.
        tone: the tone that the message has, None where it was read rightly.
        intent: the intent that it has, likewise.
        comment: in the user's words, may be empty.
        message: the message that was answered; empty where it is not known.
        receipt: the receipt of the turn, JSON.
    """

    id: str
    owner: Owner
    request_id: str
    at: float
    user_id: str = ""
    rating: int | None = None
    persona: str | None = None
    tone: str | None = None
    intent: str | None = None
    comment: str = ""
    message: str = ""
    receipt: str = "{}"
