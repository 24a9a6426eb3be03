"""Calling code that is not ours so that nothing it does ends more than its own call.

``asyncio.timeout`` is not enough: code that swallows its cancellation would hang the turn, code
that raises CancelledError or cancels its own task would cancel the turn, and SystemExit in a task
ends the event loop. A child task with an inner wrapper contains all of that.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import suppress
from functools import partial
from typing import Any, TypeAlias

import attrs

from ion_framework.pipeline import at_work
from ion_framework.pipeline.bulkhead import Place


class Overrun(Exception):  # noqa: N818  it names an event that is always caught and told on
    """A call did not come back in time."""


class Misbehaved(Exception):  # noqa: N818  as above
    """A call ended in a way that is not an ordinary exception (SystemExit, cancellation)."""


@attrs.frozen
class ContainedOutcome:
    """How a contained call ended: what it returned, or what it raised."""

    value: Any = None
    error: BaseException | None = None


Unclaimed: TypeAlias = Callable[[Any], Coroutine[Any, Any, None]]
"""Does with a result what has to be done where nobody takes it any more; raises nothing."""


_abandoned: set[asyncio.Task[ContainedOutcome]] = set()
"""Tasks that were cancelled and did not end; held so that they are not collected half-way."""

_kept: set[asyncio.Task[None]] = set()
"""What is done although its caller may have left; held likewise."""


async def supervise(
    awaitable: Awaitable[Any],
    limit_s: float,
    place: Place | None = None,
    unclaimed: Unclaimed | None = None,
) -> Any:
    """Await something of a third party's within a child task.

    Args:
        awaitable: what to await.
        limit_s: seconds after which it is cancelled and left behind.
        place: its place in the plugin's bulkhead, given up when the task has really ended.
        unclaimed: what is done with a result, None excepted, whose caller was cancelled before it
            took it, or of one that was left behind and has a result in the end.

    Raises:
        Overrun: it took longer.
        Misbehaved: it raised SystemExit, KeyboardInterrupt or CancelledError, or cancelled itself.
        Exception: whatever ordinary exception it raised.
    """
    task = asyncio.ensure_future(_contain(awaitable))
    if place is not None:
        at_work.began(task, place)
    try:
        await asyncio.wait({task}, timeout=max(0.0, limit_s))
    except asyncio.CancelledError:
        if task.done():
            at_work.ended(task)
            if unclaimed is not None:
                _hand_over_later(unclaimed, task)
        else:
            _leave(task, unclaimed)
        raise
    if not task.done():
        _leave(task, unclaimed)
        raise Overrun(f"took longer than {limit_s:.3g} s")
    at_work.ended(task)
    if task.cancelled():
        raise Misbehaved("cancelled itself")
    return unwrap(task.result())


async def _contain(awaitable: Awaitable[Any]) -> ContainedOutcome:
    try:
        return ContainedOutcome(value=await awaitable)
    except BaseException as error:  # noqa: BLE001  containing everything is the purpose
        return ContainedOutcome(error=error)


def unwrap(outcome: ContainedOutcome) -> Any:
    """What a contained call returned.

    Raises:
        Misbehaved: it raised SystemExit, KeyboardInterrupt, CancelledError or the like.
        Exception: whatever ordinary exception it raised.
    """
    error = outcome.error
    if error is None:
        return outcome.value
    if isinstance(error, Exception) and not isinstance(error, StopIteration):
        raise error
    raise Misbehaved(f"raised {type(error).__name__}") from error


def _leave(task: asyncio.Task[ContainedOutcome], unclaimed: Unclaimed | None = None) -> None:
    task.cancel()
    _abandoned.add(task)
    task.add_done_callback(_abandoned.discard)
    task.add_done_callback(at_work.ended)
    if unclaimed is not None:
        task.add_done_callback(partial(_hand_over_later, unclaimed))


def _hand_over_later(unclaimed: Unclaimed, task: asyncio.Task[ContainedOutcome]) -> None:
    value = None if task.cancelled() else task.result().value
    if value is not None:
        keep(unclaimed(value))


def keep(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    """Have something done to its end, in a task of its own, whoever waits for it or leaves.

    Args:
        work: what is done; raises nothing.

    Returns:
        the task; who awaits it shields it.
    """
    task = asyncio.ensure_future(work)
    _kept.add(task)
    task.add_done_callback(_kept.discard)
    return task


def cancellations() -> int:
    """How often the cancellation of the running task has been asked for.

    What is awaited directly and raises CancelledError without a rise of this number was not
    cancelled by the task's owner: it awaited something cancelled, and that is its own failure.
    """
    task = asyncio.current_task()
    return task.cancelling() if task else 0


def abandoned() -> int:
    """Number of calls that were cancelled and have not ended."""
    return len(_abandoned)


async def supervise_stream(
    stream: AsyncIterator[Any], patience_s: Callable[[], float], place: Place | None = None
) -> AsyncGenerator[Any, None]:
    """Iterate over a third party's stream, which runs from start to end in one child task.

    One task for the whole stream, because a generator may hold a timeout or a task group open
    across its yields, and those belong to the task that entered them.

    Args:
        stream: the stream.
        patience_s: seconds for which to wait for the next item; asked again when they are over,
            and at 0 the wait ends.
        place: its place in the plugin's bulkhead; given up while an item waits for its reader,
            and when the task has really ended.

    Raises:
        Overrun: an item took longer.
        Misbehaved: the stream ended by SystemExit, KeyboardInterrupt or cancellation.
        Exception: whatever ordinary exception it raised.
    """
    handover = _Handover()
    pumping = _pump(stream, handover, place)
    pump = asyncio.ensure_future(_contain(pumping))
    if place is not None:
        at_work.began(pump, place)
        pump.add_done_callback(at_work.ended)
    pump.add_done_callback(lambda _: handover.arrived.set())
    # A task that is cancelled before its first step never gets to what it should have awaited.
    pump.add_done_callback(lambda _: pumping.close())
    try:
        while True:
            if not handover.items and not pump.done():
                await _wait_for_item(handover, pump, patience_s)
            if handover.items:
                yield handover.take()
            else:
                unwrap(_result(pump))
                return
    finally:
        if not pump.done():
            _leave(pump)


class _Handover:
    """Room for one item between the task of a stream and its reader.

    Events and no queue: the reader waits for an item or for the end of the task, and one event
    serves for both without a further task for every item.
    """

    def __init__(self) -> None:
        self.items: deque[Any] = deque()
        self.arrived = asyncio.Event()
        self._taken = asyncio.Event()

    async def put(self, item: Any) -> None:
        while self.items:
            self._taken.clear()
            await self._taken.wait()
        self.items.append(item)
        self.arrived.set()

    def take(self) -> Any:
        self._taken.set()
        return self.items.popleft()


async def _wait_for_item(
    handover: _Handover, pump: asyncio.Task[ContainedOutcome], patience_s: Callable[[], float]
) -> None:
    """Return when there is an item or the pump has ended.

    Raises:
        Overrun: neither came to pass in time.
    """
    began = asyncio.get_running_loop().time()
    while not handover.items and not pump.done():
        limit_s = patience_s()
        if limit_s <= 0:
            waited_s = asyncio.get_running_loop().time() - began
            raise Overrun(f"gave nothing for {round(waited_s, 3):.3g} s")
        handover.arrived.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(limit_s):
                await handover.arrived.wait()


def _result(pump: asyncio.Task[ContainedOutcome]) -> ContainedOutcome:
    return ContainedOutcome(error=asyncio.CancelledError()) if pump.cancelled() else pump.result()


async def _pump(stream: AsyncIterator[Any], handover: _Handover, place: Place | None) -> None:
    try:
        async for item in stream:
            if place is None or not handover.items:
                await handover.put(item)
                continue
            place.leave()
            await handover.put(item)
            place.come_back()
    finally:
        close = getattr(stream, "aclose", None)
        if close is not None:
            await close()
