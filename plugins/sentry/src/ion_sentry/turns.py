"""A turn as a transaction: its stages, the persona at work, the routing decision, the models."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ion_framework.pipeline.events import TurnCompleted
from ion_framework.pipeline.receipt import Attempt, CacheOutcome, CacheStatus, StageTiming
from ion_framework.pipeline.reply import Reply
from ion_sentry.identity import Place
from ion_sentry.transactions import Document, Timed, count, milliseconds, ratio

_PERSONA_STAGES = frozenset({"prompt", "cache", "generate", "finish"})
"""Stages in which a persona is at work, the routing behind it."""


def turn_transaction(event: TurnCompleted, place: Place, hit_rate: float | None) -> Document:
    """The transaction of a turn that was answered.

    Args:
        event: the turn.
        place: where it stands in its trace.
        hit_rate: share of look-ups that the cache answered lately, None without any.
    """
    reply, receipt = event.reply, event.reply.receipt
    start = event.at - event.duration_s
    root = Timed(
        place=place,
        op="gen_ai.invoke_workflow",
        name="invoke_workflow ion.turn",
        start=start,
        duration_s=event.duration_s,
        data={"gen_ai.operation.name": "invoke_workflow", "gen_ai.workflow.name": "ion.turn"},
    )
    key, cache = receipt.key, receipt.cache.status.value
    tags = {
        "persona": reply.persona,
        "tone": key.tone.value,
        "pace": key.pace.value,
        "intent": key.intent.value,
        "cache": cache,
        "language": reply.language.value,
        "generator": reply.generator,
        "finish": reply.finish_reason.value,
        "degraded": "yes" if reply.degraded else "no",
    }
    spans = tuple(_spans(root, event))
    figures = _figures(reply, spans, hit_rate)
    return root.transaction(source="custom", tags=tags, measurements=figures, spans=spans)


def _spans(root: Timed, event: TurnCompleted) -> Iterator[Timed]:
    reply, receipt = event.reply, event.reply.receipt
    persona = _persona(root, event)
    yield persona
    for stage in receipt.stages:
        parent = persona if stage.stage in _PERSONA_STAGES else root
        span = _stage(root, parent, stage, reply)
        yield span
        if stage.stage == "generate":
            yield from _chats(span, receipt.attempts, reply)


def _persona(root: Timed, event: TurnCompleted) -> Timed:
    """The persona at work: from the first stage that is its own to the end of the turn."""
    reply, receipt = event.reply, event.reply.receipt
    starts = [item.start_ms for item in receipt.stages if item.stage in _PERSONA_STAGES]
    offset_s = min(starts, default=0.0) / 1000
    duration_s = event.duration_s - offset_s
    return root.below(
        "gen_ai.invoke_agent",
        f"invoke_agent {reply.persona}",
        start=root.start + offset_s,
        duration_s=duration_s,
        data={
            "gen_ai.operation.name": "invoke_agent",
            "gen_ai.agent.name": reply.persona,
            "ion.resonance_key": str(receipt.key),
            "ion.confidence": float(receipt.confidence),
            "ion.execution_time_ms": round(duration_s * 1000, 3),
            "ion.cache_hit": receipt.cache.status in _SERVED,
            "ion.success": True,
        },
    )


_SERVED = (CacheStatus.HIT, CacheStatus.STALE)


def _stage(root: Timed, parent: Timed, stage: StageTiming, reply: Reply) -> Timed:
    op, name = f"ion.{stage.stage}", stage.stage
    data: Mapping[str, Any] = {}
    if stage.stage == "route":
        name, data = f"route {reply.decision.primary}", _routing(reply)
    elif stage.stage == "cache":
        op, name, data = "cache.get", "cache replies", _cache(reply.receipt.cache)
    start, duration_s = root.start + stage.start_ms / 1000, stage.duration_ms / 1000
    return parent.below(op, name, start=start, duration_s=duration_s, data=data)


def _routing(reply: Reply) -> Mapping[str, Any]:
    decision, key = reply.decision, reply.receipt.key
    data = {
        "ion.routing.primary": decision.primary,
        "ion.routing.secondary": decision.secondary or "",
        "ion.routing.confidence": float(decision.confidence),
        "ion.routing.margin": float(decision.margin),
        "ion.routing.router": decision.router,
        "ion.routing.forced": decision.forced,
        "ion.tone": key.tone.value,
        "ion.pace": key.pace.value,
        "ion.intent": key.intent.value,
    }
    scores = {f"ion.routing.score.{name}": float(value) for name, value in decision.scores.items()}
    return data | scores


def _cache(outcome: CacheOutcome) -> Mapping[str, Any]:
    data: dict[str, Any] = {
        "cache.hit": outcome.status in _SERVED,
        "ion.cache.status": outcome.status.value,
        "ion.cache.stored": outcome.stored,
    }
    return data if outcome.age_s is None else data | {"ion.cache.age_s": round(outcome.age_s, 3)}


def _chats(stage: Timed, attempts: tuple[Attempt, ...], reply: Reply) -> Iterator[Timed]:
    """The attempts to generate, one after the other; the receipt tells how long each took."""
    start = stage.start
    for attempt in attempts:
        duration_s = attempt.duration_ms / 1000
        yield stage.below(
            "gen_ai.chat",
            f"chat {attempt.model or attempt.plugin}",
            start=start,
            duration_s=duration_s,
            data=_chat(attempt, reply),
            status="ok" if attempt.succeeded else "internal_error",
        )
        start += duration_s


def _chat(attempt: Attempt, reply: Reply) -> Mapping[str, Any]:
    data: dict[str, Any] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": attempt.plugin,
        "gen_ai.request.model": attempt.model,
        "ion.tries": attempt.tries,
    }
    if not attempt.succeeded:
        return data | {"error.type": attempt.cause or "unknown"}
    usage = {
        "gen_ai.usage.input_tokens": reply.usage.input_tokens,
        "gen_ai.usage.output_tokens": reply.usage.output_tokens,
        "gen_ai.usage.cache_read.input_tokens": reply.usage.cached_tokens,
    }
    told = {name: value for name, value in usage.items() if value is not None}
    return (
        data
        | told
        | {
            "gen_ai.response.model": reply.model,
            "gen_ai.response.finish_reasons": reply.finish_reason.value,
        }
    )


def _figures(
    reply: Reply, spans: tuple[Timed, ...], hit_rate: float | None
) -> Mapping[str, Document]:
    receipt = reply.receipt
    found = {
        "persona_process": milliseconds(spans[0].duration_s * 1000),
        "routing_confidence": ratio(float(reply.decision.confidence)),
    }
    if hit_rate is not None:
        found["cache_hit_rate"] = ratio(hit_rate)
    for item in receipt.attempts:
        if item.succeeded and item.first_token_ms is not None:
            found["time_to_first_token"] = milliseconds(item.first_token_ms)
    # What an answer from the cache cost was spent, and sent, when it was made.
    if receipt.attempts and reply.usage.input_tokens is not None:
        found["input_tokens"] = count(reply.usage.input_tokens)
    if receipt.attempts and reply.usage.output_tokens is not None:
        found["output_tokens"] = count(reply.usage.output_tokens)
    return found
