"""Telling observers, so that no turn ever waits for one of them."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence

import attrs

from ion_framework.errors import HookError
from ion_framework.pipeline.calling import call
from ion_framework.pipeline.containment import NotCalledError
from ion_framework.pipeline.events import Event
from ion_framework.pipeline.implementation import Implementation

QUEUE_SIZE = 1000
"""Events that wait for one observer; what comes on top is dropped and counted."""

LIMIT_S = 5.0


@attrs.frozen
class ObserverStats:
    """Figures of one observer.

    Attributes:
        delivered: events that it took.
        dropped: events for which there was no room, or that came during its quarantine.
        failed: events at which it failed.
        waiting: events that wait for it now.
    """

    delivered: int = 0
    dropped: int = 0
    failed: int = 0
    waiting: int = 0


class Observers:
    """Every implementation of ``ion_observe`` with a queue and a task of its own."""

    def __init__(self) -> None:
        self._lanes: tuple[Lane, ...] = ()
        self._is_started = False

    def take(self, implementations: Sequence[Implementation]) -> tuple[Lane, ...]:
        """Have these observers from now on; whoever was there before keeps queue and figures.

        Args:
            implementations: the observers.

        Returns:
            the lanes of those that are gone; `close_lanes` ends them.
        """
        known = {lane.item.plugin: lane for lane in self._lanes}
        kept = tuple(
            known.pop(item.plugin) if item.plugin in known else Lane(item)
            for item in implementations
        )
        for lane, item in zip(kept, implementations, strict=True):
            lane.item = item
        self._lanes = kept
        if self._is_started:
            self.start()
        return tuple(known.values())

    def emit(self, event: Event) -> None:
        """Hand an event to every observer; returns at once."""
        for lane in self._lanes:
            lane.put(event)

    def start(self) -> None:
        """Begin to deliver; needs a running event loop."""
        self._is_started = True
        for lane in self._lanes:
            lane.start()

    async def close(self, limit_s: float) -> None:
        """Deliver what waits, for at most so many seconds, and stop."""
        self._is_started = False
        await close_lanes(self._lanes, limit_s)

    def stats(self) -> dict[str, ObserverStats]:
        """Figures by plugin."""
        return {lane.item.plugin: lane.stats for lane in self._lanes}


async def close_lanes(lanes: Sequence[Lane], limit_s: float) -> None:
    """Have observers told what waits for them, for at most so many seconds, and no more."""
    await asyncio.gather(*(lane.close(limit_s) for lane in lanes))


class Lane:
    """One observer's queue."""

    def __init__(self, item: Implementation) -> None:
        self.item = item
        self._delivered = self._dropped = self._failed = 0
        self._queue: deque[Event] = deque()
        self._arrived = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._task: asyncio.Task[None] | None = None

    @property
    def stats(self) -> ObserverStats:
        """Its figures."""
        waiting = len(self._queue)
        return ObserverStats(self._delivered, self._dropped, self._failed, waiting)

    def put(self, event: Event) -> None:
        """Let an event wait for the observer, where there is room and it takes any."""
        if self._task is None:
            return
        if len(self._queue) >= QUEUE_SIZE or self.item.containment.is_closed:
            self._dropped += 1
            return
        self._queue.append(event)
        self._idle.clear()
        self._arrived.set()

    def start(self) -> None:
        """Begin to deliver; does nothing where that has begun."""
        if self._task is not None:
            return
        # Events belong to the loop that first waits for them, and an `Ion` may be opened again.
        self._arrived, self._idle = asyncio.Event(), asyncio.Event()
        (self._arrived if self._queue else self._idle).set()
        self._task = asyncio.get_running_loop().create_task(self._deliver_all())

    async def close(self, limit_s: float) -> None:
        """Deliver what waits, for at most so many seconds, and stop."""
        if self._task is None:
            return
        try:
            async with asyncio.timeout(limit_s):
                await self._idle.wait()
        except TimeoutError:
            self._drop_all()
        task, self._task = self._task, None
        task.cancel()
        await asyncio.wait({task}, timeout=limit_s)

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
        except NotCalledError:
            self._dropped += 1
        except HookError:
            self._failed += 1
            if self.item.containment.is_closed:
                self._drop_all()
        else:
            self._delivered += 1

    def _drop_all(self) -> None:
        self._dropped += len(self._queue)
        self._queue.clear()
