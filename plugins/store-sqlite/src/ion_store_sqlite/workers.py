"""Threads with a connection of their own: one that writes, some that read."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, TypeVar

from ion_framework.conversations.store import StoreError
from ion_store_sqlite.calls import AnyCall, Call
from ion_store_sqlite.figures import Latency

if TYPE_CHECKING:
    import sqlite3

_Result = TypeVar("_Result")

GROUP = 64
"""Writes that one transaction holds at most: they share the wait for the disk."""

MOST_WAITING = 10_000
"""Calls that wait for a thread at most; a disk that hangs must not fill the memory."""


class Workers:
    """Threads that work through calls, one after another or in groups.

    Args:
        connect: opens a connection; called in each thread.
        work: works through a group of calls.
        threads: how many threads.
        group: calls of a group at most.
        name: name of the threads.
    """

    def __init__(
        self,
        connect: Callable[[], sqlite3.Connection],
        work: Callable[[sqlite3.Connection, list[AnyCall]], None],
        *,
        threads: int,
        group: int,
        name: str,
    ) -> None:
        self.latency = Latency()
        self._connect = connect
        self._work = work
        self._group = group
        self._name = name
        self._count = threads
        self._calls: SimpleQueue[AnyCall | None] = SimpleQueue()
        self._open = False
        self._ended: list[asyncio.Future[None]] = []

    @property
    def waiting(self) -> int:
        """Calls that wait for a thread."""
        return self._calls.qsize()

    async def open(self) -> None:
        """Start the threads and wait until their connections stand.

        Raises:
            StoreError: a connection cannot be opened.
        """
        loop = asyncio.get_running_loop()
        opened: list[AnyCall] = []
        self._open = True
        for _ in range(self._count):
            call = Call(lambda _: None, loop)
            ended: asyncio.Future[None] = loop.create_future()
            opened.append(call)
            self._ended.append(ended)
            threading.Thread(
                target=self._live, args=(call, ended, loop), name=self._name, daemon=True
            ).start()
        try:
            found = await asyncio.gather(*(call.outcome for call in opened), return_exceptions=True)
        except asyncio.CancelledError:
            self._end()
            raise
        errors = [item for item in found if isinstance(item, BaseException)]
        if errors:
            await self.close()
            raise errors[0]

    async def close(self) -> None:
        """Work through what waits, then end the threads."""
        if not self._open:
            return
        self._end()
        await asyncio.gather(*self._ended)
        self._ended.clear()
        # Threads whose connection failed have left their sign of the end behind.
        self._calls = SimpleQueue()

    def submit(
        self,
        function: Callable[[sqlite3.Connection], _Result],
        *,
        durable: bool = True,
        alone: bool = False,
    ) -> asyncio.Future[_Result]:
        """Have a function called in a thread.

        Args:
            function: gets the connection.
            durable: whether what it writes has to be on the disk before it counts as done.
            alone: whether it manages transactions by itself.

        Raises:
            StoreError: the store is closed, or too many calls wait.
        """
        if not self._open:
            raise StoreError("the store is closed")
        if self.waiting >= MOST_WAITING:
            raise StoreError(f"{MOST_WAITING} calls wait for the database; is its disk too slow?")
        loop = asyncio.get_running_loop()
        call = Call(function, loop, durable=durable, alone=alone, on_end=self.latency.note_call)
        self._calls.put(call)
        return call.outcome

    def _end(self) -> None:
        self._open = False
        for _ in self._ended:
            self._calls.put(None)

    def _live(
        self, opened: AnyCall, ended: asyncio.Future[None], loop: asyncio.AbstractEventLoop
    ) -> None:
        try:
            connection: sqlite3.Connection | None = self._connect()
        except BaseException as error:  # noqa: BLE001  whoever opens the store is told
            opened.fail(error)
        else:
            opened.succeed(None)
            while calls := self._take():
                self.latency.note_group()
                connection = self._worked(connection, calls)
            if connection is not None:
                connection.close()
        _settle(loop, ended)

    def _worked(
        self, connection: sqlite3.Connection | None, calls: list[AnyCall]
    ) -> sqlite3.Connection | None:
        """Work through calls; returns the connection for the next ones, None where it is broken.

        A disk that fails may leave a connection that cannot even be rolled back. Nobody must wait
        in vain then, and the next calls get a new one.
        """
        try:
            connection = connection or self._connect()
            self._work(connection, calls)
        except BaseException as error:  # noqa: BLE001  the callers are told
            for call in calls:
                call.fail(error)
            if connection is not None:
                connection.close()
            return None
        return connection

    def _take(self) -> list[AnyCall]:
        """The next calls, empty at the end."""
        taken: list[AnyCall] = []
        first = self._calls.get()
        while first is not None:
            if first.wanted:
                taken.append(first)
            if len(taken) == self._group or (taken and self._calls.empty()):
                return taken
            try:
                first = self._calls.get(block=not taken)
            except Empty:
                return taken
        if taken:
            self._calls.put(None)  # the end comes after this group
        return taken


def _settle(loop: asyncio.AbstractEventLoop, future: asyncio.Future[None]) -> None:
    def settle() -> None:
        if not future.done():
            future.set_result(None)

    try:
        loop.call_soon_threadsafe(settle)
    except RuntimeError:
        return  # the loop was closed before the store: nobody waits for the thread
