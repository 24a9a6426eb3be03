"""Lines of JSON in one step: everything that becomes of an event, from the call to its text.

Every request leaves a line or two. A chain of small steps, each of which is looked up and called,
takes longer than what they do.
"""

from __future__ import annotations

import time
from collections.abc import Callable, MutableMapping
from datetime import UTC, datetime
from typing import Any

import structlog

Render = Callable[[object, str, MutableMapping[str, Any]], str]
"""Makes an event into its line."""

_LEVELS = {"warn": "warning", "exception": "error"}
"""Levels of methods of loggers that have another name."""


class JsonEvents:
    """A processor of structlog that does what the chain of all others does.

    Those are ``merge_contextvars``, ``add_log_level``, ``TimeStamper`` (ISO 8601 in UTC),
    ``format_exc_info`` and the one that makes the line.

    Args:
        render: makes the line.
        now: the clock; seconds since the Unix epoch.

    Attributes:
        render: makes the line.
    """

    def __init__(self, render: Render, now: Callable[[], float] = time.time) -> None:
        self.render = render
        self._now = now
        self._second = -1
        self._text = ""

    def __call__(self, logger: object, method: str, event: MutableMapping[str, Any]) -> str:
        """The line of an event."""
        merged = structlog.contextvars.merge_contextvars(logger, method, event)
        merged["level"] = _LEVELS.get(method, method)
        merged["timestamp"] = self.timestamp()
        if "exc_info" in merged:
            structlog.processors.format_exc_info(logger, method, merged)
        return self.render(logger, method, merged)

    def timestamp(self) -> str:
        """The time now, as lines have it."""
        now = self._now()
        second = int(now)
        if second != self._second:
            # Nearly all lines of a second share what it says up to its fraction.
            self._second = second
            self._text = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        return f"{self._text}.{int((now - second) * 1_000_000):06d}Z"
