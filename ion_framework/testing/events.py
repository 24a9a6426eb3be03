"""Builders of what observers are told: events with sensible values, to say only what matters."""

from __future__ import annotations

from typing import Any

import attrs

from ion_framework.domain.conversation import Message, Role
from ion_framework.domain.key import ResonanceKey
from ion_framework.domain.language import detect_language
from ion_framework.domain.persona import Persona
from ion_framework.domain.routing import RoutingDecision, decide
from ion_framework.pipeline.chunks import FinishReason, Usage
from ion_framework.pipeline.events import (
    AnswerRefreshed,
    Event,
    LoopHeld,
    PluginStatusChanged,
    RequestCompleted,
    TurnCompleted,
    TurnFailed,
)
from ion_framework.pipeline.receipt import (
    Attempt,
    CacheOutcome,
    CacheStatus,
    Outcome,
    Participation,
    Receipt,
    StageTiming,
)
from ion_framework.pipeline.reply import Reply
from ion_framework.pipeline.turn import TurnRequest
from ion_framework.slo.notice import Measure, Notice, NoticeState, Severity
from ion_framework.testing.builders import make_persona, make_resonance

AT = 1_795_253_400.25
"""When the events happened, unless they are told otherwise: seconds since the Unix epoch."""

_STAGES = ("guard", "context", "analyze", "route", "prompt", "cache", "generate", "finish")
_STAGE_MS = 1.0


def make_reply(
    content: str = "You said: hello",
    *,
    request_id: str = "r-1",
    persona: Persona | None = None,
    key: str = "calm-medium-learning",
    receipt: dict[str, Any] | None = None,
    **changes: Any,
) -> Reply:
    """A reply that a generator made, with the receipt of its turn.

    Args:
        content: the text.
        request_id: the turn.
        persona: who answered.
        key: the resonance key of the message.
        receipt: fields of the receipt that are to be different.
        changes: any other field of `Reply`.
    """
    persona = persona or make_persona()
    resonance = make_resonance(key, content)
    decision = attrs.evolve(decide(resonance.key, (persona,)), router="test-router")
    reply = Reply(
        content=content,
        persona=persona.name,
        language=detect_language(content),
        resonance=resonance,
        decision=decision,
        finish_reason=FinishReason.STOP,
        usage=Usage(7, 3),
        model="fake-1",
        generator="test-generator",
        degraded="",
        receipt=_receipt(request_id, persona, resonance.key, decision),
    )
    reply = attrs.evolve(reply, **changes)
    same: dict[str, Any] = {"finish_reason": reply.finish_reason, "usage": reply.usage}
    return attrs.evolve(reply, receipt=attrs.evolve(reply.receipt, **same, **(receipt or {})))


def _receipt(
    request_id: str, persona: Persona, key: ResonanceKey, decision: RoutingDecision
) -> Receipt:
    took_ms = len(_STAGES) * _STAGE_MS
    return Receipt(
        request_id=request_id,
        key=key,
        scores=decision.scores,
        margin=decision.margin,
        confidence=decision.confidence,
        reasons=decision.reasons,
        evidence=(),
        plugins=(
            Participation("ion_route", "test-router", "", "", Outcome.ANSWERED, _STAGE_MS / 2),
        ),
        cache=CacheOutcome(CacheStatus.BYPASS, reason="there is no cache"),
        attempts=(Attempt("test-generator", "fake-1", True, _STAGE_MS / 4, _STAGE_MS / 2),),
        finish_reason=FinishReason.STOP,
        usage=Usage(),
        stages=tuple(
            StageTiming(stage, number * _STAGE_MS, _STAGE_MS)
            for number, stage in enumerate(_STAGES)
        ),
        prompt=f"{persona.name}/standard@1",
        deadline_ms=30_000.0,
        spent_ms=took_ms,
    )


def make_turn_completed(
    text: str = "hello", *, request: dict[str, Any] | None = None, **reply: Any
) -> TurnCompleted:
    """A turn that was answered.

    Args:
        text: the message.
        request: any other field of `TurnRequest`.
        reply: as `make_reply` takes it.
    """
    asked = TurnRequest(**({"text": text, "request_id": "r-1"} | (request or {})))
    made = make_reply(**({"request_id": asked.request_id} | reply))
    return TurnCompleted(asked, made, AT, made.receipt.spent_ms / 1000)


def make_turn_failed(
    text: str = "hello", *, request: dict[str, Any] | None = None, **changes: Any
) -> TurnFailed:
    """A turn that nobody answered.

    Args:
        text: the message.
        request: any other field of `TurnRequest`.
        changes: any other field of `TurnFailed`.
    """
    asked = TurnRequest(**({"text": text, "request_id": "r-1"} | (request or {})))
    return attrs.evolve(TurnFailed(asked, "no_answer", "nobody could answer", AT, 0.1), **changes)


def make_answer_refreshed(
    text: str = "hello", *, request: dict[str, Any] | None = None, **changes: Any
) -> AnswerRefreshed:
    """A stored answer that was made anew.

    Args:
        text: the message.
        request: any other field of `TurnRequest`.
        changes: any other field of `AnswerRefreshed`.
    """
    asked = TurnRequest(**({"text": text, "request_id": "r-1"} | (request or {})))
    event = AnswerRefreshed(
        asked, succeeded=True, message="", usage=Usage(7, 3), at=AT, duration_s=0.1
    )
    return attrs.evolve(event, **changes)


def make_request_completed(**changes: Any) -> RequestCompleted:
    """A request to a host that was answered.

    Args:
        changes: any field of `RequestCompleted`.
    """
    return attrs.evolve(RequestCompleted("POST", "/chat", 200, "r-1", AT, 0.1), **changes)


def make_status_changed(**changes: Any) -> PluginStatusChanged:
    """A plugin that failed.

    Args:
        changes: any field of `PluginStatusChanged`.
    """
    event = PluginStatusChanged("sage", "active", "failed", "it raised OSError", AT)
    return attrs.evolve(event, **changes)


def make_loop_held(**changes: Any) -> LoopHeld:
    """A hold of the event loop.

    Args:
        changes: any field of `LoopHeld`.
    """
    event = LoopHeld("sage", "ion_guard", "ion-sage", 1.5, ("a.py:1 look", "b.py:2 wait"), AT)
    return attrs.evolve(event, **changes)


def make_notice(**changes: Any) -> Notice:
    """A notice of an alert that fires.

    Args:
        changes: any field of `ion_framework.slo.notice.Notice`.
    """
    notice = Notice(
        id="ion-1/IonErrorRateHigh/1790000000",
        rule="IonErrorRateHigh",
        measure=Measure.ERROR_RATE,
        severity=Severity.PAGE,
        state=NoticeState.FIRING,
        value=0.5,
        threshold=0.05,
        below=False,
        window_s=300.0,
        since=1_790_000_000.0,
        at=1_790_000_300.0,
        host="ion-1",
        instances=2,
        links={"slo": "https://ion.example.org/api/v2/slo"},
    )
    return attrs.evolve(notice, **changes)


def make_events(said: str = "hello", number: int = 1) -> tuple[Event, ...]:
    """One event of every kind, and of those kinds that end in different ways one of each end.

    Args:
        said: what a person, a model or a plugin has said; stands wherever an event holds such
            words: messages, history, answers, causes, evidence.
        number: told apart by it: the request ids and the people of two numbers are different.
    """
    asked: dict[str, Any] = {
        "request_id": f"request-{number}",
        "user_id": f"user-{number}",
        "session_id": f"session-{number}",
        "history": (Message(Role.USER, said), Message(Role.ASSISTANT, said)),
        "summary": said,
        "notes": (said,),
    }
    attempt = Attempt("broken", "broken-1", False, None, 0.5, said, "unavailable")
    told: dict[str, Any] = {
        "evidence": (said,),
        "reasons": (said,),
        "plugins": (Participation("ion_guard", "strict", "", "", Outcome.FAILED, 0.1, said),),
    }
    reply = make_reply(said, request_id=f"request-{number}", receipt=told, metadata={"said": said})
    degraded: dict[str, Any] = {
        "content": said,
        "degraded": said,
        "finish_reason": FinishReason.TRUNCATED,
        "receipt": told | {"attempts": (attempt, *reply.receipt.attempts)},
    }
    cached = CacheOutcome(CacheStatus.HIT, "digest", 12.5, reason=said)
    from_cache = told | {"attempts": (), "cache": cached}
    return (
        attrs.evolve(make_turn_completed(said, request=asked), reply=reply),
        make_turn_completed(said, request=asked, **degraded),
        make_turn_completed(said, request=asked, content=said, receipt=from_cache),
        make_turn_failed(said, request=asked, message=said, detail=f"broken: {said}"),
        make_turn_failed(said, request=asked, message=said, code="internal_error"),
        make_turn_failed(said, request=asked, message=said, code="cancelled"),
        make_answer_refreshed(said, request=asked),
        make_answer_refreshed(said, request=asked, succeeded=False, message=said),
        make_request_completed(request_id=f"request-{number}"),
        make_request_completed(request_id=f"request-{number}", status=503, route=""),
        make_status_changed(reason=said),
        make_status_changed(reason=said, after="quarantined"),
        make_loop_held(),
    )
