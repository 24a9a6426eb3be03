"""``POST /api/v2/process``: a message in, the answer with its routing and performance out."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import attrs

from ion_framework.pipeline.reply import Reply
from ion_framework.pipeline.turn import TurnRequest
from ion_host_aiohttp.access.caller import Scope
from ion_host_aiohttp.api.endpoint import Answer, Call, Endpoint, ErrorCase, ErrorStyle
from ion_host_aiohttp.api.streams import Stream
from ion_host_aiohttp.service import Service
from ion_host_aiohttp.streaming.reply_stream import reply_stream
from ion_host_aiohttp.streaming.resuming import UNKNOWN, resumed
from ion_host_aiohttp.turns import remember, reply_answer, run_turn, unless_broken_off
from ion_host_aiohttp.v2.envelope import ProcessResponse, process_response
from ion_host_aiohttp.v2.schema import ProcessRequest, RequestIdQuery, check_given, turn_request

STREAMED = """\
With `Accept: text/event-stream` the answer is a stream of events, each named by `id: <stream>:<n>`:

- `receipt`, first: who answers and why (`persona`, `key`, `scores`, `margin`, `confidence`,
  `reasons`), and `stream_id`.
- `delta`: the next piece of the text, `{"text": "…"}`.
- `done`, last: the body that the answer has without a stream, whole text and receipt included.
- `error`, last where there is no `done`: the body of an error. What goes wrong before `receipt` is
  an ordinary response. An answer that broke off ends with `error`, code `ANSWER_BROKEN_OFF`: what
  came of it before is not the whole.

A caller who leaves stops the answer. With `Last-Event-ID` the stream goes on after that event, here
and at `/api/v2/streams/{id}`.
"""
BROKEN_OFF = ErrorCase(
    HTTPStatus.BAD_GATEWAY,
    "ANSWER_BROKEN_OFF",
    "The model began to answer and broke off. Nothing of it is kept; asking again may help.",
)
ERRORS = (
    ErrorCase(HTTPStatus.BAD_REQUEST, "INVALID_INPUT", "The message is blank."),
    BROKEN_OFF,
)


@attrs.frozen(kw_only=True)
class ProcessQuery(RequestIdQuery):
    """How a request is named, and how its stream is held.

    Attributes:
        request_id: names the request unless the header ``X-Request-ID`` does: 1 to 128 letters,
            digits, ``.``, ``_`` or ``-``; anything else is ignored.
        resumable: whether a stream goes on for 10 seconds when the connection is lost, so that the
            caller can come back to all of it; otherwise losing it stops the answer at once.
    """

    resumable: bool = False


async def process(call: Call[ProcessRequest], service: Service) -> Answer | Stream:
    """Answer one message, as a stream of events where that is asked for."""
    if call.wants_events and call.last_event_id is not None:
        return resumed(call, service)
    check_given(call.body.user_input, "user_input")
    request = turn_request(
        call.body, call, service.limits.message_chars, call.request_id, call.deadline_s
    )
    if call.wants_events:
        return _stream(call, service, request)
    started = service.clock.monotonic()
    reply = await run_turn(service, call.caller, request, "user_input")
    unless_broken_off(reply, request, service)
    duration_ms = milliseconds_since(started, service)
    return reply_answer(reply, process_response(service, call.body, request, reply, duration_ms))


def _stream(call: Call[ProcessRequest], service: Service, request: TurnRequest) -> Stream:
    async def done(reply: Reply, duration_ms: float) -> ProcessResponse:
        remember(service, call.caller, request, reply)
        return process_response(service, call.body, request, reply, duration_ms)

    return reply_stream(
        call,
        service,
        request,
        done=done,
        instance=PROCESS.path,
        resumable=call.query.resumable,
    )


def milliseconds_since(started: float, service: Service) -> float:
    """Milliseconds since a reading of the host's monotonic clock, to the microsecond."""
    return round((service.clock.monotonic() - started) * 1000, 3)


PROCESS: Endpoint[Any] = Endpoint(
    method="POST",
    path="/api/v2/process",
    handler=process,
    style=ErrorStyle.V2,
    summary="Answer a message as the persona that fits it, with routing and performance.",
    description=STREAMED,
    request=ProcessRequest,
    query=ProcessQuery,
    response=ProcessResponse,
    errors=(*ERRORS, UNKNOWN),
    streams=True,
    scope=Scope.CHAT,
    runs_turns=True,
)
