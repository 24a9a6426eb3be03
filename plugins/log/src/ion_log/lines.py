"""One event, one line, whatever is in it."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import MutableMapping
from typing import TYPE_CHECKING, Any

import structlog

from ion_framework.line_stream import CLOUD_SEVERITIES

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger, Processor

    from ion_framework.line_stream import LineStream

# Line separators and control characters that JSON allows as they are, and terminals obey.
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def make_logger(
    lines: LineStream, *, for_people: bool, colours: bool, level: int
) -> FilteringBoundLogger:
    """A logger of its own: another library's settings of structlog do not change its lines.

    Args:
        lines: where lines go.
        for_people: whether they are for people, else JSON.
        colours: whether those for people have colours.
        level: the lowest level that is written, as `logging` numbers it.
    """
    logger: FilteringBoundLogger = structlog.wrap_logger(
        lines,
        processors=_for_people(colours=colours) if for_people else [json_line],
        wrapper_class=structlog.make_filtering_bound_logger(level),
    )
    return logger


def json_line(_logger: object, method: str, event: MutableMapping[str, Any]) -> str:
    """The event as one line of strict JSON that Cloud Logging reads without further settings."""
    fields = {
        "severity": CLOUD_SEVERITIES.get(method, "DEFAULT"),
        "message": event.pop("event", ""),
    }
    line = json.dumps({**fields, **event}, ensure_ascii=False, allow_nan=False, default=repr)
    return _without_controls(line.encode("utf-8", "replace").decode())


def _for_people(*, colours: bool) -> list[Processor]:
    from structlog.dev import ConsoleRenderer  # looks for rich, which nobody needs for JSON

    return [
        structlog.processors.add_log_level,
        _one_line,
        ConsoleRenderer(colors=colours, sort_keys=False, pad_event_to=16),
    ]


def _one_line(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = _without_controls(value.encode("utf-8", "replace").decode())
    return event


def _without_controls(text: str) -> str:
    return _CONTROLS.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def level_named(method: str) -> int:
    """The number of a level that a line is written with."""
    return logging.getLevelNamesMapping()[CLOUD_SEVERITIES[method]]
