"""What the spans of a turn say: names, numbers and choices, and no text that anybody wrote."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from ion_framework.domain.conversation import shorten
from ion_framework.pipeline.events import TurnCompleted
from ion_framework.pipeline.receipt import Attempt, CacheStatus, Outcome, Receipt
from ion_framework.pipeline.reply import Reply
from ion_framework.pipeline.turn import TurnRequest
from ion_framework.recording.redaction import redact
from ion_otel.conventions import (
    ERROR_TYPE,
    INVOKE_AGENT,
    INVOKE_WORKFLOW,
    OTHER_ERROR,
    WORKFLOW,
    Names,
    Service,
)
from ion_otel.writing import Attributes

CONTENT_CHARS = 4000
"""Characters after which a message or an answer is cut."""

_SERVED = (CacheStatus.HIT, CacheStatus.STALE)

_STAGES: Mapping[str, str] = {
    "ion_guard": "guard",
    "ion_gather_context": "context",
    "ion_analyze": "analyze",
    "ion_route": "route",
    "ion_build_prompt": "prompt",
    "ion_render_prompt": "prompt",
    "ion_generate": "generate",
    "ion_transform_stream": "generate",
    "ion_finish": "finish",
}
"""The stage in which a hook is called."""


def ids_of(request: TurnRequest, names: Names) -> Attributes:
    """What a caller named the request and the conversation.

    Args:
        request: the request.
        names: the names of attributes.
    """
    session = {names.conversation: request.session_id} if request.session_id else {}
    return {"ion.request_id": request.request_id, **session}


def workflow(names: Names) -> Attributes:
    """Of a turn, whatever became of it.

    Args:
        names: the names of attributes.
    """
    return {names.operation: INVOKE_WORKFLOW, names.workflow: WORKFLOW}


def answered(reply: Reply) -> Attributes:
    """Of a turn that was answered.

    Args:
        reply: the answer.
    """
    return {
        "ion.persona": reply.persona,
        "ion.resonance_key": str(reply.receipt.key),
        "ion.language": reply.language.value,
        "ion.cache.status": reply.receipt.cache.status.value,
        "ion.degraded": bool(reply.degraded),
        "ion.finish_reason": reply.finish_reason.value,
    }


def agent(reply: Reply, names: Names) -> Attributes:
    """Of the persona at work.

    Args:
        reply: the answer.
        names: the names of attributes.
    """
    found: Attributes = {
        names.operation: INVOKE_AGENT,
        names.agent: reply.persona,
        "ion.cache.hit": reply.receipt.cache.status in _SERVED,
    }
    return found | ({names.agent_id: reply.persona} if names.agent_id else {})


def content(event: TurnCompleted, names: Names) -> Attributes:
    """What was said, redacted and cut, in the form of the conventions.

    Args:
        event: the turn.
        names: the names of attributes.
    """
    asked = {"role": "user", "parts": _parts(event.request.text)}
    told = {"role": "assistant", "parts": _parts(event.reply.content)}
    told["finish_reason"] = event.reply.finish_reason.value
    return {
        names.input_messages: json.dumps([asked], ensure_ascii=False),
        names.output_messages: json.dumps([told], ensure_ascii=False),
    }


def stage(name: str, reply: Reply) -> Attributes:
    """Of a stage, the plugins that took part left out.

    Args:
        name: the stage.
        reply: the answer.
    """
    tells = _TELLS.get(name)
    return tells(reply) if tells else {}


def plugins_by_stage(receipt: Receipt) -> Mapping[str, Attributes]:
    """The plugins that took part in a stage, and those of them that failed.

    Args:
        receipt: the receipt.
    """
    found: dict[str, tuple[list[str], list[str]]] = {}
    for item in receipt.plugins:
        place = _STAGES.get(item.hook)
        if place is not None:
            took_part, failed = found.setdefault(place, ([], []))
            took_part.append(item.plugin)
            if item.outcome is Outcome.FAILED:
                failed.append(item.plugin)
    return {place: _taking_part(*names) for place, names in found.items()}


def _taking_part(names: list[str], failed: list[str]) -> Attributes:
    found: Attributes = {"ion.plugins": tuple(names)}
    return found | ({"ion.plugins.failed": tuple(failed)} if failed else {})


def inference(attempt: Attempt, service: Service, reply: Reply, names: Names) -> Attributes:
    """Of one attempt to generate.

    Args:
        attempt: the attempt.
        service: how the conventions speak of its generator.
        reply: the answer.
        names: the names of attributes.
    """
    found: Attributes = {
        names.operation: service.operation,
        names.provider: service.provider,
        "ion.generator": attempt.plugin,
        "ion.tries": attempt.tries,
    }
    if attempt.model:
        found[names.request_model] = attempt.model
    if attempt.first_token_ms is not None:
        found[names.time_to_first_chunk] = attempt.first_token_ms / 1000
    found |= _prompt_names(reply.receipt.prompt, names)
    if not attempt.succeeded:
        return found | {ERROR_TYPE: attempt.cause or OTHER_ERROR}
    return found | _outcome(reply, names)


def _outcome(reply: Reply, names: Names) -> Attributes:
    usage = reply.usage
    told: Mapping[str, str | int | float | None] = {
        names.response_model: reply.model or None,
        names.input_tokens: usage.input_tokens,
        names.output_tokens: usage.output_tokens,
        names.cached_tokens: usage.cached_tokens,
        "ion.usage.cost_usd": usage.cost_usd,
    }
    known = {name: value for name, value in told.items() if value is not None}
    return {**known, names.finish_reasons: (reply.finish_reason.value,)}


def _prompt_names(prompt: str, names: Names) -> Attributes:
    name, _, version = prompt.rpartition("@")
    told = {names.prompt_name: name, names.prompt_version: version}
    return {key: value for key, value in told.items() if key and value}


def _analyze(reply: Reply) -> Attributes:
    key = reply.receipt.key
    return {
        "ion.tone": key.tone.value,
        "ion.pace": key.pace.value,
        "ion.intent": key.intent.value,
    }


def _route(reply: Reply) -> Attributes:
    decision = reply.decision
    return {
        "ion.routing.primary": decision.primary,
        "ion.routing.secondary": decision.secondary or "",
        "ion.routing.confidence": float(decision.confidence),
        "ion.routing.margin": float(decision.margin),
        "ion.routing.router": decision.router,
        "ion.routing.forced": decision.forced,
    }


def _prompt(reply: Reply) -> Attributes:
    return {"ion.prompt": reply.receipt.prompt}


def _cache(reply: Reply) -> Attributes:
    outcome = reply.receipt.cache
    found: Attributes = {
        "ion.cache.hit": outcome.status in _SERVED,
        "ion.cache.status": outcome.status.value,
        "ion.cache.stored": outcome.stored,
    }
    return found if outcome.age_s is None else found | {"ion.cache.age_s": outcome.age_s}


def _generate(reply: Reply) -> Attributes:
    return {"ion.attempts": len(reply.receipt.attempts)}


_TELLS: Mapping[str, Callable[[Reply], Attributes]] = {
    "analyze": _analyze,
    "route": _route,
    "prompt": _prompt,
    "cache": _cache,
    "generate": _generate,
}


def _parts(text: str) -> object:
    return [{"type": "text", "content": shorten(redact(text).text, CONTENT_CHARS)}]
