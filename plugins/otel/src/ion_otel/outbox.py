"""Where turns wait until the SDK has been imported, which nobody else waits for."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from ion_framework.pipeline.events import TurnCompleted, TurnFailed
from ion_otel.tally import Tally

if TYPE_CHECKING:
    from ion_otel.pipeline import Pipeline

CALM_S = 1.0
"""Seconds between the first turn and the import of what sends it, which takes the processor from a
start, or from that turn."""

MOST_EARLY = 1000
"""Turns that wait for the import at most."""

LEAST_S = 0.5
"""Seconds that sending has at the end, where waiting for the import took all the time there was:
threads that have not even heard of the end would go on after it."""

_MANY = 100
"""Turns that are not left to wait for calm."""


class Outbox:
    """Hands turns to a pipeline that is made in a thread of its own; needs a running event loop.

    Args:
        make: makes the pipeline, in that thread, once there is something to send; it may import
            and take its time.
        tally: where turns for which there is no room are counted.
        tell: is told why there is no pipeline, in that thread.
    """

    def __init__(
        self, make: Callable[[], Pipeline], tally: Tally, tell: Callable[[Exception], None]
    ) -> None:
        self._make = make
        self._tally = tally
        self._tell = tell
        self._early: deque[tuple[TurnCompleted | TurnFailed, int]] = deque()
        self._pipeline: Pipeline | None = None
        self._is_closed = False
        self._wanted, self._hurry = threading.Event(), threading.Event()
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._open, name="ion-otel-start", daemon=True)
        self._thread.start()

    def put(self, event: TurnCompleted | TurnFailed, trace_id: int) -> None:
        """Have the spans of a turn sent.

        Args:
            event: the turn.
            trace_id: the trace that it belongs to.
        """
        # Asked first: once the thread has ended, what is known of the pipeline is final.
        begins = self._thread.is_alive()
        if self._pipeline is not None:
            self._send_early()
            self._pipeline.take(event, trace_id)
        elif begins and len(self._early) < MOST_EARLY:
            self._early.append((event, trace_id))
            self._wanted.set()
            if len(self._early) == _MANY:
                self._hurry.set()
        else:
            self._tally.dropped += 1

    async def close(self, limit_s: float) -> None:
        """Send what waits, for at most so many seconds, and end.

        Args:
            limit_s: seconds; what waits longer is lost.
        """
        ends_at = time.monotonic() + limit_s
        self._hurry.set()
        self._wanted.set()
        await asyncio.to_thread(self._thread.join, limit_s)
        self._is_closed = True
        if self._pipeline is None:
            self._tally.dropped += len(self._early)
            self._early.clear()
            return
        self._send_early()
        left_s = max(LEAST_S, ends_at - time.monotonic())
        await asyncio.to_thread(self._pipeline.close, left_s)

    def _send_early(self) -> None:
        while self._early and self._pipeline is not None:
            self._pipeline.take(*self._early.popleft())

    def _open(self) -> None:
        self._wanted.wait()
        self._hurry.wait(CALM_S)
        if not self._early:
            return  # closed, and nothing was ever sent
        try:
            self._pipeline = self._make()
        except Exception as error:  # noqa: BLE001  told, and every turn that it costs is counted
            self._tell(error)
            return
        if self._is_closed:
            self._pipeline.close(0.0)  # the import outlasted the end, and nobody else knows of it
            return
        with suppress(RuntimeError):  # the loop is closed: the end has taken what waited
            self._loop.call_soon_threadsafe(self._send_early)
