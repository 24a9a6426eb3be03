"""A request to a host as a transaction."""

from __future__ import annotations

from collections.abc import Mapping

from ion_framework.pipeline.events import RequestCompleted
from ion_sentry.identity import Place
from ion_sentry.transactions import Document, Timed, milliseconds

UNMATCHED = "(no route)"

# A caller may write anything in their place.
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

_STATUSES: Mapping[int, str] = {
    400: "invalid_argument",
    401: "unauthenticated",
    403: "permission_denied",
    404: "not_found",
    409: "already_exists",
    413: "failed_precondition",
    422: "invalid_argument",
    429: "resource_exhausted",
    499: "cancelled",
    500: "internal_error",
    501: "unimplemented",
    503: "unavailable",
    504: "deadline_exceeded",
}
_BAD, _SERVER_ERROR = 400, 500


def request_transaction(event: RequestCompleted, place: Place, slow_ms: float) -> Document:
    """The transaction of a request.

    Args:
        event: the request.
        place: where it stands in its trace.
        slow_ms: milliseconds from which it counts as slow.
    """
    method = event.method if event.method in _METHODS else "OTHER"
    route = event.route or UNMATCHED
    duration_ms = event.duration_s * 1000
    lasted_s = event.duration_s if event.lasted_s is None else event.lasted_s
    root = Timed(
        place=place,
        op="http.server",
        name=f"{method} {route}",
        start=event.at - lasted_s,
        duration_s=event.duration_s,
        status=_status(event.outcome),
        data={
            "http.request.method": method,
            "http.route": route,
            "http.response.status_code": event.status,
            "ion.execution_time_ms": round(duration_ms, 3),
            "ion.lasted_ms": round(lasted_s * 1000, 3),
            "ion.success": event.outcome < _BAD,
        },
    )
    tags = {
        "http.method": method,
        "http.status_code": str(event.status),
        "slow": "yes" if duration_ms >= slow_ms and not event.lasting else "no",
    }
    figures = {"request_duration": milliseconds(duration_ms)}
    return root.transaction(source="route", tags=tags, measurements=figures)


def _status(code: int) -> str:
    if code < _BAD:
        return "ok"
    return _STATUSES.get(code, "internal_error" if code >= _SERVER_ERROR else "invalid_argument")
