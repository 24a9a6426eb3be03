"""Calls that wait for a thread, and the outcomes that event loops wait for."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Generic, TypeVar

from ion_store_sqlite.failures import store_error

_Result = TypeVar("_Result")


class Call(Generic[_Result]):
    """A function of a connection, and the future that gets its result.

    Args:
        function: the function.
        loop: the loop that waits.
        durable: whether what it writes has to be on the disk before it counts as done.
        alone: whether it manages transactions by itself.
        on_end: told how many seconds it took, before whoever waits is told anything.
    """

    def __init__(
        self,
        function: Callable[[sqlite3.Connection], _Result],
        loop: asyncio.AbstractEventLoop,
        *,
        durable: bool = True,
        alone: bool = False,
        on_end: Callable[[float], None] | None = None,
    ) -> None:
        self.outcome: asyncio.Future[_Result] = loop.create_future()
        self.durable = durable
        self.alone = alone
        self._made_at = time.perf_counter()
        self._on_end = on_end
        self._ended = False
        self._function = function
        self._loop = loop

    @property
    def wanted(self) -> bool:
        """Whether anybody still waits."""
        return not self.outcome.cancelled()

    def run(self, connection: sqlite3.Connection) -> _Result:
        """Call the function; whatever it raises is passed on."""
        return self._function(connection)

    def succeed(self, result: _Result) -> None:
        """Tell the loop of the result."""
        self._tell(lambda: self.outcome.set_result(result))

    def fail(self, error: BaseException) -> None:
        """Tell the loop of an error; those of SQLite in the words of the port."""
        told = store_error(error) if isinstance(error, sqlite3.Error) else error
        told.__cause__ = error if told is not error else error.__cause__
        self._tell(lambda: self.outcome.set_exception(told))

    def _tell(self, settle: Callable[[], None]) -> None:
        if self._ended:
            return  # it was done before its connection broke
        self._ended = True
        if self._on_end is not None:
            self._on_end(time.perf_counter() - self._made_at)

        def settle_once() -> None:
            if not self.outcome.done():
                settle()

        # A loop that is closed by now has nobody left who waits.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(settle_once)


AnyCall = Call[Any]
