"""``POST /api/v2/conversations/{id}/turn``: the next message of a conversation and its answer."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from http import HTTPStatus
from typing import Any

import attrs
import msgspec

from ion_framework.conversations.conversations import Conversations
from ion_framework.conversations.store import Begun
from ion_framework.conversations.turning import TurnKept, TurnMade, TurnOrder
from ion_framework.errors import TurnError
from ion_framework.pipeline.reply import Reply, ReplyDone, ReplyEvent
from ion_framework.pipeline.turn import TurnRequest
from ion_host_aiohttp.access.caller import Scope
from ion_host_aiohttp.api.encoding import encode
from ion_host_aiohttp.api.endpoint import Answer, Call, Endpoint, ErrorCase, ErrorStyle
from ion_host_aiohttp.api.idempotency import INVALID, REPLAYED, fingerprint, idempotency_key
from ion_host_aiohttp.api.streams import Stream, sse_event
from ion_host_aiohttp.errors.failure import RequestFailed, check_message, unfit
from ion_host_aiohttp.service import Service
from ion_host_aiohttp.streaming.reply_stream import reply_stream
from ion_host_aiohttp.streaming.resuming import UNKNOWN as UNKNOWN_STREAM
from ion_host_aiohttp.streaming.resuming import resumed
from ion_host_aiohttp.streaming.telling import DELTA, DONE, DeltaEvent
from ion_host_aiohttp.turns import reply_answer, settle, turn_failure
from ion_host_aiohttp.v2.conversation_failures import TURN, equipped, told
from ion_host_aiohttp.v2.conversation_schema import SessionId, TurnBody, TurnResponse
from ion_host_aiohttp.v2.conversation_views import owner_of, turn_response
from ion_host_aiohttp.v2.process import STREAMED, ProcessQuery, milliseconds_since
from ion_host_aiohttp.v2.schema import check_given

TEXT_FIELD = "user_message"
_REPLAYED_HEADERS = {REPLAYED: "true"}


async def take_turn(call: Call[TurnBody], service: Service) -> Answer | Stream:
    """Answer the next message of a conversation."""
    if call.wants_events and call.last_event_id is not None:
        return resumed(call, service)
    conversations = equipped(service)
    order = await _order(call, service, conversations)
    with told(service, call.request_id):
        begun = await conversations.begin(order)
    if isinstance(begun, TurnKept):
        return _again(begun, call)
    making = _Making(call, service, conversations, order, begun)
    return making.stream() if call.wants_events else await making.answer()


async def _order(call: Call[TurnBody], service: Service, conversations: Conversations) -> TurnOrder:
    check_given(call.body.user_message, TEXT_FIELD)
    text = call.body.user_message.strip()
    issues = check_message(text, TEXT_FIELD, service.limits.message_chars)
    if issues:
        raise RequestFailed(unfit(*issues).failure.about(text))
    owner, started = owner_of(call.caller), service.clock.monotonic()
    with told(service, call.request_id):
        conversation = await conversations.get(owner, call.path["id"])
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
        idempotency_key=idempotency_key(call.idempotency_keys),
        fingerprint=fingerprint(conversation.id, text, call.body.metadata),
    )


def _again(kept: TurnKept, call: Call[TurnBody]) -> Answer | Stream:
    """The answer of a turn that was made for an earlier request of the same key."""
    if not call.wants_events:
        return Answer(body=kept.turn.document.encode(), headers=_REPLAYED_HEADERS)

    async def events() -> AsyncGenerator[bytes, None]:
        yield sse_event(encode(DeltaEvent(text=kept.turn.ai_response)), event=DELTA)
        yield sse_event(kept.turn.document, event=DONE)

    return Stream(chunks=events(), headers=_REPLAYED_HEADERS)


@attrs.define
class _Making:
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

    async def answer(self) -> Answer:
        """The whole answer."""
        request, started = self.order.request, self.service.clock.monotonic()
        reply: Reply | None = None
        try:
            async with aclosing(self._replies()) as events:
                async for event in events:
                    if isinstance(event, ReplyDone):
                        reply = event.reply
        except TurnError as error:
            raise turn_failure(error, request, self.service, TEXT_FIELD) from error
        finally:
            self.service.traffic.turn_ended(self.service.clock.monotonic() - started)
        assert reply is not None  # noqa: S101  a turn ends with its reply or raises
        await settle(self.service, self.call.caller, reply)
        return reply_answer(reply, self._document())

    def stream(self) -> Stream:
        """The answer while it is made."""

        async def done(_: Reply, __: float) -> object:
            return msgspec.Raw(self._document())

        return reply_stream(
            self.call,
            self.service,
            self.order.request,
            done=done,
            instance=f"/api/v2/conversations/{self.order.conversation_id}/turn",
            events=self._replies(),
            text_field=TEXT_FIELD,
            resumable=self.call.query.resumable,
        )

    def _document(self) -> bytes:
        assert self.kept is not None  # noqa: S101  `_replies` ends after the turn is kept
        return self.kept.turn.document.encode()

    async def _replies(self) -> AsyncGenerator[ReplyEvent, None]:
        """The events of the reply; the last one only after the turn is safe."""
        done: ReplyDone | None = None
        with told(self.service, self.call.request_id):
            stream = self.conversations.stream(self.order, self.begun, self._spent)
            async with aclosing(stream) as events:
                async for event in events:
                    if isinstance(event, TurnKept):
                        self.kept = event
                    elif isinstance(event, ReplyDone):
                        done = event
                    else:
                        yield event
        assert done is not None  # noqa: S101  a turn ends with its reply or raises
        yield done

    async def _spent(self, tokens: int) -> None:
        await self.service.limiter.book(self.call.caller, tokens)


TURN_ENDPOINT: Endpoint[Any] = Endpoint(
    method="POST",
    path="/api/v2/conversations/{id:session_[A-Za-z0-9_-]+}/turn",
    handler=take_turn,
    style=ErrorStyle.V2,
    summary="Answer the next message of a conversation.",
    description=(
        "The prompt carries the latest turns word for word, a running summary of what came before, "
        "and what the conversation is about. One message at a time: a second one waits a while. "
        "A turn that was answered is kept; with `Idempotency-Key` a request may be sent again "
        f"without harm, and gets the same answer with `{REPLAYED}: true`.\n\n{STREAMED}"
    ),
    request=TurnBody,
    query=ProcessQuery,
    parameters={"id": SessionId},
    response=TurnResponse,
    errors=(
        *TURN,
        INVALID,
        UNKNOWN_STREAM,
        ErrorCase(HTTPStatus.BAD_REQUEST, "INVALID_INPUT", "The message is blank."),
    ),
    scope=Scope.CHAT,
    runs_turns=True,
    streams=True,
    repeatable=True,
    tag="conversations",
)
