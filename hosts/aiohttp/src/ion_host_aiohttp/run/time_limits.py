"""Time limits of requests: as `asyncio.timeout`, with one timer for all of the same length.

Nearly every request is over long before its limit. A timer of the event loop for each, which is set
and taken back, takes longer than much of what it guards. Limits of one length end in the order in
which they begin, so that only the first of them needs a timer.
"""

from __future__ import annotations

import asyncio
from enum import Enum, auto
from types import TracebackType
from typing import Self


class _State(Enum):
    ENTERED = auto()
    EXPIRING = auto()
    EXPIRED = auto()
    LEFT = auto()


class TimeLimit:
    """The time limit of what is done inside of it, in the task that enters it; entered once.

    Args:
        queue: the limits of the same length.
    """

    __slots__ = ("_cancelling", "_queue", "_state", "_task", "until")

    def __init__(self, queue: _Queue) -> None:
        self._queue = queue
        self._state = _State.LEFT
        self._task: asyncio.Task[object] | None = None
        self._cancelling = 0
        self.until = 0.0

    def __enter__(self) -> Self:
        """Begin.

        Raises:
            RuntimeError: no task is running.
        """
        task = self._task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a time limit needs a task that it can end")
        self._cancelling = task.cancelling()
        self._state = _State.ENTERED
        self._queue.add(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End.

        Raises:
            TimeoutError: it was over, and that is what ended what was done.
        """
        self._queue.discard(self)
        task, self._task = self._task, None
        if self._state is not _State.EXPIRING:
            self._state = _State.LEFT
            return
        self._state = _State.EXPIRED
        # Somebody else may have cancelled the task besides: then it stays cancelled.
        assert task is not None  # noqa: S101  only what was entered expires
        if task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError from error

    @property
    def expired(self) -> bool:
        """Whether it was over before what was done inside of it."""
        return self._state in (_State.EXPIRING, _State.EXPIRED)

    def expire(self) -> None:
        """It is over: whatever is still being done ends where it waits for something."""
        self._queue.discard(self)
        if self._state is _State.ENTERED and self._task is not None:
            self._state = _State.EXPIRING
            self._task.cancel()

    def lift(self) -> None:
        """It bounds nothing any longer, unless it is over already."""
        self._queue.discard(self)


class _Queue:
    """The limits of one length, in the order in which they end.

    Args:
        seconds: the length.
    """

    __slots__ = ("_limits", "_seconds", "_timer", "is_over")

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._limits: dict[TimeLimit, None] = {}
        self._timer: asyncio.TimerHandle | None = None
        self.is_over = False

    def add(self, limit: TimeLimit) -> None:
        """A limit begins."""
        loop = asyncio.get_running_loop()
        limit.until = loop.time() + self._seconds
        self._limits[limit] = None
        if self.is_over:
            loop.call_soon(limit.expire)
        elif self._timer is None:
            self._timer = loop.call_at(limit.until, self._look, loop)

    def discard(self, limit: TimeLimit) -> None:
        """A limit bounds nothing any longer."""
        self._limits.pop(limit, None)

    def expire(self) -> None:
        """All are over, and those that are still to come, too."""
        self.is_over = True
        for limit in tuple(self._limits):
            limit.expire()

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        now = loop.time()
        for limit in tuple(self._limits):
            if limit.until > now:
                self._timer = loop.call_at(limit.until, self._look, loop)
                return
            limit.expire()


class TimeLimits:
    """The time limits of one host; there are few lengths.

    Attributes:
        are_over: whether nothing has any time left.
    """

    def __init__(self) -> None:
        self._queues: dict[float, _Queue] = {}
        self.are_over = False

    def within(self, seconds: float) -> TimeLimit:
        """A time limit of so many seconds."""
        queue = self._queues.get(seconds)
        if queue is None:
            queue = self._queues[seconds] = _Queue(seconds)
            queue.is_over = self.are_over
        return TimeLimit(queue)

    def expire(self) -> None:
        """Nothing has any time left."""
        self.are_over = True
        for queue in self._queues.values():
            queue.expire()
