"""Making stored answers anew, behind the backs of callers who got the old ones."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

MOST_AT_ONCE = 16
"""Refreshments that run at once. Beyond them an answer stays stale: callers go first."""

CLOSE_S = 1.0
"""Seconds in which those that are cut off at the end may give their leases back."""


class Refreshes:
    """The refreshments that run.

    Args:
        most: how many may run at once.
    """

    def __init__(self, most: int = MOST_AT_ONCE) -> None:
        self._most = most
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    @property
    def running(self) -> int:
        """How many run now."""
        return len(self._tasks)

    def begin(self, work: Callable[[], Coroutine[Any, Any, None]]) -> bool:
        """Start one, unless too many run or the end has come; returns whether it was started.

        Args:
            work: makes the coroutine, which gives its lease back itself.
        """
        if self._closed or len(self._tasks) >= self._most:
            return False
        task = asyncio.get_running_loop().create_task(work())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return True

    def open(self) -> None:
        """Let refreshments begin, after a `close` too."""
        self._closed = False

    async def close(self) -> None:
        """Cut off what runs and let nothing new begin."""
        self._closed = True
        # One that is cancelled before its first step would never get to give its lease back.
        await asyncio.sleep(0)
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=CLOSE_S)
