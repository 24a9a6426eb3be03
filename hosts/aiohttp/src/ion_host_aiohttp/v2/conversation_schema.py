"""What conversations take and give in API v2: the original's fields, and more."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

import attrs
import msgspec

from ion_framework.conversations.model import ConversationState
from ion_host_aiohttp.api.words import MessageText
from ion_host_aiohttp.v2.names import Cursor, PersonaName, UserId


@attrs.frozen(kw_only=True)
class StartOptions:
    """How a conversation is kept.

    Attributes:
        session_ttl_hours: hours without a turn after which it expires.
    """

    session_ttl_hours: Annotated[int, msgspec.Meta(ge=1, le=720)] | None = None


@attrs.frozen(kw_only=True)
class StartRequest:
    """The body of ``POST /api/v2/conversations/start``.

    Attributes:
        user_id: the caller's own name for the user.
        persona_id: the persona that holds the conversation throughout; without one, each message
            has its persona found, and the one that holds the conversation keeps it on thin margins.
        persona: the same as ``persona_id``, by the name that it has elsewhere; of the two, one is
            enough.
        options: how it is kept.
    """

    user_id: UserId
    persona_id: PersonaName | None = None
    persona: PersonaName | None = None
    options: StartOptions | None = None


@attrs.frozen(kw_only=True, slots=False)
class StartedSession:
    """A conversation that has begun.

    Attributes:
        session_id: its name; whoever is to continue it needs it.
        user_id: the user.
        persona_id: the persona that holds it, null where messages decide.
        created_at: when it began.
        expires_at: when it expires, unless a turn puts that off.
        status: ``active``.
    """

    session_id: str
    user_id: str
    persona_id: str | None
    created_at: str
    expires_at: str
    status: Literal["active"] = "active"


@attrs.frozen(kw_only=True)
class TurnBody:
    """The body of ``POST /api/v2/conversations/{id}/turn``.

    Attributes:
        user_message: what the user writes.
        metadata: comes back as it was given.
    """

    user_message: MessageText
    metadata: dict[str, Any] | None = None


@attrs.frozen(kw_only=True, slots=False)
class ContextMemory:
    """What a conversation is about, drawn from what was said in it.

    Attributes:
        topics: most important first.
        entities: names that the user mentioned, by kind (``language``, ``product``, ``version``,
            ``code``, ``quoted``, ``name``), the latest first.
        user_preferences: what the user said of how to be answered (``length``, ``formality``,
            ``language``, ``form``, ``address``; ``code``, ``list`` and others: ``none``).
    """

    topics: tuple[str, ...]
    entities: dict[str, tuple[str, ...]]
    user_preferences: dict[str, str]


@attrs.frozen(kw_only=True, slots=False)
class TurnMetadata:
    """What stands behind the answer of a turn.

    Attributes:
        processing_time_ms: milliseconds until the answer was there.
        tokens_used: tokens of the language model, as far as it tells.
        confidence: confidence of the routing.
        persona_used: who answered.
        handed_over_from: who held the conversation before, where another has taken over.
        resonance_key: how the message reads.
        turns_carried: earlier turns that the prompt carried word for word; the first may be cut.
        context_memory: what the conversation is about after this turn.
        user_provided_metadata: what the caller gave.
        receipt: the full reason why.
    """

    processing_time_ms: float
    tokens_used: int
    confidence: Decimal
    persona_used: str
    handed_over_from: str | None
    resonance_key: str
    language: str
    turns_carried: int
    context_memory: ContextMemory
    cached: bool
    degraded: bool
    degraded_reason: str | None
    generator: str
    model: str
    finish_reason: str
    usage: dict[str, float | None]
    user_provided_metadata: dict[str, Any]
    plugins: dict[str, Any]
    receipt: dict[str, Any]


@attrs.frozen(kw_only=True, slots=False)
class TurnResponse:
    """The answer of a turn.

    Attributes:
        turn_number: 1 for the first.
        session_id: the conversation.
        response_text: the answer.
        context_used: what of the conversation the prompt carried, in words.
        next_suggestion: what the user might ask next.
        request_id: names the turn, for feedback.
        expires_at: when the conversation expires now.
        timestamp: when the answer was there.
        metadata: what stands behind it.
    """

    turn_number: int
    session_id: str
    response_text: str
    context_used: str
    next_suggestion: str
    request_id: str
    expires_at: str
    timestamp: str
    metadata: TurnMetadata


@attrs.frozen(kw_only=True)
class MessagesQuery:
    """Which messages of a conversation.

    Attributes:
        limit: turns at most, the latest ones.
        before: only turns with a smaller number, for the page before.
    """

    limit: Annotated[int, msgspec.Meta(ge=1, le=200)] = 50
    before: Annotated[int, msgspec.Meta(ge=1, le=2**31)] | None = None


@attrs.frozen(kw_only=True, slots=False)
class TurnView:
    """One turn, with what stands behind its answer as far as it is known.

    Attributes:
        turn_id: its request id, by which feedback names it.
        handed_over_from: who held the conversation before, where another took over.
        confidence: confidence of the routing.
        cached: whether the answer was a stored one.
        degraded: whether somebody stood in for the generator that was to answer.
        degraded_reason: why.
        finish_reason: how the answer ended.
        tokens_used: tokens of the language model, as far as it told.
        next_suggestion: what the user might have asked next, null where it is not known.
        receipt: the full reason why.
    """

    turn_id: str
    turn_number: int
    user_message: str
    ai_response: str
    persona_used: str
    resonance_key: str
    timestamp: str
    language: str | None
    handed_over_from: str | None
    confidence: float | None
    cached: bool
    degraded: bool
    degraded_reason: str | None
    generator: str | None
    model: str | None
    finish_reason: str | None
    tokens_used: int
    next_suggestion: str | None
    receipt: dict[str, Any] | None


@attrs.frozen(kw_only=True, slots=False)
class SessionView:
    """A conversation in a list; ``pinned`` says that its persona is never handed over."""

    session_id: str
    persona_id: str | None
    pinned: bool
    turn_count: int
    created_at: str
    last_activity: str
    expires_at: str
    state: ConversationState


@attrs.frozen(kw_only=True, slots=False)
class SessionReport(SessionView):
    """A conversation.

    Attributes:
        messages: turns, oldest first.
        next_before: ``before`` of the page with earlier turns, null where there are none.
        running_summary: of what the prompt no longer carries.
    """

    user_id: str
    messages: tuple[TurnView, ...]
    next_before: int | None
    context_memory: ContextMemory
    running_summary: str
    closed_at: str | None


@attrs.frozen(kw_only=True)
class CloseRequest:
    """The body of ``POST /api/v2/conversations/{id}/close``.

    Attributes:
        save_conversation: whether the conversation is kept until it expires; otherwise it is
            deleted once it is summed up, with the feedback on its turns.
    """

    save_conversation: bool = True


@attrs.frozen(kw_only=True, slots=False)
class ClosingSummary:
    """What a conversation was.

    Attributes:
        user_satisfaction: 1 (bad) to 5 (good): the mean rating where feedback was given, else
            estimated from the tones of the user's messages, the later ones counting more; null
            where nothing tells.
        satisfaction_basis: ``feedback`` or ``estimated``.
        personas: who answered, in the order of their first answers.
        text: the conversation in a few sentences.
        method: who wrote them: ``model``, ``extractive`` or ``mixed``.
    """

    total_turns: int
    total_duration_minutes: float
    main_topics: tuple[str, ...]
    user_satisfaction: float | None
    satisfaction_basis: str | None
    personas: tuple[str, ...]
    text: str
    method: str


@attrs.frozen(kw_only=True, slots=False)
class ClosedSession:
    """A conversation that is closed; ``saved`` says whether it is kept."""

    session_id: str
    closed_at: str
    saved: bool
    summary: ClosingSummary


@attrs.frozen(kw_only=True)
class ListQuery:
    """Whose conversations, and which part of the list.

    Attributes:
        user_id: the caller's own name for the user.
        limit: conversations at most.
        cursor: where the part begins.
    """

    user_id: UserId
    limit: Annotated[int, msgspec.Meta(ge=1, le=100)] = 20
    cursor: Cursor | None = None


@attrs.frozen(kw_only=True, slots=False)
class SessionList:
    """A part of a user's conversations, latest activity first."""

    user_id: str
    sessions: tuple[SessionView, ...]
    total_count: int
    active_count: int
    next_cursor: str | None


@attrs.frozen(kw_only=True, slots=False)
class DeletedSession:
    """A conversation that is deleted with its turns and the feedback on them."""

    success: bool
    session_id: str
    timestamp: str


@attrs.frozen(kw_only=True)
class DataQuery:
    """Which part of a user's data.

    Attributes:
        limit: conversations of one part at most.
        cursor: where the part begins.
    """

    limit: Annotated[int, msgspec.Meta(ge=1, le=50)] = 10
    cursor: Cursor | None = None


@attrs.frozen(kw_only=True, slots=False)
class UserDataPart:
    """A part of everything that is kept of a user.

    Attributes:
        conversations: each with all of its turns, as it is kept.
        feedback: the user's feedback, in the last part.
        next_cursor: where the next part begins, null in the last part.
    """

    user_id: str
    conversations: tuple[dict[str, Any], ...]
    feedback: tuple[dict[str, Any], ...]
    next_cursor: str | None
    timestamp: str


@attrs.frozen(kw_only=True, slots=False)
class DeletedUserData:
    """What of a user was deleted."""

    success: bool
    user_id: str
    deleted_conversations: int
    timestamp: str
