"""The envelope of an answer, as ``process`` gives it and ``bulk-process`` for every item."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import attrs
import msgspec

from ion_framework.domain.prompt import PromptMode
from ion_framework.pipeline.reply import Reply
from ion_framework.pipeline.turn import TurnRequest
from ion_host_aiohttp.metadata import metadata_document
from ion_host_aiohttp.names import shown_names
from ion_host_aiohttp.receipts import usage_document, written_receipt
from ion_host_aiohttp.service import Service
from ion_host_aiohttp.times import iso_time
from ion_host_aiohttp.turns import SERVED_FROM_CACHE
from ion_host_aiohttp.v2.schema import ProcessRequest


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
class RunningSummaryView:
    """The size of the running summary that the prompt carried: characters and bullets."""

    running_summary_len: int
    running_summary_bullets: int


@attrs.frozen(kw_only=True, slots=False)
class ProcessMetadata:
    """What stands behind the answer.

    Attributes:
        running_summary: only in the prompt mode ``summary_light``.
        receipt: the full reason why.
    """

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
    running_summary: RunningSummaryView | msgspec.UnsetType = msgspec.UNSET


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


def process_response(
    service: Service, body: ProcessRequest, request: TurnRequest, reply: Reply, duration_ms: float
) -> ProcessResponse:
    """The answer to a message.

    Args:
        service: the running host.
        body: what was sent.
        request: the turn that it became.
        reply: what came of that.
        duration_ms: how long it took.
    """
    names = shown_names(service.ion.personas)
    return ProcessResponse(
        success=True,
        content=reply.content,
        persona_used=names[reply.persona],
        resonance_key=str(reply.resonance.key),
        routing=routing_view(service, reply),
        confidence=reply.decision.confidence,
        performance=performance_view(reply, duration_ms),
        metadata=_metadata(body, request, reply, service) if body.include_metadata else None,
        timestamp=iso_time(service.clock.time()),
        request_id=request.request_id,
        cache_status=reply.receipt.cache.status.value.upper(),
    )


def routing_view(service: Service, reply: Reply) -> RoutingView:
    """Which persona answers and why."""
    names = shown_names(service.ion.personas)
    return RoutingView(
        primary_persona=names[reply.decision.primary],
        secondary_persona=names.get(reply.decision.secondary or ""),
        confidence=reply.decision.confidence,
        scores=dict(reply.decision.scores),
        reasoning="; ".join(reply.decision.reasons),
    )


def performance_view(reply: Reply, duration_ms: float) -> PerformanceView:
    """How long it took and what the cache did."""
    cache = reply.receipt.cache
    return PerformanceView(
        execution_time_ms=duration_ms,
        cache_hit=cache.status in SERVED_FROM_CACHE,
        cache_key=cache.key or None,
    )


def _metadata(
    body: ProcessRequest, request: TurnRequest, reply: Reply, service: Service
) -> ProcessMetadata:
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
        prompt_mode=request.prompt_mode.value,
        language=reply.language.value,
        degraded=bool(reply.degraded),
        degraded_reason=reply.degraded or None,
        generator=reply.generator,
        model=reply.model,
        finish_reason=reply.finish_reason.value,
        usage=usage_document(reply.usage),
        plugins=metadata_document(reply, service),
        receipt=written_receipt(reply.receipt),
        running_summary=_running_summary(request),
    )


def _running_summary(request: TurnRequest) -> RunningSummaryView | msgspec.UnsetType:
    if request.prompt_mode is not PromptMode.COMPACT:
        return msgspec.UNSET
    return RunningSummaryView(
        running_summary_len=len(request.summary),
        running_summary_bullets=len(request.summary.splitlines()),
    )
