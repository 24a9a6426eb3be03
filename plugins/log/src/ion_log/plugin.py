"""What the entry point names: the monitor that leaves log lines."""

from __future__ import annotations

import sys
from typing import TextIO

from ion_framework import PluginContext, hookimpl
from ion_framework.line_stream import LineStream
from ion_framework.pipeline.events import Event
from ion_log.lines import level_named, make_logger
from ion_log.settings import LEVELS, LogSettings
from ion_log.telling import Line, Teller


class Log:
    """Leaves a line for each event that is to be logged.

    Args:
        settings: what is logged, and how.
        stream: where lines go.
    """

    def __init__(self, settings: LogSettings, stream: TextIO) -> None:
        tty = stream.isatty()
        self._teller = Teller(settings)
        self._lines = LineStream(stream)
        self._logger = make_logger(
            self._lines,
            for_people=settings.format == "console" or (settings.format == "auto" and tty),
            colours=tty,
            level=LEVELS[settings.level],
        )
        self._unwritten = 0
        self._told = 0

    @property
    def unwritten(self) -> int:
        """Lines that could not be written so far, whatever the reason."""
        return self._lines.lost + self._unwritten

    @hookimpl
    def ion_observe(self, event: Event) -> None:
        """Leave a line for an event; one that cannot be written is counted, and told later."""
        try:
            line = self._teller.line(event)
            if line is not None:
                self._write(line)
        except Exception:  # noqa: BLE001  a value of a plugin's own may raise anything when it is read
            self._unwritten += 1

    def _write(self, line: Line) -> None:
        missing = self.unwritten - self._told
        fields = {**line.fields, "lines_lost": missing} if missing else line.fields
        self._logger.log(level_named(line.level), line.message, **fields)
        if missing and self.unwritten - self._told == missing:
            self._told += missing


def plugin(context: PluginContext) -> Log:
    """The plugin of one `Ion`."""
    settings = context.settings_as(LogSettings)
    return Log(settings, sys.stdout if settings.stream == "stdout" else sys.stderr)
