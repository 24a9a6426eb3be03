"""A request's place in its caller's distributed trace, from ``traceparent`` and ``tracestate``."""

from __future__ import annotations

from aiohttp import web
from multidict import istr

from ion_framework.domain.trace_context import TraceContext
from ion_host_aiohttp.api.passage import passage_of

PARENT, STATE = "traceparent", "tracestate"
_PARENT, _STATE = istr(PARENT), istr(STATE)


def trace_of(request: web.BaseRequest) -> TraceContext | None:
    """The trace that a request belongs to; None without one, or where the header is malformed.

    A ``traceparent`` that is there twice is malformed; ``tracestate`` may come in several lines.
    """
    passage = passage_of(request)
    if not passage.trace_is_known:
        passage.trace, passage.trace_is_known = _trace_of(request), True
    return passage.trace


def _trace_of(request: web.BaseRequest) -> TraceContext | None:
    parents = request.headers.getall(_PARENT, ())
    if len(parents) != 1:
        return None
    return TraceContext.parse(parents[0], ",".join(request.headers.getall(_STATE, ())))


def trace_id_of(request: web.BaseRequest) -> str | None:
    """The id of the trace that a request belongs to, None without one."""
    trace = trace_of(request)
    return trace.trace_id if trace else None
