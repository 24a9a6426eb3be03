"""What ``POST /api/v2/process`` takes, and what it means in the framework's terms."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, Any, TypeVar

import attrs
import msgspec

from ion_framework.domain.blank import is_blank
from ion_framework.domain.conversation import Message, Role
from ion_framework.domain.key import (
    Intent,
    Pace,
    ResonanceKey,
    Tone,
    parse_intent,
    parse_pace,
    parse_tone,
)
from ion_framework.domain.prompt import PromptMode
from ion_framework.domain.summary import update_summary
from ion_framework.errors import ResonanceKeyError
from ion_framework.pipeline.turn import TurnRequest
from ion_host_aiohttp.api.endpoint import Call
from ion_host_aiohttp.api.schema_issues import MOST_ISSUES
from ion_host_aiohttp.api.words import MessageText, one_of
from ion_host_aiohttp.errors.failure import (
    Failure,
    Issue,
    Path,
    RequestFailed,
    check_message,
    not_a_choice,
    unfit,
)
from ion_host_aiohttp.errors.messages import say

MOST_MESSAGES = 200
"""Earlier messages that a request may hold."""
_Part = TypeVar("_Part")
SYSTEM = "system"
"""A role of the original's: what stands in it is material for the persona, and no instruction."""
_ROLES = (*Role, SYSTEM)
_Name = Annotated[str, msgspec.Meta(max_length=128)]
KeyText = Annotated[
    str,
    msgspec.Meta(
        extra_json_schema={
            "pattern": f"^({'|'.join(Tone)})-({'|'.join(Pace)})-({'|'.join(Intent)})$"
        }
    ),
]
"""In the documentation the keys alone, while aliases of their parts are taken, too."""


@attrs.frozen(kw_only=True)
class RequestIdQuery:
    """How the original's clients name a request.

    Attributes:
        request_id: names the request unless the header ``X-Request-ID`` does: 1 to 128 letters,
            digits, ``.``, ``_`` or ``-``; anything else is ignored.
    """

    request_id: str | None = None


@attrs.frozen(kw_only=True)
class ResonanceKeyRequest:
    """A resonance key in its three parts."""

    tone: Annotated[str, one_of(Tone)]
    pace: Annotated[str, one_of(Pace)]
    intent: Annotated[str, one_of(Intent)]


@attrs.frozen(kw_only=True)
class ChatMessageRequest:
    """An earlier message; ``role`` is ``user``, ``assistant`` or ``system``.

    What a caller writes as ``system`` tells the persona of the situation; it instructs nobody.
    """

    role: Annotated[str, one_of(_ROLES)]
    content: str
    timestamp: str | int | float | None = None


_History = Annotated[
    tuple[ChatMessageRequest, ...],
    msgspec.Meta(extra_json_schema={"maxItems": MOST_MESSAGES}),
]


@attrs.frozen(kw_only=True)
class ContextRequest:
    """What the caller knows besides the message; ``metadata`` comes back as it was given.

    An empty ``user_id`` or ``session_id`` counts as none.
    """

    user_id: _Name | None = None
    session_id: _Name | None = None
    message_history: _History | None = None
    metadata: dict[str, Any] | None = None


@attrs.frozen(kw_only=True)
class ProcessRequest:
    """The body of ``POST /api/v2/process``.

    Attributes:
        user_input: what the user writes.
        resonance_key: the caller's judgement, ``tone-pace-intent`` or its three parts; without
            it the analyser judges.
        context: what is known besides the message.
        include_metadata: whether ``metadata`` is filled.
        use_cache: whether a stored answer may be served and the answer stored.
        prompt_mode: ``standard`` or ``summary_light``.
    """

    user_input: MessageText
    resonance_key: KeyText | ResonanceKeyRequest | None = None
    context: ContextRequest | None = None
    include_metadata: bool = True
    use_cache: bool = True
    prompt_mode: Annotated[str, one_of(PromptMode)] | None = None


def check_given(text: str, field: str) -> None:
    """Refuse a blank text as the original does.

    Raises:
        RequestFailed: 400.
    """
    if is_blank(text):
        raise RequestFailed(
            Failure(
                status=HTTPStatus.BAD_REQUEST,
                code="INVALID_INPUT",
                message=say("blank"),
                field=field,
            )
        )


def turn_request(
    body: ProcessRequest,
    call: Call[Any],
    message_chars: int,
    request_id: str,
    deadline_s: float | None,
) -> TurnRequest:
    """The turn that a request asks for.

    Args:
        body: the request.
        call: who sends it.
        message_chars: largest number of characters of a message.
        request_id: names the turn.
        deadline_s: seconds that it may take, None without a wish.

    Raises:
        RequestFailed: 422 with every value that the framework does not know or take.
    """
    text = body.user_input.strip()
    issues = list(check_message(text, "user_input", message_chars))
    context = body.context or ContextRequest()
    key = _key(body.resonance_key, issues)
    mode = _mode(body.prompt_mode, issues)
    history = messages_of(context, issues)
    if issues:
        raise RequestFailed(unfit(*issues[:MOST_ISSUES]).failure.about(text))
    return TurnRequest(
        text=text,
        principal=call.caller.principal_for(context.user_id or None),
        tenant=call.caller.tenant,
        user_id=context.user_id or None,
        session_id=context.session_id or None,
        key=key,
        history=history,
        notes=_notes(context),
        summary=update_summary("", history) if mode is PromptMode.COMPACT else "",
        prompt_mode=mode,
        use_cache=body.use_cache,
        deadline_s=deadline_s,
        request_id=request_id,
        trace=call.trace,
    )


def _key(given: str | ResonanceKeyRequest | None, issues: list[Issue]) -> ResonanceKey | None:
    if given is None:
        return None
    if isinstance(given, str):
        try:
            return ResonanceKey.parse(given)
        except ResonanceKeyError as error:
            issues.append(not_a_choice(("resonance_key",), error.given, error.valid))
            return None
    tone = _part(parse_tone, given.tone, "tone", issues)
    pace = _part(parse_pace, given.pace, "pace", issues)
    intent = _part(parse_intent, given.intent, "intent", issues)
    return ResonanceKey(tone, pace, intent) if tone and pace and intent else None


def _part(
    parse: Callable[[str], _Part], given: str, name: str, issues: list[Issue]
) -> _Part | None:
    try:
        return parse(given)
    except ResonanceKeyError as error:
        issues.append(not_a_choice(("resonance_key", name), error.given, error.valid))
        return None


def _mode(given: str | None, issues: list[Issue]) -> PromptMode:
    try:
        return PromptMode(PromptMode.STANDARD if given is None else given)
    except ValueError:
        issues.append(not_a_choice(("prompt_mode",), str(given), tuple(PromptMode)))
        return PromptMode.STANDARD


def messages_of(context: ContextRequest, issues: list[Issue]) -> tuple[Message, ...]:
    """The earlier messages that a request holds, oldest first; those of ``system`` are none.

    Args:
        context: what the caller knows besides the message.
        issues: where faults are added.
    """
    given = context.message_history or ()
    if len(given) > MOST_MESSAGES:
        issues.append(_too_many())
        return ()
    messages = []
    for index, message in enumerate(given):
        if message.role == SYSTEM:
            continue
        try:
            messages.append(Message(Role(message.role), message.content))
        except ValueError:
            path: Path = ("context", "message_history", index, "role")
            issues.append(not_a_choice(path, message.role, _ROLES))
    return tuple(messages)


def _notes(context: ContextRequest) -> tuple[str, ...]:
    """What a request says as ``system``: facts on the user's side of the prompt."""
    said = (m.content for m in context.message_history or () if m.role == SYSTEM)
    return tuple(text for text in said if not is_blank(text))


def _too_many() -> Issue:
    return Issue(
        "too_long",
        ("context", "message_history"),
        say("too_many", max_length=MOST_MESSAGES),
        limits={"max_length": MOST_MESSAGES},
    )
