"""What serves an open database: the thread that writes, those that read, backups and restores."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TypeVar

from ion_framework.conversations.store import StoreError
from ion_store_sqlite.calls import Call
from ion_store_sqlite.copying import back_up, take_over, verified
from ion_store_sqlite.database import open_reader, open_writer
from ion_store_sqlite.figures import StoreStats
from ion_store_sqlite.settings import StoreSettings
from ion_store_sqlite.workers import GROUP, Workers
from ion_store_sqlite.writing import read, write

_Result = TypeVar("_Result")

READERS = 2
"""Threads that read: a long read takes one of them and leaves the other."""


class Engine:
    """An open database.

    Args:
        file: the database.
        settings: its bounds.
    """

    def __init__(self, file: Path, settings: StoreSettings) -> None:
        self._file = file
        self._busy_s = settings.busy_s
        self._inode = 0
        self._writer = Workers(
            lambda: open_writer(file, settings.busy_s, settings.max_bytes),
            write,
            threads=1,
            group=GROUP,
            name="ion-store-writer",
        )
        self._readers = Workers(
            lambda: open_reader(file, settings.busy_s),
            read,
            threads=READERS,
            group=1,
            name="ion-store-reader",
        )

    async def open(self) -> None:
        """Open the connections, the one that makes the tables first.

        Raises:
            StoreError: the database cannot be used.
        """
        await self._writer.open()
        try:
            await self._readers.open()
        except BaseException:
            await self._writer.close()
            raise
        self._inode = self._file.stat().st_ino

    async def close(self) -> None:
        """Work through what waits and close the connections."""
        await self._readers.close()
        await self._writer.close()

    async def ping(self) -> None:
        """Return when both kinds of threads serve, and the file is still in its place.

        Raises:
            StoreError: the store cannot serve.
        """
        if not self._file.exists() or self._file.stat().st_ino != self._inode:
            raise StoreError(
                "the database was removed or replaced while it was open; start the host again"
            )
        await asyncio.gather(
            self.read(lambda c: c.execute("SELECT count(*) FROM sqlite_schema").fetchone()),
            self._writer.submit(lambda _: None, durable=False, alone=True),
        )

    def read(self, function: Callable[[sqlite3.Connection], _Result]) -> asyncio.Future[_Result]:
        """Have a function read from one snapshot."""
        return self._readers.submit(function)

    def write(
        self, function: Callable[[sqlite3.Connection], _Result], *, durable: bool = True
    ) -> asyncio.Future[_Result]:
        """Have a function write, wholly or not at all.

        Args:
            function: may be called again where a call that shares its transaction fails.
            durable: whether it has to be on the disk before it counts as done.
        """
        return self._writer.submit(function, durable=durable)

    async def back_up(self, file: Path) -> None:
        """Write a backup, as `ion_store_sqlite.copying.back_up` says."""
        await _in_own_thread(lambda: back_up(self._file, self._busy_s, file))

    async def restore(self, file: Path) -> int:
        """Replace everything by a backup; returns how many conversations it holds.

        Raises:
            ValueError: it is no backup, or a damaged one.
        """
        stack = ExitStack()
        copied = _in_own_thread(lambda: stack.enter_context(verified(self._file, file)))
        try:
            draft, count = await asyncio.shield(copied)
        except asyncio.CancelledError:
            copied.add_done_callback(lambda _: stack.close())
            raise
        with stack:
            await self._writer.submit(lambda c: take_over(c, draft), alone=True)
        return count

    async def stats(self) -> StoreStats:
        """The figures."""
        conversations, turns, feedback, size = await self.read(_counted)
        latency = self._writer.latency
        return StoreStats(
            conversations=conversations,
            turns=turns,
            feedback=feedback,
            bytes=size,
            waiting=self._writer.waiting,
            writes=latency.calls,
            groups=latency.groups,
            write_ms=latency.mean_s * 1000,
            longest_write_ms=latency.longest_s * 1000,
        )


def _counted(connection: sqlite3.Connection) -> tuple[int, int, int, int]:
    row: tuple[int, int, int, int] = connection.execute(
        "SELECT (SELECT count(*) FROM conversations), (SELECT count(*) FROM turns), "
        "(SELECT count(*) FROM feedback), "
        "(SELECT page_count * page_size FROM pragma_page_count, pragma_page_size)"
    ).fetchone()
    return row


def _in_own_thread(function: Callable[[], _Result]) -> asyncio.Future[_Result]:
    """Call a function that takes long in a daemon thread of its own."""
    call: Call[_Result] = Call(lambda _: function(), asyncio.get_running_loop())

    def work() -> None:
        try:
            result = function()
        except BaseException as error:  # noqa: BLE001  whoever waits is told
            call.fail(error)
        else:
            call.succeed(result)

    threading.Thread(target=work, name="ion-store-copy", daemon=True).start()
    return call.outcome
