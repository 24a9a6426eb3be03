"""The line that every request leaves, put together without the steps of structlog.

Where lines are the host's own JSON and nothing is bound to the context of the request, what
structlog would make of the fields is known beforehand, all but the values. Everything else takes
the way of all other lines, and a test compares the two byte for byte.

No caller waits for a line: those of requests that ended in one round of the event loop are left
together in the next, when their answers are on their way. Their time is that of the writing. A
process that is killed in between has answered what it leaves no line of.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from contextvars import Context
from functools import lru_cache
from json.encoder import encode_basestring
from math import isfinite
from typing import TYPE_CHECKING, Any

import structlog

from ion_framework.line_stream import CLOUD_SEVERITIES, CLOUD_TRACE, LineStream
from ion_framework.pipeline.events import RequestCompleted
from ion_host_aiohttp.run.json_events import JsonEvents, Render
from ion_host_aiohttp.run.log_lines import FIRST, clean, cloud_line, json_line, number

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


class RequestLines:
    """Leaves the lines of requests.

    Args:
        logger: where to.
    """

    def __init__(self, logger: FilteringBoundLogger) -> None:
        self._logger = logger
        self._due: list[tuple[RequestCompleted, Mapping[str, object]]] = []
        self._context = Context()

    def add(self, event: RequestCompleted, more: Mapping[str, object]) -> None:
        """Have the line of a request left soon; at once where its context has something to add.

        Args:
            event: the request.
            more: what its endpoint adds; it takes nothing from the host's own fields.
        """
        if structlog.contextvars.get_contextvars():
            leave_line(self._logger, event, more)
            return
        self._due.append((event, more))
        if len(self._due) == 1:
            asyncio.get_running_loop().call_soon(self._leave_all, context=self._context)

    def _leave_all(self) -> None:
        due, self._due = self._due, []
        for event, more in due:
            leave_line(self._logger, event, more)


def leave_line(
    logger: FilteringBoundLogger, event: RequestCompleted, more: Mapping[str, object]
) -> None:
    """Leave the line of a request now.

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
    """The line; None where it has something that is not ordinary."""
    head, spent_ms = _HEADS.get(step.render), round(event.duration_s * 1000, 3)
    bound = _members(context) if context else ""
    added = _members(more) if more else ""
    if (
        head is None
        or bound is None
        or added is None
        or (bound and not context.keys().isdisjoint(more))
        or type(spent_ms) is not float
        or not isfinite(spent_ms + (event.lasted_s or 0.0))
        or type(event.status) is not int
        or structlog.contextvars.get_contextvars()
    ):
        return None
    if event.trace is not None or event.lasted_s is not None:
        before, behind = _particulars(event, is_cloud=step.render is cloud_line)
        bound, added = before + bound, behind + added
    return clean(
        f'{head}{step.timestamp()}", "level": "info", "event": "{_EVENT}"{bound}'
        f', "method": {encode_basestring(event.method)}'
        f', "route": {encode_basestring(event.route)}, "status": {event.status}'
        f', "duration_ms": {spent_ms!r}, "request_id": {encode_basestring(event.request_id)}'
        f"{added}}}"
    )


def _members(fields: Mapping[str, object]) -> str | None:
    """Fields of others; None where they change more of a line than its end, or cannot be told."""
    if not _PARTICULAR.isdisjoint(fields):
        return None
    text = ""
    try:
        for name, value in fields.items():
            told = encode_basestring(value) if type(value) is str else number(value)
            text = f"{text}, {encode_basestring(name)}: {told}"
    except Exception:  # noqa: BLE001  a value's own repr may raise anything; the other way names it
        return None
    return text


def _particulars(event: RequestCompleted, *, is_cloud: bool) -> tuple[str, str]:
    """What is told of a trace and of a stream: before the fields of all requests, and behind."""
    before = behind = ""
    if event.lasted_s is not None:
        behind = f', "lasted_ms": {number(round(event.lasted_s * 1000, 3))}'
    if event.trace is not None:
        trace_id = encode_basestring(event.trace.trace_id)
        behind += f', "trace_id": {trace_id}'
        before = f', "{CLOUD_TRACE}": {trace_id}' if is_cloud else ""
    return before, behind
