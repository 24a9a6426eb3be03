"""Where log lines go: a stream that may be gone, and of an encoding that may be narrow."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TextIO

_BEYOND_ASCII = re.compile("[^\x00-\x7f]+")


CLOUD_SEVERITIES: Mapping[str, str] = {
    "debug": "DEBUG",
    "info": "INFO",
    "warning": "WARNING",
    "error": "ERROR",
    "critical": "CRITICAL",
}
"""Levels of lines as Google Cloud Logging calls them in its field ``severity``."""

CLOUD_TRACE = "logging.googleapis.com/trace"
"""The field by which Google Cloud Logging puts lines of one trace together."""


class LineStream:
    """Writes lines to a stream and counts those that it did not take; structlog's last step.

    Attributes:
        lost: lines that could not be written (closed, full disk, broken pipe).

    Args:
        stream: where lines go.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.lost = 0

    def write(self, line: str) -> None:
        """Write one line. A stream that is gone loses it, which is counted, and no more."""
        try:
            self._stream.write(_encodable(line, self._stream) + "\n")
            self._stream.flush()
        except (OSError, ValueError):
            self.lost += 1

    msg = debug = info = warning = error = critical = write


def _encodable(line: str, stream: TextIO) -> str:
    if line.isascii():
        return line
    encoding = getattr(stream, "encoding", None) or "utf-8"
    try:
        line.encode(encoding)
    except UnicodeError:
        # As JSON writes it, so that a line of JSON stays one.
        return _BEYOND_ASCII.sub(lambda match: json.dumps(match[0])[1:-1], line)
    return line
