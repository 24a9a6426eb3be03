"""``/api/v2/conversations``: begin, read, list, close and delete conversations."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

from ion_framework.conversations.conversations import Start
from ion_framework.errors import UnknownPersonaError
from ion_framework.pipeline.turn import TurnRequest
from ion_host_aiohttp.access.caller import Scope
from ion_host_aiohttp.api.endpoint import Answer, Call, Endpoint, ErrorCase, ErrorStyle
from ion_host_aiohttp.errors import failures
from ion_host_aiohttp.errors.failure import Issue, RequestFailed, unfit
from ion_host_aiohttp.errors.messages import say
from ion_host_aiohttp.names import shown_names
from ion_host_aiohttp.service import Service
from ion_host_aiohttp.times import iso_time
from ion_host_aiohttp.v2 import conversation_failures as cases
from ion_host_aiohttp.v2.conversation_failures import equipped, told
from ion_host_aiohttp.v2.conversation_schema import (
    ClosedSession,
    CloseRequest,
    DeletedSession,
    ListQuery,
    MessagesQuery,
    SessionList,
    SessionReport,
    StartedSession,
    StartRequest,
)
from ion_host_aiohttp.v2.conversation_turn import TURN_ENDPOINT
from ion_host_aiohttp.v2.conversation_views import (
    closed_session,
    owner_of,
    session_report,
    session_view,
)
from ion_host_aiohttp.v2.names import SessionId

TAG = "conversations"


async def start_conversation(call: Call[StartRequest], service: Service) -> Answer:
    """Begin a conversation."""
    body, conversations = call.body, equipped(service)
    start = Start(
        owner=owner_of(call.caller),
        user_id=body.user_id,
        persona=_persona_of(body),
        ttl_hours=body.options.session_ttl_hours if body.options else None,
    )
    try:
        with told(service, call.request_id):
            found = await conversations.start(start)
    except UnknownPersonaError as error:
        raise RequestFailed(failures.unknown_persona(error, _field_of(body))) from error
    names = shown_names(service.ion.personas)
    return Answer(
        body=StartedSession(
            session_id=found.id,
            user_id=found.user_id,
            persona_id=names[found.persona] if found.persona else None,
            created_at=iso_time(found.created_at),
            expires_at=iso_time(found.expires_at),
        )
    )


async def show_conversation(call: Call[None], service: Service) -> Answer:
    """Give a conversation with its latest turns, or those before."""
    conversations, owner = equipped(service), owner_of(call.caller)
    with told(service, call.request_id):
        found = await conversations.get(owner, call.path["id"])
        turns = await conversations.turns(owner, found.id, call.query.limit, call.query.before)
    return Answer(body=session_report(found, turns, service))


async def list_conversations(call: Call[None], service: Service) -> Answer:
    """Give a user's conversations."""
    conversations, query = equipped(service), call.query
    with told(service, call.request_id):
        try:
            page = await conversations.list(
                owner_of(call.caller), query.user_id, query.limit, query.cursor
            )
        except ValueError as error:
            raise RequestFailed(cases.bad_cursor()) from error
    return Answer(
        body=SessionList(
            user_id=query.user_id,
            sessions=tuple(session_view(item, service) for item in page.conversations),
            total_count=page.total,
            active_count=page.active,
            next_cursor=page.cursor,
        )
    )


async def close_conversation(call: Call[CloseRequest], service: Service) -> Answer:
    """Close a conversation and sum it up."""
    conversations, owner = equipped(service), owner_of(call.caller)
    request = TurnRequest(
        text="summary",
        principal=call.caller.principal,
        tenant=call.caller.tenant,
        request_id=call.request_id,
        trace=call.trace,
    )
    saved = call.body.save_conversation
    with told(service, call.request_id):
        closed = await conversations.close_conversation(
            owner, call.path["id"], request, _booking(call, service)
        )
        if not saved:
            await conversations.delete(owner, closed.id)
    return Answer(body=closed_session(closed, service, saved=saved))


async def delete_conversation(call: Call[None], service: Service) -> Answer:
    """Delete a conversation with its turns and the feedback on them."""
    conversations = equipped(service)
    with told(service, call.request_id):
        await conversations.delete(owner_of(call.caller), call.path["id"])
    timestamp = iso_time(service.clock.time())
    return Answer(
        body=DeletedSession(success=True, session_id=call.path["id"], timestamp=timestamp)
    )


def _booking(call: Call[Any], service: Service) -> Callable[[int], Awaitable[None]]:
    async def spent(tokens: int) -> None:
        await service.limiter.book(call.caller, tokens)

    return spent


def _persona_of(body: StartRequest) -> str | None:
    """The persona that is to hold the conversation.

    Raises:
        RequestFailed: 422, its two names say different things.
    """
    given = {name for name in (body.persona_id, body.persona) if name is not None}
    if len(given) > 1:
        raise unfit(Issue("value_error", ("persona",), say("two_personas"), body.persona))
    return next(iter(given), None)


def _field_of(body: StartRequest) -> str:
    return "persona" if body.persona_id is None else "persona_id"


START = Endpoint(
    method="POST",
    path="/api/v2/conversations/start",
    handler=start_conversation,
    style=ErrorStyle.V2,
    summary="Begin a conversation.",
    description="It belongs to the caller; `user_id` is the caller's own name for its user.",
    request=StartRequest,
    response=StartedSession,
    errors=(
        *cases.STORE,
        ErrorCase(HTTPStatus.NOT_FOUND, "INVALID_PERSONA", "There is no such persona."),
    ),
    scope=Scope.CHAT,
    tag=TAG,
)
SHOW = Endpoint(
    method="GET",
    path="/api/v2/conversations/{id:session_[A-Za-z0-9_-]+}",
    handler=show_conversation,
    style=ErrorStyle.V2,
    summary="A conversation with its latest turns.",
    query=MessagesQuery,
    parameters={"id": SessionId},
    response=SessionReport,
    errors=(*cases.STORE, cases.UNKNOWN),
    scope=Scope.CHAT,
    tag=TAG,
)
LIST = Endpoint(
    method="GET",
    path="/api/v2/conversations",
    handler=list_conversations,
    style=ErrorStyle.V2,
    summary="A user's conversations, latest activity first.",
    query=ListQuery,
    response=SessionList,
    errors=(*cases.STORE, cases.BAD_CURSOR),
    scope=Scope.CHAT,
    tag=TAG,
)
CLOSE = Endpoint(
    method="POST",
    path="/api/v2/conversations/{id:session_[A-Za-z0-9_-]+}/close",
    handler=close_conversation,
    style=ErrorStyle.V2,
    summary="Close a conversation and sum it up.",
    description="A conversation that is closed already gives the summary that it has.",
    request=CloseRequest,
    parameters={"id": SessionId},
    response=ClosedSession,
    errors=(*cases.STORE, cases.UNKNOWN, cases.EXPIRED, cases.BUSY, cases.OVERTAKEN),
    scope=Scope.CHAT,
    runs_turns=True,
    tag=TAG,
)
DELETE = Endpoint(
    method="DELETE",
    path="/api/v2/conversations/{id:session_[A-Za-z0-9_-]+}",
    handler=delete_conversation,
    style=ErrorStyle.V2,
    summary="Delete a conversation with its turns and the feedback on them.",
    parameters={"id": SessionId},
    response=DeletedSession,
    errors=(*cases.STORE, cases.UNKNOWN),
    scope=Scope.CHAT,
    tag=TAG,
)
ENDPOINTS: tuple[Endpoint[Any], ...] = (START, TURN_ENDPOINT, SHOW, LIST, CLOSE, DELETE)
