"""``POST /sessions/{id}/messages`` and ``POST /chat/end``: a conversation told, and its end."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import quote

import attrs
import msgspec
from msgspec import UNSET, UnsetType

from ion_host_aiohttp.access.caller import Scope
from ion_host_aiohttp.api.endpoint import Answer, Call, Endpoint, ErrorStyle
from ion_host_aiohttp.api.words import NOT_BLANK
from ion_host_aiohttp.errors.failure import check_message, unfit
from ion_host_aiohttp.errors.messages import say
from ion_host_aiohttp.errors.v1 import DEFAULT_LANGUAGE
from ion_host_aiohttp.service import Service
from ion_host_aiohttp.v1.session_failures import BUSY, FULL, UNAVAILABLE, told
from ion_host_aiohttp.v1.sessions import Owner
from ion_host_aiohttp.v1.summarizing import begin_summary

LONGEST_MESSAGE = 32_000
"""Characters of one message: answers are told, too, which are longer than questions."""

SessionId = Annotated[
    str,
    msgspec.Meta(
        min_length=1,
        max_length=128,
        pattern=r"^[^\x00-\x20/\\?#%.\x7f][^\x00-\x20/\\?#%\x7f]*$",
        description="Name of a session, chosen by the caller: no space, none of `/ \\ ? # %`, and"
        " no full stop at its beginning.",
        examples=["s-2041"],
    ),
]


@attrs.frozen(kw_only=True)
class SessionMessage:
    """The body of ``POST /sessions/{id}/messages``.

    Attributes:
        message: what was said, with or without a mark of who says it (``User: …``).
    """

    message: Annotated[
        str,
        msgspec.Meta(
            min_length=1,
            max_length=LONGEST_MESSAGE,
            examples=["User: The build fails since Monday."],
            extra_json_schema={"pattern": NOT_BLANK},
        ),
    ]


@attrs.frozen(kw_only=True, slots=False)
class SessionCount:
    """How much a session holds.

    Attributes:
        session_id: the session.
        count: messages that it holds now.
    """

    session_id: str
    count: int


@attrs.frozen(kw_only=True)
class EndQuery:
    """The query of ``POST /chat/end``.

    Attributes:
        session_id: the session that ends.
        skip_summary: whether it is only forgotten.
    """

    session_id: SessionId
    skip_summary: bool = False


@attrs.frozen(kw_only=True, slots=False)
class EndedSession:
    """The end of a session.

    Attributes:
        status: ``ended``.
        message: the same in words.
        summary: null, where no summary is made.
        summary_url: where the summary will be, where one is made.
    """

    status: Literal["ended"] = "ended"
    message: str
    summary: UnsetType | None = UNSET
    summary_url: str | UnsetType = UNSET


async def add_message(call: Call[SessionMessage], service: Service) -> Answer:
    """Add a message to a session of the caller's."""
    issues = check_message(call.body.message, "message", LONGEST_MESSAGE)
    if issues:
        raise unfit(*issues)
    session = call.path["id"]
    with told(service):
        count = await service.sessions.log.append(Owner.of(call.caller), session, call.body.message)
    return Answer(body=SessionCount(session_id=session, count=count))


async def end_session(call: Call[None], service: Service) -> Answer:
    """End a session of the caller's; its summary is made in the background."""
    session = call.query.session_id
    telling = service.catalogue.telling(call.asked, DEFAULT_LANGUAGE)
    with told(service):
        if call.query.skip_summary:
            await service.sessions.log.drop(Owner.of(call.caller), session)
            text = telling.text(say("session_ended"))
            return Answer(body=EndedSession(message=text, summary=None))
        await begin_summary(call, service, session)
    text = telling.text(say("session_ended_with_summary"))
    url = f"/summaries/{quote(session, safe='')}"
    return Answer(body=EndedSession(message=text, summary_url=url))


ENDPOINTS = (
    Endpoint(
        method="POST",
        path="/sessions/{id}/messages",
        handler=add_message,
        style=ErrorStyle.V1,
        summary="Add a message to a session.",
        description="A session begins with its first message and belongs to the caller. It ends"
        " with `POST /chat/end`, or by itself after a day without a message; where a caller or the"
        " host has too many, the oldest idle one ends first.",
        request=SessionMessage,
        parameters={"id": SessionId},
        response=SessionCount,
        errors=(FULL, UNAVAILABLE),
        scope=Scope.CHAT,
    ),
    Endpoint(
        method="POST",
        path="/chat/end",
        handler=end_session,
        style=ErrorStyle.V1,
        summary="End a session and have it summarised.",
        description="The summary of its messages is made in the background and fetched from"
        " `GET /summaries/{id}`; it is kept for a day. With `skip_summary` the messages are only"
        " deleted.",
        query=EndQuery,
        response=EndedSession,
        errors=(*BUSY, UNAVAILABLE),
        scope=Scope.CHAT,
        runs_turns=True,
    ),
)
