"""Opening an `Ion` for a command: quietly, within its own settings, and closed in the end."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING

from ion_framework.settings.model import LogLevel, Settings

if TYPE_CHECKING:
    from ion_framework.ion import Ion


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Ion]:
    """An `Ion` that is active and started.

    Args:
        settings: its settings.

    Raises:
        PluginError: the plugins cannot start as configured.
        SettingsError: a plugin's settings are wrong.
    """
    from ion_framework.ion import Ion  # imports the whole pipeline

    with logging_to_stderr(settings):
        async with Ion(settings) as ion:
            yield ion


@contextmanager
def logging_to_stderr(settings: Settings) -> Iterator[None]:
    """Log to standard error, from warnings on; ``log.level`` debug or error is heeded.

    The default level, info, is for hosts: a person who asks one thing wants the answer.
    """
    import logging

    import structlog  # costs 50 ms; listing plugins must not pay for it

    wanted = settings.log.level
    level = LogLevel.WARNING if wanted is LogLevel.INFO else wanted
    before = structlog.get_config()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[level.value.upper()]
        ),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )
    try:
        yield
    finally:
        structlog.configure(**before)
