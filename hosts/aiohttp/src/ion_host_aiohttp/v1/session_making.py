"""Sessions and their summaries as one part of the host, made by the settings."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import attrs

from ion_framework.clock import Clock, SystemClock
from ion_framework.errors import SettingsError
from ion_host_aiohttp.v1.session_thread import SessionThread
from ion_host_aiohttp.v1.sessions import SessionBounds, SessionLog, SessionsUnavailableError
from ion_host_aiohttp.v1.summary_jobs import SummaryJobs

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

    from ion_framework.settings.model import Settings

FILE = "sessions.sqlite3"
"""Name of the file in the data folder."""


@attrs.frozen
class Sessions:
    """What the endpoints of sessions share.

    Attributes:
        log: where sessions and summaries are kept.
        jobs: makes summaries.
    """

    log: SessionLog
    jobs: SummaryJobs

    @classmethod
    def kept_in(
        cls,
        log: SessionLog,
        bounds: SessionBounds | None = None,
        report: Callable[[str], None] = lambda _problem: None,
    ) -> Sessions:
        """Sessions in a log.

        Args:
            log: the log.
            bounds: how much is kept and done at once.
            report: told of what went wrong in the background.
        """
        return cls(log, SummaryJobs(log, bounds or SessionBounds(), report))

    @classmethod
    def in_memory(cls, bounds: SessionBounds | None = None, clock: Clock | None = None) -> Sessions:
        """Sessions that end with the process."""
        bounds = bounds or SessionBounds()
        return cls.kept_in(SessionThread(None, bounds, clock or SystemClock()), bounds)

    async def close(self) -> None:
        """Stop what is being made, and let go of files."""
        await self.jobs.close()
        await self.log.close()


async def make_sessions(
    settings: Settings, logger: FilteringBoundLogger, clock: Clock | None = None
) -> Sessions:
    """The sessions of a host: in the data folder, or in memory where that cannot be written.

    Raises:
        SettingsError: the data folder cannot be written, and several processes have to share it.
    """
    clock, bounds = clock or SystemClock(), SessionBounds()
    log = SessionThread(settings.folder() / FILE, bounds, clock)
    try:
        await log.open()
    except SessionsUnavailableError as error:
        await log.close()
        if settings.server.workers != 1:
            raise SettingsError(
                f"sessions cannot be kept: {error}; set data_dir (ION_DATA_DIR) to a folder that "
                "can be written, or server.workers to 1"
            ) from None
        logger.warning("sessions are kept in memory and end with the process", reason=str(error))
        log = SessionThread(None, bounds, clock)

    def report(problem: str) -> None:
        logger.warning("summary in the background", problem=problem)

    return Sessions.kept_in(log, bounds, report)
