"""What ``POST /api/v2/feedback`` takes and gives."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import attrs
import msgspec

from ion_framework.domain.key import Intent, Tone
from ion_host_aiohttp.api.constraints import FORM
from ion_host_aiohttp.api.strict import strict
from ion_host_aiohttp.api.words import EXAMPLE, MessageText
from ion_host_aiohttp.errors.messages import say
from ion_host_aiohttp.v2.names import LONGEST_NAME, UserId

OPINIONS = ("rating", "persona", "tone", "intent", "comment")
"""The members of which a feedback has at least one."""
MessageOrigin = Literal["conversation", "recent", "sent"]
"""Where the host has the message from: a stored conversation, its memory, or the sender."""

_RequestId = Annotated[
    str,
    msgspec.Meta(pattern=r"^[A-Za-z0-9._-]{1,128}$(?!\n)", extra={FORM: say("form_request_id")}),
]


@strict
@attrs.frozen(kw_only=True)
class FeedbackRequest:
    """The body of ``POST /api/v2/feedback``: at least one of the opinions.

    Attributes:
        request_id: names the turn that was answered: ``request_id`` of its answer, or its header
            ``X-Request-ID``.
        rating: 1 (bad) to 5 (good).
        persona: the persona that should have answered.
        tone: the tone that the message has, where it was misread.
        intent: the intent that it has, likewise.
        comment: in the user's own words.
        message: the message that was answered, for turns that the host does not remember.
        user_id: the caller's own name for the user, for turns that the host does not remember;
            the feedback is deleted with that user's data.
    """

    request_id: _RequestId
    rating: Annotated[int, msgspec.Meta(ge=1, le=5)] | None = None
    persona: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_NAME)] | None = None
    tone: Tone | None = None
    intent: Intent | None = None
    comment: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)] | None = None
    message: MessageText | None = None
    user_id: UserId | None = None


def _given(name: str) -> dict[str, Any]:
    return {"required": [name], "properties": {name: {"not": {"type": "null"}}}}


FEEDBACK_REQUEST: Any = Annotated[
    FeedbackRequest,
    msgspec.Meta(
        examples=[{"request_id": "a-turn", "tone": Tone.FRUSTRATED, "message": EXAMPLE}],
        extra_json_schema={"anyOf": [_given(name) for name in OPINIONS]},
    ),
]
"""The request with what its members cannot say one by one."""


@attrs.frozen(kw_only=True, slots=False)
class FeedbackKept:
    """A feedback that is kept.

    Attributes:
        feedback_id: its name.
        request_id: the turn.
        message_from: where its message is from.
        has_receipt: whether it is kept with the receipt of the turn.
        timestamp: when it was given.
    """

    feedback_id: str
    request_id: str
    message_from: MessageOrigin
    has_receipt: bool
    timestamp: str
