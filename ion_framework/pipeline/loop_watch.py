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
        stack: the innermost frames, the innermost last, as ``file:line function``.
        files: the files of the whole stack, the innermost first.
        seconds: for how long, so far if it still lasts.
        is_over: whether it has ended.
    """

    work: Work | None
    stack: tuple[str, ...]
    files: tuple[str, ...]
    seconds: float
    is_over: bool


class LoopWatch:
    """Watches one event loop from a thread.

    Args:
        loop: the loop, of the thread that makes this object.
        limit_s: seconds for which it may be held.
        tell: called with each hold, in the thread of the watchdog, once for each.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, limit_s: float, tell: Callable[[Hold], None]
    ) -> None:
        self._loop = loop
        self._limit_s = limit_s
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
            if self._beaten.wait(self._limit_s):
                continue
            if time.monotonic() - asked > self._limit_s * STARVED:
                continue
            self._look(asked)

    def _look(self, asked: float) -> None:
        frame = sys._current_frames().get(self._watched)  # noqa: SLF001  the documented way to see another thread
        work = at_work.current(self._loop, self._watched)
        if frame is None or self._beaten.is_set():
            return
        frames = _frames(frame)
        del frame  # it would keep alive what the function works with
        is_over = self._beaten.wait(LONGEST_S)
        self._tell(
            Hold(
                work,
                tuple(reversed(frames[:FRAMES])),
                tuple(dict.fromkeys(entry.partition(":")[0] for entry in frames)),
                time.monotonic() - asked,
                is_over,
            )
        )
        self._beaten.wait()


def _frames(frame: FrameType | None) -> list[str]:
    found = []
    while frame is not None:
        code = frame.f_code
        found.append(f"{code.co_filename}:{frame.f_lineno} {code.co_name}")
        frame = frame.f_back
    return found
