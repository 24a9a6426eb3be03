"""What the entry point names: the monitor that leaves log lines."""

from __future__ import annotations

import sys
from typing import TextIO

from ion_framework import PluginContext, hookimpl
from ion_framework.line_stream import LineStream
from ion_framework.pipeline.events import Event
from ion_log.lines import console_writer, json_writer
from ion_log.settings import LEVELS, LogSettings
from ion_log.telling import Line, Teller
from ion_log.turn_lines import TurnLines


class Log:
    """Leaves a line for each event that is to be logged.

    Args:
        settings: what is logged, and how.
        stream: where lines go.
    """

    def __init__(self, settings: LogSettings, stream: TextIO) -> None:
        tty, level = stream.isatty(), LEVELS[settings.level]
        for_people = settings.format == "console" or (settings.format == "auto" and tty)
        self._teller = Teller(settings)
        self._lines = LineStream(stream)
        self._write_line = (
            console_writer(self._lines, level, colours=tty)
            if for_people
            else json_writer(self._lines, level)
        )
        is_usual = not (for_people or settings.include_text) and LEVELS["info"] >= level
        self._usual = TurnLines(settings.project) if is_usual else None
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
            if self._usual is not None and self.unwritten == self._told:
                usual = self._teller.usual(event)
                text = None if usual is None else self._usual.line(usual)
                if text is not None:
                    self._lines.write(text)
                    return
            line = self._teller.line(event)
            if line is not None:
                self._write(line)
        except Exception:  # noqa: BLE001  a value of a plugin's own may raise anything when it is read
            self._unwritten += 1

    def _write(self, line: Line) -> None:
        missing = self.unwritten - self._told
        fields = {**line.fields, "lines_lost": missing} if missing else line.fields
        self._write_line(Line(line.level, line.message, fields))
        if missing and self.unwritten - self._told == missing:
            self._told += missing


def plugin(context: PluginContext) -> Log:
    """The plugin of one `Ion`."""
    settings = context.settings_as(LogSettings)
    return Log(settings, sys.stdout if settings.stream == "stdout" else sys.stderr)
