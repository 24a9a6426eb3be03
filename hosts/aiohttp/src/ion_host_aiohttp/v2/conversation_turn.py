"""``POST /api/v2/conversations/{id}/turn``: the next message of a conversation and its answer."""

from __future__ import annotations

from contextlib import aclosing
from http import HTTPStatus
from typing import Any

import msgspec

from ion_framework.conversations.turning import TurnKept
from ion_framework.errors import TurnError
from ion_framework.pipeline.reply import Reply, ReplyDone
from ion_host_aiohttp.access.caller import Scope
from ion_host_aiohttp.api.endpoint import Answer, Call, Endpoint, ErrorCase, ErrorStyle
from ion_host_aiohttp.api.idempotency import INVALID, REPLAYED, idempotency_key
from ion_host_aiohttp.api.streams import Stream
from ion_host_aiohttp.service import Service
from ion_host_aiohttp.streaming.reply_stream import reply_stream
from ion_host_aiohttp.streaming.resuming import UNKNOWN as UNKNOWN_STREAM
from ion_host_aiohttp.streaming.resuming import resumed
from ion_host_aiohttp.turns import reply_answer, settle, turn_failure
from ion_host_aiohttp.v2.conversation_failures import TURN, equipped
from ion_host_aiohttp.v2.conversation_schema import TurnBody, TurnResponse
from ion_host_aiohttp.v2.names import SessionId
from ion_host_aiohttp.v2.process import BROKEN_OFF, STREAMED, ProcessQuery
from ion_host_aiohttp.v2.schema import check_given
from ion_host_aiohttp.v2.turn_making import TurnMaking, begin_turn
from ion_host_aiohttp.v2.turn_replaying import told_again

TEXT_FIELD = "user_message"
_REPLAYED_HEADERS = {REPLAYED: "true"}


async def take_turn(call: Call[TurnBody], service: Service) -> Answer | Stream:
    """Answer the next message of a conversation."""
    if call.wants_events and call.last_event_id is not None:
        return resumed(call, service)
    equipped(service)
    check_given(call.body.user_message, TEXT_FIELD)
    begun = await begin_turn(
        call,
        service,
        conversation_id=call.path["id"],
        key=idempotency_key(call.idempotency_keys),
        text_field=TEXT_FIELD,
    )
    if isinstance(begun, TurnKept):
        return _again(begun, call, service)
    return _stream(begun) if call.wants_events else await _answer(begun)


def _again(kept: TurnKept, call: Call[TurnBody], service: Service) -> Answer | Stream:
    """The answer of a turn that was made for an earlier request of the same key."""
    if call.wants_events:
        return told_again(kept.turn, call, service)
    return Answer(body=kept.turn.document.encode(), headers=_REPLAYED_HEADERS)


async def _answer(making: TurnMaking) -> Answer:
    """The whole answer."""
    service = making.service
    request, started = making.order.request, service.clock.monotonic()
    reply: Reply | None = None
    try:
        async with aclosing(making.replies()) as events:
            async for event in events:
                if isinstance(event, ReplyDone):
                    reply = event.reply
    except TurnError as error:
        raise turn_failure(error, request, service, TEXT_FIELD) from error
    finally:
        service.traffic.turn_ended(service.clock.monotonic() - started)
    assert reply is not None  # noqa: S101  a turn ends with its reply or raises
    await settle(service, making.call.caller, reply)
    return reply_answer(reply, making.document)


def _stream(making: TurnMaking) -> Stream:
    """The answer while it is made."""

    async def done(_: Reply, __: float) -> object:
        return msgspec.Raw(making.document)

    return reply_stream(
        making.call,
        making.service,
        making.order.request,
        done=done,
        instance=f"/api/v2/conversations/{making.order.conversation_id}/turn",
        events=making.replies(),
        text_field=TEXT_FIELD,
        resumable=making.call.query.resumable,
    )


TURN_ENDPOINT: Endpoint[Any] = Endpoint(
    method="POST",
    path="/api/v2/conversations/{id:session_[A-Za-z0-9_-]+}/turn",
    handler=take_turn,
    style=ErrorStyle.V2,
    summary="Answer the next message of a conversation.",
    description=(
        "The prompt carries the latest turns word for word, a running summary of what came before, "
        "and what the conversation is about. One message at a time: a second one waits a while. "
        "A turn that was answered is kept; one whose answer broke off is not (502, and the same "
        "request makes it anew). With `Idempotency-Key` a request may be sent again "
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
        BROKEN_OFF,
        ErrorCase(HTTPStatus.BAD_REQUEST, "INVALID_INPUT", "The message is blank."),
    ),
    scope=Scope.CHAT,
    runs_turns=True,
    streams=True,
    repeatable=True,
    tag="conversations",
)
