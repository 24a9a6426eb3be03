"""One event, one line, whatever is in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from json import JSONEncoder
from typing import TYPE_CHECKING, Any, TypeAlias

from ion_framework.line_stream import CLOUD_SEVERITIES
from ion_log.settings import LEVELS
from ion_log.telling import Line

if TYPE_CHECKING:
    from ion_framework.line_stream import LineStream

# Line separators and control characters that JSON allows as they are, and terminals obey.
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")

Write: TypeAlias = Callable[[Line], None]
"""Writes a line, where its level is one that is written."""

as_json = JSONEncoder(ensure_ascii=False, allow_nan=False, default=repr).encode
"""A value as strict JSON; what JSON has no form for as its ``repr``."""


def json_writer(lines: LineStream, level: int) -> Write:
    """Writes lines of strict JSON.

    Args:
        lines: where lines go.
        level: the lowest level that is written, as `logging` numbers it.
    """

    def write(line: Line) -> None:
        if LEVELS[line.level] >= level:
            lines.write(json_line(line))

    return write


def json_line(line: Line) -> str:
    """A line of strict JSON that Cloud Logging reads without further settings."""
    severity = CLOUD_SEVERITIES[line.level]
    return clean(as_json({"severity": severity, "message": line.message, **line.fields}))


def console_writer(lines: LineStream, level: int, *, colours: bool) -> Write:
    """Writes lines for people.

    The logger is one of its own: another library's settings of structlog do not change its lines.

    Args:
        lines: where lines go.
        level: the lowest level that is written, as `logging` numbers it.
        colours: whether they have colours.
    """
    import structlog
    from structlog.dev import ConsoleRenderer  # looks for rich, which nobody needs for JSON

    logger = structlog.wrap_logger(
        lines,
        processors=[
            structlog.processors.add_log_level,
            _one_line,
            ConsoleRenderer(colors=colours, sort_keys=False, pad_event_to=16),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
    )

    def write(line: Line) -> None:
        logger.log(LEVELS[line.level], line.message, **line.fields)

    return write


def _one_line(_logger: object, _method: str, event: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        name: clean(value) if isinstance(value, str) else value for name, value in event.items()
    }


def clean(text: str) -> str:
    """A text without control characters, as JSON writes them, and with ``?`` for a lone surrogate.

    Args:
        text: the text.
    """
    if text.isascii() and text.isprintable():
        return text
    whole = text.encode("utf-8", "replace").decode()
    return _CONTROLS.sub(lambda match: f"\\u{ord(match[0]):04x}", whole)
