"""A watchdog: notices when the event loop is held, and names who holds it.

A plain function that blocks cannot be stopped, so nothing else is done meanwhile: no other turn, no
health answer. A thread of its own asks the loop for a sign of life some times a second; where none
comes soon, it looks at the stack of the loop's thread, and where none has come when the limit is
over as well, once more. Of a loop that answers no stack is taken.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType

import attrs

from ion_framework.pipeline import at_work
from ion_framework.pipeline.at_work import Sight, Work
from ion_framework.pipeline.run_queue import RunQueue

LONGEST_S = 5.0
"""Seconds for which it waits for the end of a hold before it tells of it anyway."""

SLICES = 5
"""Parts of the limit in which it waits: one for the sign of life before it looks at all."""

ASIDE = 3
"""Such parts between two signs of life. With the others they are twice the limit, so that a hold
of that length is noticed, whenever it begins."""

STARVED = 2.0
"""Of a part that took the watch's own thread this many times longer than it meant to, no more than
that counts: the whole process was stopped, or had no processor."""

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
        call: the same object for all holds of one plain call or of one task; None where that is
            not known.
    """

    work: Work | None
    frames: tuple[str, ...]
    before: tuple[str, ...]
    seconds: float
    is_over: bool
    call: object | None = attrs.field(default=None, repr=False)

    @property
    def stack(self) -> tuple[str, ...]:
        """The innermost frames, the innermost last."""
        return tuple(reversed(self.frames[:FRAMES]))


def stack_of(thread: int) -> FrameType | None:
    """What a thread runs just now, None where there is no such thread.

    Args:
        thread: its identity (``threading.get_ident``).
    """
    # Up to Python 3.11.8 a collection within the call may stop every thread for good (gh-106883).
    spares = sys.version_info < (3, 11, 9) and gc.isenabled()
    if spares:
        gc.disable()
    try:
        return sys._current_frames().get(thread)  # noqa: SLF001  the documented way to see another thread
    finally:
        if spares:
            gc.enable()


@attrs.frozen
class _Look:
    """What the loop's thread does at a moment.

    Attributes:
        sight: whose code it is.
        frames: its stack, the innermost frame first.
    """

    sight: Sight
    frames: tuple[str, ...]


class LoopWatch:
    """Watches one event loop from a thread.

    Args:
        loop: the loop, of the thread that makes this object.
        limit_s: seconds for which it may be held.
        notice: called with each hold in the thread of the watchdog, while it still lasts.
        tell: called with each hold in the thread of the watchdog, once for each, at its end.
        queued_s: seconds for which the loop's thread has waited for a processor since it began,
            which are not its own; by default as the system counts them.
        stack: what a thread runs.
    """

    def __init__(  # noqa: PLR0913  two of them are seams
        self,
        loop: asyncio.AbstractEventLoop,
        limit_s: float,
        notice: Callable[[Hold], None],
        tell: Callable[[Hold], None],
        *,
        queued_s: Callable[[], float] | None = None,
        stack: Callable[[int], FrameType | None] = stack_of,
    ) -> None:
        self._loop = loop
        self._limit_s = limit_s
        self._slice_s = limit_s / SLICES
        self._queued_s = queued_s or RunQueue(threading.get_native_id()).waited_s
        self._stack = stack
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
        while not self._stopped.wait(ASIDE * self._slice_s):
            self._beaten.clear()
            asked = time.monotonic()
            try:
                self._loop.call_soon_threadsafe(self._beaten.set)
            except RuntimeError:
                return  # the loop is closed
            if self._beaten.wait(self._slice_s):
                continue
            # Whoever runs now and when the time is over has run all the while: a task has one turn
            # before the sign of life has its own.
            before = self._look()
            if self._lasts():
                self._notice_hold(asked, before)

    def _lasts(self) -> bool:
        """Whether the loop gives no sign of life until the limit is over.

        What counts is the time in which its thread ran, or waited for anything but a processor.
        """
        left_s, queued_s = self._limit_s, self._queued_s()
        while left_s > 0:
            began = time.monotonic()
            if self._beaten.wait(self._slice_s) or self._stopped.is_set():
                return False
            queued_before_s, queued_s = queued_s, self._queued_s()
            own_s = time.monotonic() - began - (queued_s - queued_before_s)
            left_s -= min(own_s, STARVED * self._slice_s)
        return True

    def _notice_hold(self, asked: float, before: _Look) -> None:
        now = self._look()
        if not now.frames or self._beaten.is_set():
            return
        call = now.sight.running
        hold = Hold(
            now.sight.work,
            now.frames,
            before.frames if call is not None and call is before.sight.running else (),
            time.monotonic() - asked,
            is_over=False,
            call=call,
        )
        self._notice(hold)
        is_over = self._beaten.wait(LONGEST_S)
        self._tell(attrs.evolve(hold, seconds=time.monotonic() - asked, is_over=is_over))
        self._beaten.wait()

    def _look(self) -> _Look:
        sight = at_work.seen(self._loop, self._watched)
        frames = tuple(_frames(self._stack(self._watched)))
        # The loop may have gone on between the two: then nobody knows whose the stack is.
        is_one = at_work.seen(self._loop, self._watched).running is sight.running
        return _Look(sight if is_one else Sight(), frames)


def _frames(frame: FrameType | None) -> list[str]:
    found = []
    while frame is not None:
        code = frame.f_code
        found.append(f"{code.co_filename}:{frame.f_lineno} {code.co_name}")
        frame = frame.f_back
    return found
