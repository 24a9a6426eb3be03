"""``POST /summaries/preview`` and ``GET /summaries/{id}``: summaries, now and of ended sessions."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Literal

import attrs
import msgspec
from msgspec import UNSET, UnsetType

from ion_framework.summarizing.summary import Method, SummaryBounds
from ion_host_aiohttp.access.caller import Scope
from ion_host_aiohttp.api.endpoint import Answer, Call, Endpoint, ErrorCase, ErrorStyle
from ion_host_aiohttp.errors.failure import Failure, Issue, RequestFailed, unfit
from ion_host_aiohttp.errors.messages import say
from ion_host_aiohttp.errors.v1 import DEFAULT_LANGUAGE
from ion_host_aiohttp.service import Service
from ion_host_aiohttp.times import iso_time
from ion_host_aiohttp.v1.session_endpoints import LONGEST_MESSAGE, SessionId, checked_name
from ion_host_aiohttp.v1.session_failures import UNAVAILABLE, told
from ion_host_aiohttp.v1.sessions import Owner, SummaryRecord, SummaryStatus
from ion_host_aiohttp.v1.summarizing import resume_summary, summary_of
from ion_host_aiohttp.v1.summary_jobs import BusyError

MOST_MESSAGES = 1000
"""Messages of one preview; the size of a body bounds them all together."""

CHARS_PER_REQUEST = 16_000
"""Characters of a conversation that count as one request more in the rate limit: ten questions to
the model."""

EMPTY = ErrorCase(HTTPStatus.BAD_REQUEST, "INVALID_INPUT", "There are no messages.")


@attrs.frozen(kw_only=True)
class PreviewRequest:
    """The body of ``POST /summaries/preview``.

    Attributes:
        messages: the conversation, oldest message first, each with or without a mark of who
            speaks (``User: …``). Those that say nothing are left out.
    """

    messages: Annotated[
        list[Annotated[str, msgspec.Meta(max_length=LONGEST_MESSAGE)]],
        msgspec.Meta(
            extra_json_schema={"minItems": 1, "maxItems": MOST_MESSAGES},
            examples=[["User: The build fails.", "Assistant: Since when?", "User: Monday."]],
        ),
    ]


@attrs.frozen(kw_only=True, slots=False)
class Preview:
    """A summary made at once.

    Attributes:
        status: ``completed``.
        duration_ms: how long it took, milliseconds.
        parallel: whether parts of the conversation were summarised at the same time.
        chunk_chars: characters of the conversation that are read at once.
        concurrency: parts that are summarised at the same time at most.
        summary: the summary.
        method: who made it: the language model, the choice of sentences, or both in parts.
    """

    status: Literal["completed"] = "completed"
    duration_ms: int
    parallel: bool
    chunk_chars: int
    concurrency: int
    summary: str
    method: Method


@attrs.frozen(kw_only=True, slots=False)
class SummaryState:
    """How far the summary of a session is.

    Attributes:
        status: how far it is.
        message: the same in words, where there is no such summary or it is being made.
        error: what went wrong, where it failed.
        summary: the summary, where it is completed; empty where nothing was said.
        method: who made it, where it is completed and something was said.
        generated_at: when it was completed, ISO 8601 in UTC.
    """

    status: SummaryStatus
    message: str | UnsetType = UNSET
    error: str | UnsetType = UNSET
    summary: str | UnsetType = UNSET
    method: Method | UnsetType = UNSET
    generated_at: str | UnsetType = UNSET


async def preview(call: Call[PreviewRequest], service: Service) -> Answer:
    """Summarise messages at once."""
    messages = call.body.messages
    _check(messages)
    bounds = SummaryBounds()
    if call.deadline_s is not None:
        bounds = attrs.evolve(bounds, timeout_s=min(bounds.timeout_s, call.deadline_s))
    began = service.clock.monotonic()
    summary = await summary_of(messages, call, service, bounds)
    body = Preview(
        duration_ms=int((service.clock.monotonic() - began) * 1000),
        parallel=summary.chunks > 1 and summary.method is not Method.EXTRACTIVE,
        chunk_chars=bounds.chunk_chars,
        concurrency=bounds.concurrency,
        summary=summary.text,
        method=summary.method,
    )
    log = {"failures": "; ".join(summary.failures)} if summary.failures else {}
    return Answer(body=body, log={"method": summary.method.value, **log})


def _check(messages: list[str]) -> None:
    if not messages:
        failure = Failure(
            status=EMPTY.status, code=EMPTY.code, message=say("no_messages"), field="messages"
        )
        raise RequestFailed(failure)
    if len(messages) > MOST_MESSAGES:
        limits = {"max_length": MOST_MESSAGES}
        message = say("too_many", **limits)
        raise unfit(Issue("too_long", ("messages",), message, len(messages), limits))


async def summary_state(call: Call[None], service: Service) -> Answer:
    """Say how far the summary of a session of the caller's is."""
    session = checked_name(call.path.get("id", _PREVIEW), "path")
    with told(service):
        record = await service.sessions.log.summary(Owner.of(call.caller), session)
        if record.abandoned:
            record = await _resumed(call, service, session)
    return Answer(body=_state(record, call, service))


async def _resumed(call: Call[None], service: Service, session: str) -> SummaryRecord:
    """The state of a summary whose process is silent, once this one has looked after it."""
    try:
        await resume_summary(call, service, session)
    except BusyError:
        service.logger.info("abandoned summary waits", request_id=call.request_id)
    return await service.sessions.log.summary(Owner.of(call.caller), session)


def _state(record: SummaryRecord, call: Call[None], service: Service) -> SummaryState:
    telling = service.catalogue.telling(call.asked, DEFAULT_LANGUAGE)
    match record.status:
        case SummaryStatus.NOT_FOUND:
            text = telling.text(say("summary_not_found"))
            return SummaryState(status=record.status, message=text)
        case SummaryStatus.GENERATING:
            text = telling.text(say("summary_generating"))
            return SummaryState(status=record.status, message=text)
        case SummaryStatus.FAILED:
            text = telling.text(say("summary_failed"))
            return SummaryState(status=record.status, error=text)
    return SummaryState(
        status=record.status,
        summary=record.text,
        method=Method(record.method) if record.method else UNSET,
        generated_at=iso_time(record.at),
    )


def cost(body: PreviewRequest) -> int:
    """How many requests a preview counts, by its length."""
    return 1 + sum(map(len, body.messages)) // CHARS_PER_REQUEST


_PREVIEW = "preview"

_STATE: Endpoint[None] = Endpoint(
    method="GET",
    path="/summaries/{id}",
    handler=summary_state,
    style=ErrorStyle.V1,
    summary="The summary of an ended session.",
    description="Always 200: `status` says whether there is one. A summary is kept for a day.",
    parameters={"id": SessionId},
    response=SummaryState,
    errors=(
        ErrorCase(
            HTTPStatus.UNPROCESSABLE_ENTITY, "VALIDATION_ERROR", "No session has such a name."
        ),
        UNAVAILABLE,
    ),
    scope=Scope.CHAT,
)
ENDPOINTS = (
    Endpoint(
        method="POST",
        path="/summaries/preview",
        handler=preview,
        style=ErrorStyle.V1,
        summary="Summarise messages at once.",
        description="Nothing is kept. Long conversations are summarised in parts of"
        " `chunk_chars` characters, and these summaries again. What the language model does not"
        " give within 30 seconds, or the caller's deadline, is made of the messages' own sentences;"
        " `method` says so.",
        request=PreviewRequest,
        response=Preview,
        errors=(EMPTY,),
        scope=Scope.CHAT,
        cost=cost,
        runs_turns=True,
    ),
    _STATE,
    # Two methods share this address, so that what it allows is one list.
    attrs.evolve(
        _STATE,
        path="/summaries/preview",
        summary="The summary of an ended session that is called `preview`.",
        parameters={},
    ),
)
