"""``POST /api/v2/process``: a message in, the answer with its routing and performance out."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from ion_host_aiohttp.access.caller import Scope
from ion_host_aiohttp.api.endpoint import Answer, Call, Endpoint, ErrorCase, ErrorStyle
from ion_host_aiohttp.service import Service
from ion_host_aiohttp.turns import reply_answer, run_turn
from ion_host_aiohttp.v2.envelope import ProcessResponse, process_response
from ion_host_aiohttp.v2.schema import ProcessRequest, RequestIdQuery, check_given, turn_request

ERRORS = (ErrorCase(HTTPStatus.BAD_REQUEST, "INVALID_INPUT", "The message is blank."),)


async def process(call: Call[ProcessRequest], service: Service) -> Answer:
    """Answer one message."""
    check_given(call.body.user_input, "user_input")
    request = turn_request(
        call.body, call, service.limits.message_chars, call.request_id, call.deadline_s
    )
    started = service.clock.monotonic()
    reply = await run_turn(service, call.caller, request, "user_input")
    duration_ms = milliseconds_since(started, service)
    return reply_answer(reply, process_response(service, call.body, request, reply, duration_ms))


def milliseconds_since(started: float, service: Service) -> float:
    """Milliseconds since a reading of the host's monotonic clock, to the microsecond."""
    return round((service.clock.monotonic() - started) * 1000, 3)


PROCESS: Endpoint[Any] = Endpoint(
    method="POST",
    path="/api/v2/process",
    handler=process,
    style=ErrorStyle.V2,
    summary="Answer a message as the persona that fits it, with routing and performance.",
    request=ProcessRequest,
    query=RequestIdQuery,
    response=ProcessResponse,
    errors=ERRORS,
    scope=Scope.CHAT,
    runs_turns=True,
)
