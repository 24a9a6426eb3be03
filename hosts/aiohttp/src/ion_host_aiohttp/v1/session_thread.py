"""The file of sessions behind a thread of its own: a slow disk holds up no other request."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from ion_framework.clock import Clock
from ion_host_aiohttp.v1.session_file import SessionFile
from ion_host_aiohttp.v1.sessions import Owner, SessionBounds, SummaryRecord

_Result = TypeVar("_Result")


class SessionThread:
    """A `SessionLog` in a file or in memory; opened at its first use.

    Args:
        path: the file; None keeps everything in the memory of this process.
        bounds: how much is kept.
        clock: the clock.
    """

    def __init__(self, path: Path | None, bounds: SessionBounds, clock: Clock) -> None:
        self._path = path
        self._bounds = bounds
        self._clock = clock
        self._file: SessionFile | None = None
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="ion-sessions")

    async def open(self) -> None:
        """Open it now, to learn at the start whether it can be.

        Raises:
            SessionsUnavailableError: it cannot.
        """
        await self._call(lambda _file: None)

    async def append(self, owner: Owner, session: str, message: str) -> int:
        """As `SessionLog.append`."""
        return await self._call(lambda file: file.append(owner, session, message, self._now()))

    async def drop(self, owner: Owner, session: str) -> None:
        """As `SessionLog.drop`."""
        await self._call(lambda file: file.drop(owner, session, self._now()))

    async def begin_summary(self, owner: Owner, session: str, token: str) -> tuple[str, ...]:
        """As `SessionLog.begin_summary`."""
        return await self._call(lambda file: file.begin_summary(owner, session, token, self._now()))

    async def take_over(self, owner: Owner, session: str, token: str) -> tuple[str, ...]:
        """As `SessionLog.take_over`."""
        return await self._call(lambda file: file.take_over(owner, session, token, self._now()))

    async def renew(self, token: str) -> bool:
        """As `SessionLog.renew`."""
        return await self._call(lambda file: file.renew(token, self._now()))

    async def finish(self, token: str, text: str, method: str) -> None:
        """As `SessionLog.finish`."""
        await self._call(lambda file: file.finish(token, text, method, self._now()))

    async def fail(self, token: str) -> None:
        """As `SessionLog.fail`."""
        await self._call(lambda file: file.fail(token, self._now()))

    async def release(self, token: str) -> None:
        """As `SessionLog.release`."""
        await self._call(lambda file: file.release(token, self._now()))

    async def summary(self, owner: Owner, session: str) -> SummaryRecord:
        """As `SessionLog.summary`."""
        return await self._call(lambda file: file.summary(owner, session, self._now()))

    async def close(self) -> None:
        """Close it, once everything is done that was asked for."""
        await asyncio.get_running_loop().run_in_executor(self._executor, self._shut)
        self._executor.shutdown(wait=False)

    def _now(self) -> float:
        return self._clock.time()

    async def _call(self, work: Callable[[SessionFile], _Result]) -> _Result:
        # Shielded: what was handed over is done, whoever has stopped waiting for it.
        return await asyncio.shield(
            asyncio.get_running_loop().run_in_executor(self._executor, self._with_file, work)
        )

    def _with_file(self, work: Callable[[SessionFile], _Result]) -> _Result:
        if self._file is None:
            self._file = SessionFile(self._path, self._bounds)
        return work(self._file)

    def _shut(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
