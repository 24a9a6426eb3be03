"""``/api/v2/users/{user_id}/data``: everything that is kept of a user, to read or to delete."""

from __future__ import annotations

from typing import Any

from ion_framework.conversations.documents import document_of
from ion_framework.conversations.model import Conversation, Feedback, StoredTurn
from ion_host_aiohttp.access.caller import Scope
from ion_host_aiohttp.api.endpoint import Answer, Call, Endpoint, ErrorStyle
from ion_host_aiohttp.errors.failure import RequestFailed
from ion_host_aiohttp.service import Service
from ion_host_aiohttp.times import iso_time
from ion_host_aiohttp.v2 import conversation_failures as cases
from ion_host_aiohttp.v2.conversation_failures import equipped, told
from ion_host_aiohttp.v2.conversation_schema import (
    DataQuery,
    DeletedUserData,
    UserDataPart,
)
from ion_host_aiohttp.v2.conversation_views import owner_of
from ion_host_aiohttp.v2.names import UserId

PATH = "/api/v2/users/{user_id}/data"


async def export_user(call: Call[None], service: Service) -> Answer:
    """Give what is kept of a user."""
    conversations, query = equipped(service), call.query
    with told(service, call.request_id):
        try:
            found = await conversations.user_data(
                owner_of(call.caller), call.path["user_id"], query.limit, query.cursor
            )
        except ValueError as error:
            raise RequestFailed(cases.bad_cursor()) from error
    return Answer(
        body=UserDataPart(
            user_id=call.path["user_id"],
            conversations=tuple(_conversation(item, turns) for item, turns in found.conversations),
            feedback=tuple(map(_without_owner, found.feedback)),
            next_cursor=found.cursor,
            timestamp=iso_time(service.clock.time()),
        )
    )


async def delete_user(call: Call[None], service: Service) -> Answer:
    """Delete what is kept of a user."""
    conversations = equipped(service)
    with told(service, call.request_id):
        count = await conversations.delete_user(owner_of(call.caller), call.path["user_id"])
    service.recent_turns.forget_user(owner_of(call.caller), call.path["user_id"])
    service.ion.forget()
    return Answer(
        body=DeletedUserData(
            success=True,
            user_id=call.path["user_id"],
            deleted_conversations=count,
            timestamp=iso_time(service.clock.time()),
        ),
        log={"deleted": str(count)},
    )


def _conversation(conversation: Conversation, turns: tuple[StoredTurn, ...]) -> dict[str, Any]:
    told_turns = [document_of(turn) for turn in turns]
    return {**_without_owner(conversation), "turns": told_turns}


def _without_owner(kept: Conversation | Feedback) -> dict[str, Any]:
    """What is kept, without the caller's own name, which is the caller's alone."""
    document = document_of(kept)
    assert isinstance(document, dict)  # noqa: S101  a class becomes an object
    return {name: value for name, value in document.items() if name != "owner"}


ENDPOINTS: tuple[Endpoint[Any], ...] = (
    Endpoint(
        method="GET",
        path=PATH,
        handler=export_user,
        style=ErrorStyle.V2,
        summary="Everything that is kept of a user, in parts.",
        description="Conversations with all of their turns and receipts, and feedback.",
        query=DataQuery,
        parameters={"user_id": UserId},
        response=UserDataPart,
        errors=(*cases.STORE, cases.BAD_CURSOR),
        scope=Scope.CHAT,
        tag="conversations",
    ),
    Endpoint(
        method="DELETE",
        path=PATH,
        handler=delete_user,
        style=ErrorStyle.V2,
        summary="Delete everything that is kept of a user.",
        description="What answers are cached of the user expires by itself.",
        parameters={"user_id": UserId},
        response=DeletedUserData,
        errors=cases.STORE,
        scope=Scope.CHAT,
        tag="conversations",
    ),
)
