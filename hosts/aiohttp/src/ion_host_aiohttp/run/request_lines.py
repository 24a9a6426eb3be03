"""The line that every request leaves, put together without the steps of structlog.

Where lines are the host's own JSON and nothing is bound to the context of the request, what
structlog would make of the fields is known beforehand, all but the values. Everything else takes
the way of all other lines, and a test compares the two byte for byte.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from functools import lru_cache
from json.encoder import encode_basestring
from typing import TYPE_CHECKING, Any

import structlog

from ion_framework.line_stream import CLOUD_SEVERITIES, CLOUD_TRACE, LineStream
from ion_framework.pipeline.events import RequestCompleted
from ion_host_aiohttp.run.json_events import JsonEvents, Render
from ion_host_aiohttp.run.log_lines import FIRST, clean, cloud_line, json_line, member, number

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

_EVENT = "request"
_CLOUD = f'"severity": "{CLOUD_SEVERITIES["info"]}", "message": "{_EVENT}"'
_HEADS: Mapping[Render, str] = {
    json_line: '{"timestamp": "',
    cloud_line: f'{{{_CLOUD}, "timestamp": "',
}
"""How a line begins, by what makes lines."""
_OWN = ("method", "route", "status", "duration_ms", "request_id", "lasted_ms", "trace_id")
_PARTICULAR = frozenset({*FIRST, *_OWN, CLOUD_TRACE, "exc_info"})
"""Names of fields of others that change more of a line than its end."""


def leave_line(
    logger: FilteringBoundLogger, event: RequestCompleted, more: Mapping[str, object]
) -> None:
    """Leave the line of a request.

    Args:
        logger: where to.
        event: the request.
        more: what its endpoint adds; it takes nothing from the host's own fields.
    """
    direct: object = logger
    if not (isinstance(direct, DirectLines) and direct.leave(event, more)):
        logger.info(_EVENT, **line_fields(event, more))


def line_fields(event: RequestCompleted, more: Mapping[str, object]) -> dict[str, object]:
    """The fields of the line of a request."""
    own: dict[str, object] = {
        "method": event.method,
        "route": event.route,
        "status": event.status,
        "duration_ms": round(event.duration_s * 1000, 3),
        "request_id": event.request_id,
    }
    if event.lasted_s is not None:
        own["lasted_ms"] = round(event.lasted_s * 1000, 3)
    if event.trace is not None:
        own["trace_id"] = event.trace.trace_id
    return own | {name: value for name, value in more.items() if name not in own}


class DirectLines:
    """What a logger of structlog needs besides to leave such lines directly."""

    _logger: LineStream
    _processors: Sequence[object]
    _context: Mapping[str, object]

    def leave(self, event: RequestCompleted, more: Mapping[str, object]) -> bool:
        """Leave the line of a request; False where it has to go the way of all others."""
        # Whoever captures what is logged puts another step there, at any time.
        step = self._processors[0] if len(self._processors) == 1 else None
        if not isinstance(step, JsonEvents):
            return False
        line = _line(step, event, self._context, more)
        if line is not None:
            self._logger.info(line)
        return line is not None


@lru_cache
def logger_class(level: int) -> Any:
    """The class of loggers of the host, whose lines are of a level of `logging` or a higher one."""
    plain = structlog.make_filtering_bound_logger(level)
    return plain if level > logging.INFO else type("DirectLogger", (DirectLines, plain), {})


def _line(
    step: JsonEvents,
    event: RequestCompleted,
    context: Mapping[str, object],
    more: Mapping[str, object],
) -> str | None:
    head = _HEADS.get(step.render)
    if head is None or _is_particular(context, more) or structlog.contextvars.get_contextvars():
        return None
    try:
        fields = _fields(event, context, more, is_cloud=step.render is cloud_line)
    except Exception:  # noqa: BLE001  a value's own repr may raise anything; the other way names it
        return None
    return clean(f'{head}{step.timestamp()}", "level": "info", "event": "{_EVENT}"{fields}}}')


def _is_particular(context: Mapping[str, object], more: Mapping[str, object]) -> bool:
    """Whether fields of others change more of a line than its end."""
    if more and not _PARTICULAR.isdisjoint(more):
        return True
    return bool(context) and not (
        _PARTICULAR.isdisjoint(context) and context.keys().isdisjoint(more)
    )


def _fields(
    event: RequestCompleted,
    context: Mapping[str, object],
    more: Mapping[str, object],
    *,
    is_cloud: bool,
) -> str:
    trace = lasted = ""
    bound = "".join([f", {member(*item)}" for item in context.items()]) if context else ""
    if event.lasted_s is not None:
        lasted = f', "lasted_ms": {number(round(event.lasted_s * 1000, 3))}'
    if event.trace is not None:
        trace_id = encode_basestring(event.trace.trace_id)
        trace = f', "trace_id": {trace_id}'
        bound = f', "{CLOUD_TRACE}": {trace_id}{bound}' if is_cloud else bound
    added = "".join([f", {member(*item)}" for item in more.items()]) if more else ""
    return (
        f'{bound}, "method": {encode_basestring(event.method)}'
        f', "route": {encode_basestring(event.route)}, "status": {number(event.status)}'
        f', "duration_ms": {number(round(event.duration_s * 1000, 3))}'
        f', "request_id": {encode_basestring(event.request_id)}{lasted}{trace}{added}'
    )
