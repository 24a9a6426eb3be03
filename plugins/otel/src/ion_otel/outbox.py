"""Where turns wait until the SDK has been imported, which nobody else waits for."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from ion_framework.pipeline.events import TurnCompleted, TurnFailed
from ion_otel.tally import Tally

if TYPE_CHECKING:
    from ion_otel.pipeline import Pipeline

MOST_EARLY = 200
"""Turns that wait for the import at most."""


class Outbox:
    """Hands turns to a pipeline that is made in a thread of its own.

    Args:
        make: makes the pipeline, in that thread; it may import and take its time.
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
        self._thread = threading.Thread(target=self._open, name="ion-otel-start", daemon=True)
        self._thread.start()

    def put(self, event: TurnCompleted | TurnFailed, trace_id: int) -> None:
        """Have the spans of a turn sent.

        Args:
            event: the turn.
            trace_id: the trace that it belongs to.
        """
        if self._pipeline is not None:
            self._send_early(self._pipeline)
            self._pipeline.take(event, trace_id)
        elif self._thread.is_alive() and len(self._early) < MOST_EARLY:
            self._early.append((event, trace_id))
        else:
            self._tally.dropped += 1

    def close(self, limit_s: float) -> None:
        """Send what waits, for at most so many seconds, and end; waits for it.

        Args:
            limit_s: seconds; what waits longer is lost.
        """
        ends_at = time.monotonic() + limit_s
        self._thread.join(limit_s)
        if self._pipeline is None:
            self._tally.dropped += len(self._early)
            self._early.clear()
            return
        self._send_early(self._pipeline)
        self._pipeline.close(max(0.0, ends_at - time.monotonic()))

    def _send_early(self, pipeline: Pipeline) -> None:
        while self._early:
            pipeline.take(*self._early.popleft())

    def _open(self) -> None:
        try:
            self._pipeline = self._make()
        except Exception as error:  # noqa: BLE001  told, and every turn that it costs is counted
            self._tell(error)
