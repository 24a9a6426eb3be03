"""A request's place in its caller's distributed trace, from ``traceparent`` and ``tracestate``."""

from __future__ import annotations

from aiohttp import web

from ion_framework.domain.trace_context import TraceContext

PARENT, STATE = "traceparent", "tracestate"


def trace_of(request: web.BaseRequest) -> TraceContext | None:
    """The trace that a request belongs to; None without one, or where the header is malformed.

    A ``traceparent`` that is there twice is malformed; ``tracestate`` may come in several lines.
    """
    parents = request.headers.getall(PARENT, ())
    if len(parents) != 1:
        return None
    return TraceContext.parse(parents[0], ",".join(request.headers.getall(STATE, ())))


def trace_id_of(request: web.BaseRequest) -> str | None:
    """The id of the trace that a request belongs to, None without one."""
    trace = trace_of(request)
    return trace.trace_id if trace else None
