"""``POST /sessions/{id}/messages`` and ``POST /chat/end``: a conversation told, and its end."""

from __future__ import annotations

import re
from typing import Annotated, Literal
from urllib.parse import quote

import attrs
import msgspec
from msgspec import UNSET, UnsetType

from ion_host_aiohttp.access.caller import Scope
from ion_host_aiohttp.api.endpoint import Answer, Call, Endpoint, ErrorStyle
from ion_host_aiohttp.errors.failure import Issue, unfit
from ion_host_aiohttp.errors.messages import say
from ion_host_aiohttp.errors.v1 import DEFAULT_LANGUAGE
from ion_host_aiohttp.service import Service
from ion_host_aiohttp.v1.session_failures import BUSY, FULL, UNAVAILABLE, told
from ion_host_aiohttp.v1.sessions import Owner
from ion_host_aiohttp.v1.summarizing import begin_summary

LONGEST_MESSAGE = 32_000
"""Characters of one message: answers are told, too, which are longer than questions."""

LONGEST_NAME = 128
_NAME = r"^(\.{0,2}[^\x00-\x1f./\x7f-\x9f]|\.{3})[^\x00-\x1f/\x7f-\x9f]*$"

SessionId = Annotated[
    str,
    msgspec.Meta(
        description="Name of a session, chosen by the caller: any text without control characters"
        " and `/`, but not `.` or `..`, which addresses give another meaning.",
        examples=["s-2041"],
        extra_json_schema={"minLength": 1, "maxLength": LONGEST_NAME, "pattern": _NAME},
    ),
]


def checked_name(name: str, source: str) -> str:
    """The name of a session.

    Args:
        name: what the caller gives.
        source: where it stands, ``query`` or ``path``.

    Raises:
        RequestFailed: 422 where it is none.
    """
    if len(name) <= LONGEST_NAME and re.fullmatch(_NAME, name):
        return name
    kind = "string_too_long" if len(name) > LONGEST_NAME else "string_pattern_mismatch"
    limits = {"min_length": 1, "max_length": LONGEST_NAME, "pattern": _NAME}
    place = ("id",) if source == "path" else ("session_id",)
    message = say("session_name", longest=LONGEST_NAME)
    raise unfit(Issue(kind, place, message, name[:LONGEST_NAME], limits, source))


@attrs.frozen(kw_only=True)
class SessionMessage:
    """The body of ``POST /sessions/{id}/messages``.

    Attributes:
        message: what was said, with or without a mark of who says it (``User: …``). One that
            says nothing counts, and is left out of the summary.
    """

    message: Annotated[
        str,
        msgspec.Meta(
            min_length=1,
            max_length=LONGEST_MESSAGE,
            examples=["User: The build fails since Monday."],
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
        skip_summary: whether it is only forgotten: ``true``, ``1``, ``yes``, ``on``, ``t`` or
            ``y``, and ``false``, ``0``, ``no``, ``off``, ``f`` or ``n``, in any case.
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
    session = checked_name(call.path["id"], "path")
    with told(service):
        count = await service.sessions.log.append(Owner.of(call.caller), session, call.body.message)
    return Answer(body=SessionCount(session_id=session, count=count))


async def end_session(call: Call[None], service: Service) -> Answer:
    """End a session of the caller's; its summary is made in the background."""
    session = checked_name(call.query.session_id, "query")
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
