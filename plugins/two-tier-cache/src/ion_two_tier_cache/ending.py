"""Ending work for certain.

To cancel a task once is not enough in Python 3.11: where `asyncio.wait_for`, which redis-py sends
every command under, meets the end of what it waits for in the same step of the loop, it swallows
the cancellation, and the task goes on.
"""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Any, Self

AGAIN_S = 0.1
"""Seconds after which a task that goes on is cancelled again: time for it to tidy up."""


async def end(*tasks: asyncio.Task[Any] | None) -> None:
    """Cancel tasks, as often as it takes, until all of them have ended.

    What they raise is of no interest any more. Who waits here can be cancelled; then every task was
    cancelled once at least.

    Args:
        tasks: tasks of the running event loop, the current one not among them; None: no task.
    """
    pending = {task for task in tasks if task is not None}
    while pending:
        for task in pending:
            task.cancel()
        ended, pending = await asyncio.wait(pending, timeout=AGAIN_S)
        for task in ended:
            if not task.cancelled():
                # Taken notice of, or the loop would complain that nobody did.
                task.exception()


class TimeLimit:
    """As `asyncio.timeout`, for work that may swallow a cancellation: it is cancelled again.

    Args:
        seconds: time for what stands below it; with 0 or less it ends at the first wait.

    Raises:
        TimeoutError: the time was over.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._cancels = 0

    async def __aenter__(self) -> Self:
        """Begin."""
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("there is no task whose time could be limited")
        self._task = task
        self._cancelling = task.cancelling()
        self._loop = asyncio.get_running_loop()
        self._timer = self._loop.call_later(max(self._seconds, 0.0), self._expire)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End; a cancellation by somebody else stays one."""
        del trace
        self._timer.cancel()
        for _ in range(self._cancels):
            self._task.uncancel()
        is_ours = self._cancels and self._task.cancelling() <= self._cancelling
        if is_ours and kind is not None and issubclass(kind, asyncio.CancelledError):
            raise TimeoutError from error

    def _expire(self) -> None:
        self._cancels += 1
        self._task.cancel()
        self._timer = self._loop.call_later(AGAIN_S, self._expire)
