"""A turn over a WebSocket: admitted, run and told like a request."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, TypeAlias

import attrs

from ion_framework.domain.persona import find_persona
from ion_framework.errors import UnknownPersonaError
from ion_framework.pipeline.reply import Reply
from ion_framework.pipeline.turn import TurnRequest, new_request_id
from ion_host_aiohttp.api.endpoint import Call
from ion_host_aiohttp.api.upgrades import Wire
from ion_host_aiohttp.errors import failures
from ion_host_aiohttp.errors.failure import Issue, RequestFailed
from ion_host_aiohttp.service import Service
from ion_host_aiohttp.streaming.socket_conversation import conversation_told
from ion_host_aiohttp.streaming.socket_messages import (
    ConversationTurnMessage,
    Sent,
    TurnMessage,
)
from ion_host_aiohttp.streaming.telling import Telling, tell
from ion_host_aiohttp.turns import remember
from ion_host_aiohttp.v2.envelope import ProcessResponse, process_response
from ion_host_aiohttp.v2.schema import ProcessRequest, check_given, turn_request

_TEXT, _SAME = "text", "user_input"


AnyTurnMessage: TypeAlias = TurnMessage | ConversationTurnMessage


async def run_socket_turn(wire: Wire, message: AnyTurnMessage, service: Service) -> None:
    """Answer a message over its connection, and leave a log line.

    Raises:
        RequestFailed: it is not answered.
    """
    started = service.clock.monotonic()
    log: dict[str, str] = {}
    request_id, outcome = new_request_id(), "ended early"
    try:
        call: Call[Any] = await wire.admit(message)
        deadline_s = message.deadline_ms / 1000 if message.deadline_ms else None
        async with service.admission.place(True, deadline_s) as waited_s:
            left_s = None if deadline_s is None else max(_LEAST_S, deadline_s - waited_s)
            call = attrs.evolve(call, request_id=request_id, deadline_s=left_s)
            telling = (
                _told(message, call, service, log)
                if isinstance(message, TurnMessage)
                else conversation_told(message, call, service, log)
            )
            async with aclosing(telling) as told:
                async for sent in told:
                    await wire.send(sent)
        outcome = "done"
    except RequestFailed as error:
        outcome = error.failure.code
        raise
    finally:
        duration_ms = round((service.clock.monotonic() - started) * 1000, 3)
        service.logger.info(
            "websocket turn",
            **log,
            request_id=request_id,
            outcome=outcome,
            duration_ms=duration_ms,
        )


async def _told(
    message: TurnMessage, call: Call[Any], service: Service, log: dict[str, str]
) -> AsyncGenerator[Sent, None]:
    telling = _telling(message, call, service, log)
    async with aclosing(tell(telling, call.caller, service)) as told:
        async for each in told:
            yield Sent(type=each.name, id=message.id, data=each.body)


def _telling(
    message: TurnMessage, call: Call[Any], service: Service, log: dict[str, str]
) -> Telling:
    check_given(message.text, _TEXT)
    _check_persona(message.persona, service)
    body = ProcessRequest(
        user_input=message.text,
        resonance_key=message.resonance_key,
        context=message.context,
        include_metadata=message.include_metadata,
        use_cache=message.use_cache,
        prompt_mode=message.prompt_mode,
    )
    request = attrs.evolve(_request(body, call, service), persona=message.persona)

    async def done(reply: Reply, duration_ms: float) -> ProcessResponse:
        remember(service, call.caller, request, reply)
        return process_response(service, body, request, reply, duration_ms)

    events = service.ion.stream(request)
    return Telling(request=request, events=events, done=done, text_field=_TEXT, log=log)


def _check_persona(name: str | None, service: Service) -> None:
    """Refuse a persona that there is not, as a request that names one is refused.

    Raises:
        RequestFailed: 404.
    """
    known = {persona.name: persona for persona in service.ion.personas}
    if name and known and find_persona(name, known) is None:
        error = UnknownPersonaError(name, tuple(known))
        raise RequestFailed(failures.unknown_persona(error, "persona")) from error


def _request(body: ProcessRequest, call: Call[Any], service: Service) -> TurnRequest:
    try:
        return turn_request(
            body, call, service.limits.message_chars, call.request_id, call.deadline_s
        )
    except RequestFailed as error:
        failure = error.failure
        issues = tuple(_named(issue) for issue in failure.issues)
        field = _TEXT if failure.field == _SAME else failure.field
        raise RequestFailed(attrs.evolve(failure, issues=issues, field=field)) from error


def _named(issue: Issue) -> Issue:
    """The issue under the name that the member has here."""
    if issue.path[:1] != (_SAME,):
        return issue
    return attrs.evolve(issue, path=(_TEXT, *issue.path[1:]))


_LEAST_S = 0.001
