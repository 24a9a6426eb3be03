"""A watchdog: notices when the event loop is held, and names who holds it.

A plain function that blocks cannot be stopped, so nothing else is done meanwhile: no other turn, no
health answer. A thread of its own asks the loop for a sign of life some times a second; where none
comes within the limit, it looks at the stack of the loop's thread.
"""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType

import attrs

from ion_framework.pipeline import at_work
from ion_framework.pipeline.at_work import Work

LONGEST_S = 5.0
"""Seconds for which it waits for the end of a hold before it tells of it anyway."""

STARVED = 2.0
"""A thread that itself slept this many times longer than it meant to has no evidence: the whole
process had no processor."""

FRAMES = 6
"""Frames of the stack that are told, the innermost ones."""


@attrs.frozen
class Hold:
    """The event loop was held.

    Attributes:
        work: the hook of the plugin that ran, as far as the dispatcher knows; None else.
        frames: the whole stack, the innermost frame first, as ``file:line function``.
        before: the stack as long before as the loop may be held, where the same call or the same
            task ran then; empty where another did, so that nobody held it for all of the time.
        seconds: for how long, so far if it still lasts.
        is_over: whether it has ended.
    """

    work: Work | None
    frames: tuple[str, ...]
    before: tuple[str, ...]
    seconds: float
    is_over: bool

    @property
    def stack(self) -> tuple[str, ...]:
        """The innermost frames, the innermost last."""
        return tuple(reversed(self.frames[:FRAMES]))


@attrs.frozen
class _Sight:
    """What the loop's thread does at a moment.

    Attributes:
        running: the call or the task, None where there is none.
        frames: its stack, the innermost frame first.
    """

    running: object | None
    frames: tuple[str, ...]


class LoopWatch:
    """Watches one event loop from a thread.

    Args:
        loop: the loop, of the thread that makes this object.
        limit_s: seconds for which it may be held.
        notice: called with each hold in the thread of the watchdog, while it still lasts.
        tell: called with each hold in the thread of the watchdog, once for each, at its end.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        limit_s: float,
        notice: Callable[[Hold], None],
        tell: Callable[[Hold], None],
    ) -> None:
        self._loop = loop
        self._limit_s = limit_s
        self._notice = notice
        self._tell = tell
        self._watched = threading.get_ident()
        self._beaten = threading.Event()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="ion-loop-watch", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        at_work.watch(self._watched)
        self._thread.start()

    def stop(self) -> None:
        """Watch no longer."""
        at_work.unwatch(self._watched)
        self._stopped.set()

    def _watch(self) -> None:
        while not self._stopped.wait(self._limit_s):
            self._beaten.clear()
            asked = time.monotonic()
            try:
                self._loop.call_soon_threadsafe(self._beaten.set)
            except RuntimeError:
                return  # the loop is closed
            # Whoever runs now and when the time is over has run all the while: a task has one turn
            # before the sign of life has its own.
            before = self._sight()
            if self._beaten.wait(self._limit_s):
                continue
            if time.monotonic() - asked > self._limit_s * STARVED:
                continue
            self._look(asked, before)

    def _look(self, asked: float, before: _Sight) -> None:
        now, work = self._sight(), at_work.current(self._loop, self._watched)
        if not now.frames or self._beaten.is_set():
            return
        is_same = now.running is not None and now.running is before.running
        seconds = time.monotonic() - asked
        hold = Hold(work, now.frames, before.frames if is_same else (), seconds, is_over=False)
        self._notice(hold)
        is_over = self._beaten.wait(LONGEST_S)
        self._tell(attrs.evolve(hold, seconds=time.monotonic() - asked, is_over=is_over))
        self._beaten.wait()

    def _sight(self) -> _Sight:
        running = at_work.running(self._loop, self._watched)
        frame = sys._current_frames().get(self._watched)  # noqa: SLF001  the documented way to see another thread
        return _Sight(running, tuple(_frames(frame)))


def _frames(frame: FrameType | None) -> list[str]:
    found = []
    while frame is not None:
        code = frame.f_code
        found.append(f"{code.co_filename}:{frame.f_lineno} {code.co_name}")
        frame = frame.f_back
    return found
