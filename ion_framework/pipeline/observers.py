"""Telling observers, so that no turn ever waits for one of them."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

import attrs

from ion_framework.clock import Clock
from ion_framework.errors import HookError
from ion_framework.pipeline.calling import call
from ion_framework.pipeline.events import Event
from ion_framework.pipeline.implementation import Implementation

QUEUE_SIZE = 1000
"""Events that wait for one observer; what comes on top is dropped and counted."""

FAILURES = 5
"""Failures within the window after which an observer is quarantined."""

WINDOW_S = 60.0
QUARANTINE_S = 60.0
LIMIT_S = 5.0


@attrs.frozen
class ObserverStats:
    """Figures of one observer.

    Attributes:
        delivered: events that it took.
        dropped: events for which there was no room, or that came during its quarantine.
        failed: events at which it failed.
    """

    delivered: int = 0
    dropped: int = 0
    failed: int = 0


class Observers:
    """Every implementation of ``ion_observe`` with a queue and a task of its own.

    Args:
        implementations: the observers.
        clock: for windows and quarantine.
        on_quarantine: called with plugin and reason when one is quarantined, and with an empty
            reason when it is let in again.
    """

    def __init__(
        self,
        implementations: Sequence[Implementation],
        clock: Clock,
        on_quarantine: Callable[[str, str], None],
    ) -> None:
        self._lanes = tuple(_Lane(item, clock, on_quarantine) for item in implementations)

    def emit(self, event: Event) -> None:
        """Hand an event to every observer; returns at once."""
        for lane in self._lanes:
            lane.put(event)

    def start(self) -> None:
        """Begin to deliver; needs a running event loop."""
        for lane in self._lanes:
            lane.start()

    async def close(self, limit_s: float) -> None:
        """Deliver what waits, for at most so many seconds, and stop."""
        await asyncio.gather(*(lane.close(limit_s) for lane in self._lanes))

    def stats(self) -> dict[str, ObserverStats]:
        """Figures by plugin."""
        return {lane.item.plugin: lane.stats for lane in self._lanes}


class _Lane:
    """One observer's queue."""

    def __init__(
        self, item: Implementation, clock: Clock, on_quarantine: Callable[[str, str], None]
    ) -> None:
        self.item = item
        self.stats = ObserverStats()
        self._clock = clock
        self._on_quarantine = on_quarantine
        self._queue: deque[Event] = deque()
        self._arrived = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._failures: deque[float] = deque(maxlen=FAILURES)
        self._out_until: float | None = None
        self._task: asyncio.Task[None] | None = None

    def put(self, event: Event) -> None:
        if self._task is None:
            return
        if len(self._queue) >= QUEUE_SIZE or self._is_out():
            self.stats = attrs.evolve(self.stats, dropped=self.stats.dropped + 1)
            return
        self._queue.append(event)
        self._idle.clear()
        self._arrived.set()

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._deliver_all())

    async def close(self, limit_s: float) -> None:
        if self._task is None:
            return
        try:
            async with asyncio.timeout(limit_s):
                await self._idle.wait()
        except TimeoutError:
            left = len(self._queue)
            self.stats = attrs.evolve(self.stats, dropped=self.stats.dropped + left)
        self._task.cancel()
        await asyncio.wait({self._task}, timeout=limit_s)
        self._task = None

    async def _deliver_all(self) -> None:
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            while self._queue:
                await self._deliver(self._queue.popleft())
            self._idle.set()

    async def _deliver(self, event: Event) -> None:
        try:
            await call(self.item, {"event": event}, LIMIT_S)
        except HookError as error:
            self.stats = attrs.evolve(self.stats, failed=self.stats.failed + 1)
            self._count_failure(error.reason)
        else:
            self.stats = attrs.evolve(self.stats, delivered=self.stats.delivered + 1)

    def _count_failure(self, reason: str) -> None:
        now = self._clock.monotonic()
        self._failures.append(now)
        if len(self._failures) == FAILURES and now - self._failures[0] <= WINDOW_S:
            self._out_until = now + QUARANTINE_S
            self._failures.clear()
            dropped = len(self._queue)
            self._queue.clear()
            self.stats = attrs.evolve(self.stats, dropped=self.stats.dropped + dropped)
            self._on_quarantine(
                self.item.plugin,
                f"failed {FAILURES} times within {WINDOW_S:g} s in ion_observe, last: {reason}; "
                f"left out for {QUARANTINE_S:g} s",
            )

    def _is_out(self) -> bool:
        if self._out_until is None:
            return False
        if self._clock.monotonic() < self._out_until:
            return True
        self._out_until = None
        self._on_quarantine(self.item.plugin, "")
        return False
