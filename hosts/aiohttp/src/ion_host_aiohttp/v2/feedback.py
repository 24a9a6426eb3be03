"""``POST /api/v2/feedback``: what somebody thinks of an answer, kept with its receipt."""

from __future__ import annotations

import hashlib
import json
from http import HTTPStatus

import attrs

from ion_framework.conversations.conversations import Conversations
from ion_framework.conversations.failures import UnknownConversationError
from ion_framework.conversations.model import Feedback, Owner, StoredTurn
from ion_framework.errors import UnknownPersonaError
from ion_host_aiohttp.access.caller import Scope
from ion_host_aiohttp.api.endpoint import Answer, Call, Endpoint, ErrorCase, ErrorStyle
from ion_host_aiohttp.errors.failure import Failure, Issue, RequestFailed, check_message, unfit
from ion_host_aiohttp.errors.messages import say
from ion_host_aiohttp.service import Service
from ion_host_aiohttp.times import iso_time
from ion_host_aiohttp.v2.conversation_failures import STORE, equipped, told
from ion_host_aiohttp.v2.conversation_views import owner_of
from ion_host_aiohttp.v2.feedback_schema import (
    FEEDBACK_REQUEST,
    OPINIONS,
    FeedbackKept,
    FeedbackRequest,
    MessageOrigin,
)

UNKNOWN_TURN = ErrorCase(
    HTTPStatus.NOT_FOUND, "TURN_NOT_FOUND", "The caller has no such turn, and sent no message."
)
UNKNOWN_PERSONA = ErrorCase(HTTPStatus.NOT_FOUND, "INVALID_PERSONA", "There is no such persona.")
_SHOWN = 100
_NO_RECEIPT = "{}"
_DIGITS = 32


@attrs.frozen
class _About:
    """The turn that a feedback is about, as far as it is known."""

    origin: MessageOrigin
    message: str
    user_id: str
    receipt: str = _NO_RECEIPT


async def give_feedback(call: Call[FeedbackRequest], service: Service) -> Answer:
    """Keep what somebody thinks of an answer."""
    conversations, body = equipped(service), call.body
    _check(body, service)
    persona = _persona(body, service)
    owner, now = owner_of(call.caller), service.clock.time()
    with told(service, call.request_id):
        about = await _about(conversations, owner, body, service)
        kept = Feedback(
            id=_name(body.request_id),
            owner=owner,
            request_id=body.request_id,
            at=now,
            user_id=about.user_id,
            rating=body.rating,
            persona=persona,
            tone=body.tone.value if body.tone else None,
            intent=body.intent.value if body.intent else None,
            comment=body.comment or "",
            message=about.message,
            receipt=about.receipt,
        )
        await conversations.store.add_feedback(kept)
    return Answer(
        body=FeedbackKept(
            feedback_id=kept.id,
            request_id=kept.request_id,
            message_from=about.origin,
            has_receipt=about.receipt != _NO_RECEIPT,
            timestamp=iso_time(now),
        )
    )


def _check(body: FeedbackRequest, service: Service) -> None:
    """Refuse what says nothing, and a message that no persona would have been given."""
    issues = []
    if all(getattr(body, name) is None for name in OPINIONS):
        issues.append(Issue("missing", (), say("feedback_empty", members=", ".join(OPINIONS))))
    if body.message is not None:
        issues += check_message(body.message.strip(), "message", service.limits.message_chars)
    if issues:
        raise unfit(*issues)


def _persona(body: FeedbackRequest, service: Service) -> str | None:
    """The unique name of the persona that should have answered."""
    if body.persona is None:
        return None
    try:
        return service.ion.persona(body.persona).name
    except UnknownPersonaError as error:
        raise RequestFailed(_unknown_persona(error)) from error


async def _about(
    conversations: Conversations, owner: Owner, body: FeedbackRequest, service: Service
) -> _About:
    """The turn: of a conversation, of the memory of this process, or as its sender tells it."""
    stored = await conversations.store.find_turn(owner, body.request_id)
    if stored is not None:
        user_id = await _user_of(conversations, owner, stored)
        return _About("conversation", stored.user_message, user_id, stored.receipt)
    recent = service.recent_turns.find(owner, body.request_id)
    if recent is not None:
        message, receipt = recent.unpack()
        return _About("recent", message, recent.user_id or body.user_id or "", receipt)
    if body.message is None:
        failure = Failure(
            status=UNKNOWN_TURN.status,
            code=UNKNOWN_TURN.code,
            message=say("feedback_turn_unknown"),
            field="request_id",
        )
        raise RequestFailed(failure)
    return _About("sent", body.message.strip(), body.user_id or "")


async def _user_of(conversations: Conversations, owner: Owner, turn: StoredTurn) -> str:
    """The user with whom the conversation of a turn is held; empty where it is gone."""
    document = json.loads(turn.document)
    name = document.get("session_id") if isinstance(document, dict) else None
    if not isinstance(name, str):
        return ""
    try:
        return (await conversations.get(owner, name)).user_id
    except UnknownConversationError:
        return ""


def _name(request_id: str) -> str:
    """The name of the feedback on a turn: there is one, and a later one replaces it."""
    return "feedback_" + hashlib.sha256(request_id.encode()).hexdigest()[:_DIGITS]


def _unknown_persona(error: UnknownPersonaError) -> Failure:
    return Failure(
        status=UNKNOWN_PERSONA.status,
        code=UNKNOWN_PERSONA.code,
        message=say("unknown_persona", known=", ".join(error.known) or "-"),
        field="persona",
        details={"given": error.name[:_SHOWN], "known": error.known},
    )


FEEDBACK = Endpoint(
    method="POST",
    path="/api/v2/feedback",
    handler=give_feedback,
    style=ErrorStyle.V2,
    summary="Keep what somebody thinks of an answer.",
    description=(
        "A rating, what should have been read or who should have answered, a comment: at least "
        "one of them. It is kept with the message and the receipt of the turn; a later feedback on "
        "the same turn replaces it. Turns of conversations are known as long as those are kept; "
        "other turns for 10 minutes, to the process that answered them. For a turn that is not "
        "known the message has to be sent along. It is deleted with the conversation of its turn, "
        "and with the data of its user. Members that are not named here are refused."
    ),
    request=FEEDBACK_REQUEST,
    response=FeedbackKept,
    errors=(*STORE, UNKNOWN_TURN, UNKNOWN_PERSONA),
    scope=Scope.CHAT,
    tag="conversations",
)
