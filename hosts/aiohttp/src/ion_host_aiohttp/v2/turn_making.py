"""One turn of a conversation, however it was asked for: by a request or over a WebSocket."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

import attrs

from ion_framework.conversations.conversations import Conversations
from ion_framework.conversations.store import Begun
from ion_framework.conversations.turning import (
    BrokenOffError,
    TurnEvent,
    TurnKept,
    TurnMade,
    TurnOrder,
)
from ion_framework.pipeline.reply import ReplyDone, ReplyEvent
from ion_framework.pipeline.turn import TurnRequest
from ion_host_aiohttp.api.encoding import encode
from ion_host_aiohttp.api.endpoint import Call
from ion_host_aiohttp.api.idempotency import fingerprint
from ion_host_aiohttp.errors.failure import RequestFailed, check_message, unfit
from ion_host_aiohttp.service import Service
from ion_host_aiohttp.turns import settle, unless_broken_off
from ion_host_aiohttp.v2.conversation_failures import equipped, told
from ion_host_aiohttp.v2.conversation_schema import TurnBody
from ion_host_aiohttp.v2.conversation_views import owner_of, turn_response
from ion_host_aiohttp.v2.process import milliseconds_since


@attrs.define
class TurnMaking:
    """A turn that is being made.

    Attributes:
        call: who asks.
        service: the running host.
        conversations: the host's.
        order: the turn.
        begun: the right to make it.
        kept: the turn, once it is safe.
    """

    call: Call[TurnBody]
    service: Service
    conversations: Conversations
    order: TurnOrder
    begun: Begun
    kept: TurnKept | None = None

    @property
    def document(self) -> bytes:
        """The answer as it is kept; there is none before `replies` has ended."""
        assert self.kept is not None  # noqa: S101  `replies` ends after the turn is kept
        return self.kept.turn.document.encode()

    async def replies(self) -> AsyncGenerator[ReplyEvent, None]:
        """The events of the reply; the last one only after the turn is safe.

        Raises:
            RequestFailed: it could not be kept, or its answer broke off.
            TurnError: there is no answer.
        """
        done: ReplyDone | None = None
        with told(self.service, self.call.request_id):
            async with aclosing(self._events()) as events:
                async for event in events:
                    if isinstance(event, TurnKept):
                        self.kept = event
                    elif isinstance(event, ReplyDone):
                        done = event
                    else:
                        yield event
        assert done is not None  # noqa: S101  a turn ends with its reply or raises
        yield done

    async def _events(self) -> AsyncGenerator[TurnEvent, None]:
        stream = self.conversations.stream(self.order, self.begun, self._spent)
        try:
            async with aclosing(stream) as events:
                async for event in events:
                    yield event
        except BrokenOffError as error:
            # Nothing is kept, but the model has been paid.
            await settle(self.service, self.call.caller, error.reply)
            unless_broken_off(error.reply, self.order.request, self.service)
            raise

    async def _spent(self, tokens: int) -> None:
        await self.service.limiter.book(self.call.caller, tokens)


async def begin_turn(
    call: Call[TurnBody],
    service: Service,
    *,
    conversation_id: str,
    key: str | None,
    text_field: str,
) -> TurnMaking | TurnKept:
    """Take the right to make a turn; or the turn where it was made before under the same key.

    Args:
        call: who asks for what.
        service: the running host.
        conversation_id: the conversation.
        key: the caller's name for the turn, None without one.
        text_field: name of the member that holds the message, for errors.

    Raises:
        RequestFailed: the message does not fit, or the conversation does not go on with it.
    """
    conversations = equipped(service)
    text = call.body.user_message.strip()
    issues = check_message(text, text_field, service.limits.message_chars)
    if issues:
        raise RequestFailed(unfit(*issues).failure.about(text))
    with told(service, call.request_id):
        order = await _order(call, service, conversations, conversation_id, text, key)
        begun = await conversations.begin(order)
    if isinstance(begun, TurnKept):
        return begun
    return TurnMaking(call, service, conversations, order, begun)


async def _order(  # noqa: PLR0913, PLR0917  each decides what is ordered
    call: Call[TurnBody],
    service: Service,
    conversations: Conversations,
    conversation_id: str,
    text: str,
    key: str | None,
) -> TurnOrder:
    owner, started = owner_of(call.caller), service.clock.monotonic()
    conversation = await conversations.get(owner, conversation_id)
    request = TurnRequest(
        text=text,
        principal=call.caller.principal_for(conversation.user_id),
        tenant=call.caller.tenant,
        deadline_s=call.deadline_s,
        request_id=call.request_id,
        trace=call.trace,
    )

    def present(made: TurnMade) -> str:
        duration_ms = milliseconds_since(started, service)
        return encode(turn_response(made, call, service, duration_ms)).decode()

    return TurnOrder(
        owner=owner,
        conversation_id=conversation.id,
        request=request,
        present=present,
        idempotency_key=key,
        fingerprint=fingerprint(conversation.id, text, call.body.metadata),
    )
