"""What callers send over a WebSocket, and what they get."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import attrs
import msgspec

from ion_framework.domain.prompt import PromptMode
from ion_host_aiohttp.api.constraints import FORM
from ion_host_aiohttp.api.deadline import LONGEST_MS
from ion_host_aiohttp.api.strict import strict
from ion_host_aiohttp.api.words import MessageText, one_of
from ion_host_aiohttp.errors.messages import say
from ion_host_aiohttp.v2.names import SessionId
from ion_host_aiohttp.v2.schema import ContextRequest, KeyText, ResonanceKeyRequest

TURN, CANCEL, PING, PONG, GOAWAY = "turn", "cancel", "ping", "pong", "goaway"

TurnId = Annotated[
    str,
    msgspec.Meta(pattern=r"^[A-Za-z0-9._:-]{1,64}$", extra={FORM: say("form_turn_id")}),
]
"""A name that the caller gives a turn; free again once the turn has ended."""


IdempotencyKey = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[\x20\x21\x23-\x7e]{1,255}$(?!\n)",
        extra={FORM: say("form_idempotency_key")},
    ),
]
"""The caller's name for a turn: what stands in the header ``Idempotency-Key`` of a request."""

Deadline = Annotated[int, msgspec.Meta(ge=1, le=LONGEST_MS)]


@strict
@attrs.frozen(kw_only=True)
class TurnMessage:
    """Ask for an answer; the same as ``POST /api/v2/process`` takes, under ``text``.

    Attributes:
        type: ``turn``.
        id: names the turn in everything that is sent about it.
        text: what the user writes.
        persona: the persona asked for; without it the router decides.
        resonance_key: the caller's judgement; without it the analyser judges.
        context: what is known besides the message.
        include_metadata: whether ``metadata`` of ``done`` is filled.
        use_cache: whether a stored answer may be served and the answer stored.
        prompt_mode: ``standard`` or ``summary_light``.
        deadline_ms: milliseconds that the turn may take.
        conversation_id: null; a turn of a conversation has other members.
    """

    type: Literal["turn"]
    id: TurnId
    text: MessageText
    persona: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    resonance_key: KeyText | ResonanceKeyRequest | None = None
    context: ContextRequest | None = None
    include_metadata: bool = True
    use_cache: bool = True
    prompt_mode: Annotated[str, one_of(PromptMode)] | None = None
    deadline_ms: Deadline | None = None
    conversation_id: None = None


@strict
@attrs.frozen(kw_only=True)
class ConversationTurnMessage:
    """Go on with a conversation; the same as ``POST /api/v2/conversations/{id}/turn`` takes.

    Attributes:
        type: ``turn``.
        id: names the turn in everything that is sent about it.
        conversation_id: the conversation, as `start` gave it.
        text: what the user writes.
        metadata: comes back as it was given.
        idempotency_key: the caller's name for the turn, by which it may be sent again, here or by
            a request, without being made again.
        deadline_ms: milliseconds that the turn may take.
    """

    type: Literal["turn"]
    id: TurnId
    conversation_id: SessionId
    text: MessageText
    metadata: dict[str, Any] | None = None
    idempotency_key: IdempotencyKey | None = None
    deadline_ms: Deadline | None = None


@strict
@attrs.frozen(kw_only=True)
class CancelMessage:
    """Stop a turn; it ends with ``error``, code ``CANCELLED``.

    Where no turn of this id runs (any more), there is ``error``, code ``UNKNOWN_TURN``.
    """

    type: Literal["cancel"]
    id: TurnId


@strict
@attrs.frozen(kw_only=True)
class PingMessage:
    """Ask for a ``pong``, for programs that cannot send WebSocket pings."""

    type: Literal["ping"]


@attrs.frozen(kw_only=True)
class AnyMessage:
    """What every message has; what it is decides how the rest is read.

    Attributes:
        type: ``turn``, ``cancel`` or ``ping``.
        id: names the turn.
        conversation_id: the conversation that a turn belongs to.
    """

    type: str
    id: str | None = None
    conversation_id: Any = None


KINDS: dict[str, type[Any]] = {TURN: TurnMessage, CANCEL: CancelMessage, PING: PingMessage}


def kind_of(head: AnyMessage) -> type[Any] | None:
    """The class of a message, None for an unknown one."""
    if head.type == TURN and head.conversation_id is not None:
        return ConversationTurnMessage
    return KINDS.get(head.type)


@attrs.frozen(kw_only=True, slots=False)
class Sent:
    """What the host sends.

    Attributes:
        type: ``receipt``, ``delta``, ``done``, ``error``, ``pong`` or ``goaway``.
        id: the turn that it is about; None where it is about none.
        data: the body of the event, as of the stream of ``POST /api/v2/process``.
    """

    type: str
    id: str | None = None
    data: Any = None


@attrs.frozen(kw_only=True, slots=False)
class SentAgain(Sent):
    """``done`` of a turn that was made before, under the same idempotency key.

    Attributes:
        replayed: true; no other message has this member.
    """

    replayed: Literal[True] = True
