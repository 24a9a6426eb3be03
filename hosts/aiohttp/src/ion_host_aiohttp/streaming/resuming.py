"""Coming back to a stream: ``GET /api/v2/streams/{id}``, or the same request once more."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

import attrs
import msgspec

from ion_host_aiohttp.access.caller import Scope
from ion_host_aiohttp.api.constraints import FORM
from ion_host_aiohttp.api.endpoint import Answer, Call, Endpoint, ErrorCase, ErrorStyle
from ion_host_aiohttp.api.streams import EVENT_STREAM, Stream
from ion_host_aiohttp.errors.failure import Failure, RequestFailed
from ion_host_aiohttp.errors.messages import say
from ion_host_aiohttp.service import Service
from ion_host_aiohttp.streaming.replay import Owner, Replay
from ion_host_aiohttp.streaming.replays import parse_event_id

StreamId = Annotated[
    str, msgspec.Meta(pattern="^[A-Za-z0-9_-]{1,64}$", extra={FORM: say("form_stream_id")})
]

UNKNOWN = ErrorCase(
    HTTPStatus.NOT_FOUND,
    "STREAM_UNKNOWN",
    "There is no such stream of the caller's in this process, or it no longer holds what follows "
    "the event.",
)


@attrs.frozen(kw_only=True)
class ResumeQuery:
    """Where to go on.

    Attributes:
        after: number of the last event that the caller has, from its id ``<stream>:<number>``; the
            header ``Last-Event-ID`` says the same and comes first.
    """

    after: Annotated[int, msgspec.Meta(ge=0, le=999_999_999)] = 0


def resumed(call: Call[Any], service: Service) -> Stream:
    """The rest of the stream that the request's ``Last-Event-ID`` names.

    Raises:
        RequestFailed: 404.
    """
    found = parse_event_id(call.last_event_id or "")
    if found is None:
        raise unknown()
    return _rest(*_found(found[0], found[1], call, service))


async def resume(call: Call[Any], service: Service) -> Stream | Answer:
    """Go on with a stream; 204, at which browsers stop asking, where there is no more of it."""
    name, after = call.path["id"], call.query.after
    if call.last_event_id is not None:
        given = parse_event_id(call.last_event_id)
        if given is None or given[0] != name:
            raise unknown()
        after = given[1]
    replay, after = _found(name, after, call, service)
    if replay.has_ended and after == replay.last:
        return Answer(body=b"", status=HTTPStatus.NO_CONTENT)
    return _rest(replay, after)


def _found(name: str, after: int, call: Call[Any], service: Service) -> tuple[Replay, int]:
    owner = Owner(call.caller.principal, call.caller.tenant)
    replay = service.streaming.replays.find(name, owner)
    if replay is None or not replay.holds(after):
        raise unknown()
    return replay, after


def _rest(replay: Replay, after: int) -> Stream:
    return Stream(chunks=replay.read(after))


def unknown() -> RequestFailed:
    """There is no such stream, or not for this caller, or not in this process: 404."""
    return RequestFailed(
        Failure(
            status=UNKNOWN.status,
            code=UNKNOWN.code,
            message=say("stream_unknown"),
            hint=say("stream_unknown_hint"),
        )
    )


RESUME: Endpoint[Any] = Endpoint(
    method="GET",
    path="/api/v2/streams/{id}",
    handler=resume,
    style=ErrorStyle.V2,
    summary="Go on with a stream of events after the last event that arrived.",
    description=(
        "Streams are kept for 60 seconds after their end, in the process that made them. One whose "
        "caller left before its end goes on for 10 seconds if it was asked for with "
        "`resumable=true`; any other was stopped then and ends with `error`, code `CANCELLED`. "
        "204 says that nothing follows."
    ),
    query=ResumeQuery,
    parameters={"id": StreamId},
    others=(HTTPStatus.NO_CONTENT,),
    media_type=EVENT_STREAM,
    errors=(UNKNOWN,),
    scope=Scope.CHAT,
    streams=True,
)
