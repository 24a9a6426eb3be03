"""Logging of the host: structlog to one stream, and the standard library's warnings with it."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, TextIO

import structlog

from ion_framework.line_stream import LineStream
from ion_framework.settings.model import LogFormat, LogLevel, LogSettings
from ion_host_aiohttp.run.json_events import JsonEvents
from ion_host_aiohttp.run.log_lines import cloud_line, console_line, json_line
from ion_host_aiohttp.run.request_lines import logger_class

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger, Processor

_LEVELS = {
    LogLevel.DEBUG: logging.DEBUG,
    LogLevel.INFO: logging.INFO,
    LogLevel.WARNING: logging.WARNING,
    LogLevel.ERROR: logging.ERROR,
}


ON_CLOUD_RUN = "K_SERVICE"
"""The variable that Google Cloud Run sets for every service, which collects lines for Cloud
Logging."""


def make_logger(
    stream: TextIO, settings: LogSettings, environ: Mapping[str, str] = os.environ
) -> FilteringBoundLogger:
    """A logger of its own, for one `Service`.

    Args:
        stream: where lines go.
        settings: form and lowest level of lines.
        environ: says whether this runs where lines in JSON are collected for Cloud Logging.
    """
    logger: FilteringBoundLogger = structlog.wrap_logger(
        LineStream(stream),
        processors=_processors(stream, settings, environ),
        wrapper_class=logger_class(_LEVELS[settings.level]),
    ).bind()
    return logger


def configure_process(
    stream: TextIO, settings: LogSettings, environ: Mapping[str, str] = os.environ
) -> FilteringBoundLogger:
    """Make the same logger the one of the whole process: of plugins, and of other libraries."""
    lines = LineStream(stream)
    structlog.configure(
        processors=_processors(stream, settings, environ),
        wrapper_class=logger_class(_LEVELS[settings.level]),
        logger_factory=lambda *_: lines,
        cache_logger_on_first_use=True,
    )
    # Bound once: what `get_logger` gives looks its logger up anew for every line.
    logger: FilteringBoundLogger = structlog.get_logger().bind()
    logging.basicConfig(handlers=[_Bridge(logger)], level=logging.WARNING, force=True)
    return logger


def _processors(
    stream: TextIO, settings: LogSettings, environ: Mapping[str, str]
) -> list[Processor]:
    if not _for_people(stream, settings.format):
        is_cloud = settings.format is LogFormat.CLOUD or bool(environ.get(ON_CLOUD_RUN))
        return [JsonEvents(cloud_line if is_cloud else json_line)]
    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        console_line,
    ]


def _for_people(stream: TextIO, form: LogFormat) -> bool:
    return form is LogFormat.CONSOLE or (form is LogFormat.AUTO and stream.isatty())


class _Bridge(logging.Handler):
    """Passes what other libraries log on to structlog, so that they too leave one line each."""

    def __init__(self, logger: FilteringBoundLogger) -> None:
        super().__init__(logging.WARNING)
        self._logger = logger

    def emit(self, record: logging.LogRecord) -> None:
        """Pass one record on; one whose arguments do not fit its text goes without them."""
        try:
            message = record.getMessage()
        except Exception:  # noqa: BLE001  arguments are foreign objects and may raise anything
            message = str(record.msg)
        self._logger.log(record.levelno, message, logger=record.name, exc_info=record.exc_info)
