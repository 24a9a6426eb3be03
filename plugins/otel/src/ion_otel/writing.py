"""Spans of one trace, made when all is over and handed on.

They are made as the SDK's processors take them, not with its tracer: that one keeps time, locks and
limits for work that is still going on, at 50 µs a span against 7.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import TypeAlias

import attrs
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags, TraceState

from ion_framework.domain.trace_context import TraceContext

Value: TypeAlias = str | bool | int | float | tuple[str, ...]
Attributes: TypeAlias = dict[str, Value]

_SAMPLED = TraceFlags(TraceFlags.SAMPLED)
_SPAN_BITS = 64
_NOTHING_SAID, _FAILED = Status(StatusCode.UNSET), Status(StatusCode.ERROR)


@attrs.frozen
class Span:
    """A span that was handed on.

    Attributes:
        context: by which its parts find it.
        start_ns: its beginning, nanoseconds since the Unix epoch.
        end_ns: its end, on the same clock.
    """

    context: SpanContext
    start_ns: int
    end_ns: int


@attrs.frozen
class Origin:
    """What all spans of an `Ion` have in common.

    Attributes:
        resource: the service.
        scope: what made the spans.
    """

    resource: Resource
    scope: InstrumentationScope


class TraceWriter:
    """Hands on the spans of one turn.

    Args:
        origin: what they have in common with others.
        trace_id: the trace.
        caller: what the caller told of its own part.
        hand_on: takes a span.
    """

    def __init__(
        self,
        origin: Origin,
        trace_id: int,
        caller: TraceContext | None,
        hand_on: Callable[[ReadableSpan], None],
    ) -> None:
        self._origin = origin
        self._trace_id = trace_id
        self._state = TraceState.from_header([caller.state]) if caller and caller.state else None
        self._caller = self._remote(caller) if caller else None
        self._hand_on = hand_on

    def root(
        self, name: str, times_ns: tuple[int, int], attributes: Attributes, *, failed: bool = False
    ) -> Span:
        """The uppermost span of the turn, below the caller's where there is one.

        Args:
            name: what it is called.
            times_ns: beginning and end, nanoseconds since the Unix epoch.
            attributes: its attributes.
            failed: whether it ended badly.
        """
        span = Span(self._new_context(), *times_ns)
        self._write(span, name, self._caller, attributes, SpanKind.INTERNAL, failed=failed)
        return span

    def below(  # noqa: PLR0913  one argument per fact of a span
        self,
        parent: Span,
        name: str,
        times_ns: tuple[int, int],
        attributes: Attributes,
        kind: SpanKind = SpanKind.INTERNAL,
        *,
        failed: bool = False,
    ) -> Span:
        """A part of a span; it lies within it, whatever the times say.

        Args:
            parent: what it is a part of.
            name: what it is called.
            times_ns: beginning and end, nanoseconds since the Unix epoch.
            attributes: its attributes.
            kind: its kind.
            failed: whether it ended badly.
        """
        start = min(max(times_ns[0], parent.start_ns), parent.end_ns)
        span = Span(self._new_context(), start, min(max(times_ns[1], start), parent.end_ns))
        self._write(span, name, parent.context, attributes, kind, failed=failed)
        return span

    def _write(  # noqa: PLR0913  as below()
        self,
        span: Span,
        name: str,
        parent: SpanContext | None,
        attributes: Attributes,
        kind: SpanKind,
        *,
        failed: bool,
    ) -> None:
        self._hand_on(
            ReadableSpan(
                name,
                span.context,
                parent,
                self._origin.resource,
                attributes,
                kind=kind,
                status=_FAILED if failed else _NOTHING_SAID,
                start_time=span.start_ns,
                end_time=span.end_ns,
                instrumentation_scope=self._origin.scope,
            )
        )

    def _new_context(self) -> SpanContext:
        span_id = secrets.randbits(_SPAN_BITS) or 1
        return SpanContext(self._trace_id, span_id, False, _SAMPLED, self._state)

    def _remote(self, caller: TraceContext) -> SpanContext:
        flags = TraceFlags(caller.flags)
        return SpanContext(self._trace_id, int(caller.parent_id, 16), True, flags, self._state)
