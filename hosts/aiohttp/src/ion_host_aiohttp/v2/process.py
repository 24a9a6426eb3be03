"""``POST /api/v2/process``: a message in, the answer with its routing and performance out."""

from __future__ import annotations

from decimal import Decimal
from http import HTTPStatus
from typing import Any

import attrs
import msgspec

from ion_framework.pipeline.reply import Reply
from ion_host_aiohttp.access.caller import Scope
from ion_host_aiohttp.api.endpoint import Answer, Call, Endpoint, ErrorStyle
from ion_host_aiohttp.errors.failure import Failure, RequestFailed
from ion_host_aiohttp.errors.messages import say
from ion_host_aiohttp.service import Service
from ion_host_aiohttp.times import iso_time
from ion_host_aiohttp.turns import (
    SERVED_FROM_CACHE,
    metadata_document,
    receipt_document,
    reply_answer,
    run_turn,
    shown_names,
    usage_document,
)
from ion_host_aiohttp.v2.schema import ProcessRequest, turn_request


@attrs.frozen(kw_only=True, slots=False)
class RoutingView:
    """Which persona answers and why; ``scores`` holds every active persona."""

    primary_persona: str
    secondary_persona: str | None
    confidence: Decimal
    scores: dict[str, Decimal]
    reasoning: str


@attrs.frozen(kw_only=True, slots=False)
class RoutingResultView:
    """The routing once more, as the original repeats it in the metadata."""

    secondary_persona: str | None
    all_scores: dict[str, Decimal]
    reasoning: str


@attrs.frozen(kw_only=True, slots=False)
class PerformanceView:
    """How long the turn took and what the cache did."""

    execution_time_ms: float
    cache_hit: bool
    cache_key: str | None


@attrs.frozen(kw_only=True, slots=False)
class ProcessMetadata:
    """What stands behind the answer; ``receipt`` is the full reason why."""

    routing_result: RoutingResultView
    cached: bool
    cache_key: str | None
    user_provided_metadata: dict[str, Any]
    prompt_mode: str
    language: str
    degraded: bool
    degraded_reason: str | None
    generator: str
    model: str
    finish_reason: str
    usage: dict[str, float | None]
    plugins: dict[str, Any]
    receipt: dict[str, Any]


# Not attrs: msgspec leaves out attrs fields whose name begins with an underscore, and the
# original's ``_cache_status`` does.
class ProcessResponse(
    msgspec.Struct, frozen=True, kw_only=True, rename={"cache_status": "_cache_status"}
):
    """The answer."""

    success: bool
    content: str
    persona_used: str
    resonance_key: str
    routing: RoutingView
    confidence: Decimal
    performance: PerformanceView
    metadata: ProcessMetadata | None
    timestamp: str
    request_id: str
    cache_status: str


async def process(call: Call[ProcessRequest], service: Service) -> Answer:
    """Answer one message."""
    if not call.body.user_input.strip():
        raise RequestFailed(_blank())
    request = turn_request(call, service.limits.message_chars)
    started = service.clock.monotonic()
    reply = await run_turn(service, call.caller, request, "user_input")
    duration_ms = round((service.clock.monotonic() - started) * 1000, 3)
    return reply_answer(reply, _response(call, reply, service, duration_ms))


def _blank() -> Failure:
    return Failure(
        status=HTTPStatus.BAD_REQUEST,
        code="INVALID_INPUT",
        message=say("blank"),
        field="user_input",
    )


def _response(
    call: Call[ProcessRequest], reply: Reply, service: Service, duration_ms: float
) -> ProcessResponse:
    names = shown_names(service.ion.personas)
    cache = reply.receipt.cache
    return ProcessResponse(
        success=True,
        content=reply.content,
        persona_used=names[reply.persona],
        resonance_key=str(reply.resonance.key),
        routing=RoutingView(
            primary_persona=names[reply.decision.primary],
            secondary_persona=names.get(reply.decision.secondary or ""),
            confidence=reply.decision.confidence,
            scores=dict(reply.decision.scores),
            reasoning="; ".join(reply.decision.reasons),
        ),
        confidence=reply.decision.confidence,
        performance=PerformanceView(
            execution_time_ms=duration_ms,
            cache_hit=cache.status in SERVED_FROM_CACHE,
            cache_key=cache.key or None,
        ),
        metadata=_metadata(call.body, reply, service) if call.body.include_metadata else None,
        timestamp=iso_time(service.clock.time()),
        request_id=call.request_id,
        cache_status=cache.status.value.upper(),
    )


def _metadata(body: ProcessRequest, reply: Reply, service: Service) -> ProcessMetadata:
    names = shown_names(service.ion.personas)
    cache = reply.receipt.cache
    given = body.context.metadata if body.context else None
    return ProcessMetadata(
        routing_result=RoutingResultView(
            secondary_persona=names.get(reply.decision.secondary or ""),
            all_scores={names.get(name, name): s for name, s in reply.decision.scores.items()},
            reasoning="; ".join(reply.decision.reasons),
        ),
        cached=cache.status in SERVED_FROM_CACHE,
        cache_key=cache.key or None,
        user_provided_metadata=given or {},
        prompt_mode=body.prompt_mode or "standard",
        language=reply.language.value,
        degraded=bool(reply.degraded),
        degraded_reason=reply.degraded or None,
        generator=reply.generator,
        model=reply.model,
        finish_reason=reply.finish_reason.value,
        usage=usage_document(reply.usage),
        plugins=metadata_document(reply, service),
        receipt=receipt_document(reply.receipt),
    )


PROCESS = Endpoint(
    method="POST",
    path="/api/v2/process",
    handler=process,
    style=ErrorStyle.V2,
    summary="Answer a message as the persona that fits it, with routing and performance.",
    request=ProcessRequest,
    response=ProcessResponse,
    scope=Scope.CHAT,
    runs_turns=True,
)
