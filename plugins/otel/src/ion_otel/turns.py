"""A turn as spans: the request, the stages, the persona at work, the models that were asked."""

from __future__ import annotations

from opentelemetry.trace import SpanKind

from ion_framework.pipeline.events import TurnCompleted, TurnFailed
from ion_framework.pipeline.receipt import StageTiming
from ion_otel import attributes
from ion_otel.conventions import (
    ERROR_TYPE,
    INVOKE_AGENT,
    INVOKE_WORKFLOW,
    WORKFLOW,
    Names,
    service_of,
)
from ion_otel.writing import Attributes, Span, TraceWriter

_PERSONA_STAGES = frozenset({"prompt", "cache", "generate", "finish"})
"""Stages in which a persona is at work, the routing behind it."""

_NS_PER_MS, _NS_PER_S = 1_000_000, 1_000_000_000
_ROOT = f"{INVOKE_WORKFLOW} {WORKFLOW}"
_CANCELLED = "cancelled"


class TurnTeller:
    """Writes the spans of turns.

    Args:
        names: the names of attributes.
        include_ids: whether what callers named requests and conversations is told.
        include_content: whether what was said is told.
    """

    def __init__(self, names: Names, *, include_ids: bool, include_content: bool) -> None:
        self._names = names
        self._include_ids = include_ids
        self._include_content = include_content

    def spans(self, event: TurnCompleted | TurnFailed) -> int:
        """How many spans an event makes."""
        if isinstance(event, TurnFailed):
            return 1
        receipt = event.reply.receipt
        return 2 + len(receipt.stages) + len(receipt.attempts)

    def write(self, event: TurnCompleted | TurnFailed, trace: TraceWriter) -> None:
        """Write the spans of an event.

        Args:
            event: the event.
            trace: where to.
        """
        if isinstance(event, TurnFailed):
            self._write_failed(event, trace)
        else:
            self._write_completed(event, trace)

    def _write_failed(self, event: TurnFailed, trace: TraceWriter) -> None:
        """Of a turn without an answer there is no receipt, so that its stages are not known."""
        told = attributes.workflow(self._names) | {ERROR_TYPE: event.code} | self._ids(event)
        # A caller who leaves is nobody's failure.
        trace.root(_ROOT, _times(event), told, failed=event.code != _CANCELLED)

    def _write_completed(self, event: TurnCompleted, trace: TraceWriter) -> None:
        reply, receipt, ids = event.reply, event.reply.receipt, self._ids(event)
        told = attributes.workflow(self._names) | attributes.answered(reply)
        root = trace.root(_ROOT, _times(event), told | ids)
        persona = self._write_persona(event, root, ids, trace)
        plugins = attributes.plugins_by_stage(receipt)
        for timing in receipt.stages:
            parent = persona if timing.stage in _PERSONA_STAGES else root
            told = {**attributes.stage(timing.stage, reply), **plugins.get(timing.stage, {})}
            times = _stage_times(root, timing)
            span = trace.below(parent, f"ion.{timing.stage}", times, told)
            if timing.stage == "generate":
                self._write_attempts(event, span, ids, trace)

    def _write_persona(
        self, event: TurnCompleted, root: Span, ids: Attributes, trace: TraceWriter
    ) -> Span:
        """The persona at work: from the first stage that is its own to the end of the turn."""
        reply = event.reply
        own = [item.start_ms for item in reply.receipt.stages if item.stage in _PERSONA_STAGES]
        times = root.start_ns + _ns(min(own, default=0.0)), root.end_ns
        told = {**attributes.agent(reply, self._names), **ids}
        if self._include_content:
            told |= attributes.content(event, self._names)
        return trace.below(root, f"{INVOKE_AGENT} {reply.persona}", times, told)

    def _write_attempts(
        self, event: TurnCompleted, stage: Span, ids: Attributes, trace: TraceWriter
    ) -> None:
        """The attempts, one after the other: the receipt tells how long each took."""
        start = stage.start_ns
        for attempt in event.reply.receipt.attempts:
            service = service_of(attempt.plugin)
            end = start + _ns(attempt.duration_ms)
            trace.below(
                stage,
                f"{service.operation} {attempt.model or attempt.plugin}",
                (start, end),
                {**attributes.inference(attempt, service, event.reply, self._names), **ids},
                SpanKind.CLIENT,
                failed=not attempt.succeeded,
            )
            start = end

    def _ids(self, event: TurnCompleted | TurnFailed) -> Attributes:
        return attributes.ids_of(event.request, self._names) if self._include_ids else {}


def _times(event: TurnCompleted | TurnFailed) -> tuple[int, int]:
    start = round((event.at - event.duration_s) * _NS_PER_S)
    return start, start + round(event.duration_s * _NS_PER_S)


def _stage_times(root: Span, timing: StageTiming) -> tuple[int, int]:
    start = root.start_ns + _ns(timing.start_ms)
    return start, start + _ns(timing.duration_ms)


def _ns(milliseconds: float) -> int:
    return round(milliseconds * _NS_PER_MS)
