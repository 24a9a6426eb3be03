"""Telling observers, so that no turn ever waits for one of them.

Plain functions that may run on the loop are told together: one callback of the loop for all events
that came meanwhile, and no task. What has to be awaited, or may block, has a task of its own, so
that it delays nobody else.
"""

from __future__ import annotations

import asyncio
import inspect
from collections import deque
from collections.abc import Awaitable, Iterable, Sequence
from contextvars import Context, copy_context

import attrs

from ion_framework.errors import HookError
from ion_framework.pipeline.calling import call
from ion_framework.pipeline.containment import NotCalledError
from ion_framework.pipeline.events import Event
from ion_framework.pipeline.implementation import CallMode, Implementation
from ion_framework.pipeline.plain_call import call_freely, call_plainly
from ion_framework.pipeline.quarantine import Standing

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
    """Every implementation of ``ion_observe``, with what waits for it."""

    def __init__(self) -> None:
        self._lanes: tuple[Lane, ...] = ()
        self._plain: tuple[Lane, ...] = ()
        self._others: tuple[Lane, ...] = ()
        self._due: deque[Event] = deque()
        self._is_rung = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._context = Context()

    def take(self, implementations: Sequence[Implementation]) -> tuple[Lane, ...]:
        """Have these observers from now on; whoever was there before keeps queue and figures.

        Args:
            implementations: the observers.

        Returns:
            the lanes of those that are gone; `close_lanes` ends them.
        """
        self._hand_out()
        known = {lane.item.plugin: lane for lane in self._lanes}
        kept = tuple(
            known.pop(item.plugin) if item.plugin in known else Lane(item)
            for item in implementations
        )
        for lane, item in zip(kept, implementations, strict=True):
            lane.have(item)
        self._lanes = kept
        self._plain = tuple(lane for lane in kept if lane.is_plain)
        self._others = tuple(lane for lane in kept if not lane.is_plain)
        if self._loop is not None:
            for lane in kept:
                lane.start()
        return tuple(known.values())

    def emit(self, event: Event) -> None:
        """Hand an event to every observer; returns at once."""
        if self._loop is None:
            return
        if self._plain:
            if len(self._due) < QUEUE_SIZE:
                self._due.append(event)
                if not self._is_rung:
                    self._is_rung = True
                    self._loop.call_soon(self._tell, context=self._context)
            else:
                for lane in self._plain:
                    lane.drop()
        for lane in self._others:
            lane.put(event)

    def start(self) -> None:
        """Begin to deliver; needs a running event loop."""
        self._loop = asyncio.get_running_loop()
        # What a turn has set in its context is nothing that an observer should see.
        self._context = copy_context()
        self._is_rung = False
        for lane in self._lanes:
            lane.start()

    async def close(self, limit_s: float) -> None:
        """Deliver what waits, for at most so many seconds, and stop."""
        self._hand_out()
        self._loop = None
        await close_lanes(self._lanes, limit_s)

    def stats(self) -> dict[str, ObserverStats]:
        """Figures by plugin."""
        due = len(self._due)
        return {lane.item.plugin: lane.stats(due) for lane in self._lanes}

    def _tell(self) -> None:
        """Tell plain functions of all that has come; what comes of that waits for the next time.

        One is told of all before the next is: what it needs is then still near the processor.
        """
        self._is_rung = False
        due, self._due = self._due, deque()
        for lane in self._plain:
            lane.tell_all(due)

    def _hand_out(self) -> None:
        """Have every lane keep for itself what is due: the lanes are about to change, or to end."""
        while self._due:
            event = self._due.popleft()
            for lane in self._plain:
                lane.put(event)


async def close_lanes(lanes: Sequence[Lane], limit_s: float) -> None:
    """Have observers told what waits for them, for at most so many seconds, and no more."""
    await asyncio.gather(*(lane.close(limit_s) for lane in lanes))


@attrs.frozen
class _Begun:
    """What a plain function gave back to be awaited.

    Attributes:
        awaitable: this.
    """

    awaitable: Awaitable[object]


class Lane:
    """One observer, and a queue for what it cannot be told at once.

    Attributes:
        item: the observer.
        is_plain: whether it is told by a plain call, as far as is known.
    """

    def __init__(self, item: Implementation) -> None:
        self.have(item)
        self._delivered = self._dropped = self._failed = 0
        self._queue: deque[Event | _Begun] = deque()
        self._arrived = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._task: asyncio.Task[None] | None = None

    def have(self, item: Implementation) -> None:
        """Tell this observer from now on."""
        self.item, self.is_plain = item, _is_plain(item)
        self._quarantine = item.containment.quarantine
        self._has_room = item.containment.bulkhead is None

    def stats(self, due: int) -> ObserverStats:
        """Its figures.

        Args:
            due: events that wait for all plain ones together.
        """
        waiting = len(self._queue) + (due if self.is_plain else 0)
        return ObserverStats(self._delivered, self._dropped, self._failed, waiting)

    def tell_all(self, events: Iterable[Event]) -> None:
        """Tell a plain observer of events, one after another; never raises."""
        for event in events:
            try:
                self._tell(event)
            except Exception:  # noqa: BLE001  an answer or an error of a plugin's own class may raise at a look
                self._failed += 1

    def _tell(self, event: Event) -> None:
        """Tell a plain observer of an event, unless others wait for it still."""
        if not self.is_plain or self._queue:
            self.put(event)
            return
        quarantine = self._quarantine
        is_in = quarantine is None or quarantine.standing is Standing.IN
        call_it = call_freely if is_in and self._has_room else call_plainly
        try:
            answer = call_it(self.item, event)
        except NotCalledError:
            self._dropped += 1
        except HookError:
            self._failed += 1
        else:
            if answer is None:
                self._delivered += 1
            else:
                self._take_answer(answer)

    def put(self, event: Event | _Begun) -> None:
        """Let an event wait for the observer, where there is room and it takes any."""
        if self._task is None:
            return
        if len(self._queue) >= QUEUE_SIZE or self.item.containment.is_closed:
            self._dropped += 1
            return
        self._queue.append(event)
        self._idle.clear()
        self._arrived.set()

    def drop(self) -> None:
        """Count an event for which there was no room."""
        self._dropped += 1

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

    def _take_answer(self, answer: object) -> None:
        if inspect.isawaitable(answer):
            self.is_plain = False
            self.put(_Begun(answer))
        else:
            self._delivered += 1

    async def _deliver_all(self) -> None:
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            while self._queue:
                await self._deliver(self._queue.popleft())
            self._idle.set()

    async def _deliver(self, event: Event | _Begun) -> None:
        item = self.item
        if isinstance(event, _Begun):
            begun = event.awaitable
            item = attrs.evolve(item, function=lambda _: begun)
        try:
            await call(item, {"event": event}, LIMIT_S)
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


def _is_plain(item: Implementation) -> bool:
    """Whether an observer can be told on the loop without being awaited, as far as can be seen."""
    return (
        item.mode is not CallMode.THREAD
        and item.arguments == ("event",)
        and not inspect.iscoroutinefunction(item.function)
    )
