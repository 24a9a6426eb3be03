"""Ids of traces and spans, by which the parts of one trace find together without talking."""

from __future__ import annotations

import secrets
from hashlib import blake2b

import attrs

from ion_framework.domain.trace_context import TraceContext

_RANDOM_DIGITS = 14
"""Hexadecimal digits at the end of a trace id that are random (W3C Trace Context, level 2)."""

_TRACES = float(1 << 4 * _RANDOM_DIGITS)


@attrs.frozen
class Place:
    """Where something stands in a trace.

    Attributes:
        trace_id: the trace, 32 hexadecimal digits.
        span_id: itself, 16 hexadecimal digits.
        parent_id: what it is a part of, None at the beginning of a trace.
    """

    trace_id: str
    span_id: str
    parent_id: str | None


def trace_of(request_id: str, trace: TraceContext | None) -> str:
    """The id of the trace that a request and all that comes of it belong to.

    Args:
        request_id: the request.
        trace: what the caller told.
    """
    return trace.trace_id if trace else _digest(f"trace {request_id}", 16)


def place_of_request(request_id: str, trace: TraceContext | None) -> Place:
    """The place of a request: below the caller's span, where the caller told one.

    Args:
        request_id: the request.
        trace: what the caller told.
    """
    parent = trace.parent_id if trace else None
    return Place(trace_of(request_id, trace), _digest(f"request {request_id}", 8), parent)


def place_of_turn(request_id: str, trace: TraceContext | None) -> Place:
    """The place of a turn: below the request that it answers.

    Args:
        request_id: the request, and the turn.
        trace: what the caller told.
    """
    request = place_of_request(request_id, trace)
    return Place(request.trace_id, new_span_id(), request.span_id)


def new_trace_id() -> str:
    """A trace of its own."""
    return secrets.token_hex(16)


def new_span_id() -> str:
    """A fresh span."""
    return secrets.token_hex(8)


def is_sampled(trace_id: str, rate: float) -> bool:
    """Whether a trace is among those that are sent: a share of ``rate`` of all.

    The caller's own flag does not count: strangers would decide what is sent, and some balancers
    clear it everywhere.

    Args:
        trace_id: the trace.
        rate: 0 to 1.
    """
    return int(trace_id[-_RANDOM_DIGITS:], 16) < rate * _TRACES


def _digest(text: str, size: int) -> str:
    return blake2b(text.encode("utf-8", "replace"), digest_size=size).hexdigest()
