"""Calling code that is not ours so that nothing it does ends more than its own call.

``asyncio.timeout`` is not enough: code that swallows its cancellation would hang the turn, code
that raises CancelledError or cancels its own task would cancel the turn, and SystemExit in a task
ends the event loop. A child task with an inner wrapper contains all of that.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from typing import Any

import attrs


class Overrun(Exception):  # noqa: N818  it names an event that is always caught and told on
    """A call did not come back in time."""


class Misbehaved(Exception):  # noqa: N818  as above
    """A call ended in a way that is not an ordinary exception (SystemExit, cancellation)."""


@attrs.frozen
class _Outcome:
    value: Any = None
    error: BaseException | None = None


_abandoned: set[asyncio.Task[_Outcome]] = set()
"""Tasks that were cancelled and did not end; held so that they are not collected half-way."""


async def supervise(awaitable: Awaitable[Any], limit_s: float) -> Any:
    """Await something of a third party's within a child task.

    Args:
        awaitable: what to await.
        limit_s: seconds after which it is cancelled and left behind.

    Raises:
        Overrun: it took longer.
        Misbehaved: it raised SystemExit, KeyboardInterrupt or CancelledError, or cancelled itself.
        Exception: whatever ordinary exception it raised.
    """
    task = asyncio.ensure_future(_contain(awaitable))
    try:
        await asyncio.wait({task}, timeout=max(0.0, limit_s))
    except asyncio.CancelledError:
        _leave(task)
        raise
    if not task.done():
        _leave(task)
        raise Overrun(f"took longer than {limit_s:.3g} s")
    if task.cancelled():
        raise Misbehaved("cancelled itself")
    return _unwrap(task.result())


async def _contain(awaitable: Awaitable[Any]) -> _Outcome:
    try:
        return _Outcome(value=await awaitable)
    except BaseException as error:  # noqa: BLE001  containing everything is the purpose
        return _Outcome(error=error)


def _unwrap(outcome: _Outcome) -> Any:
    error = outcome.error
    if error is None:
        return outcome.value
    if isinstance(error, Exception) and not isinstance(error, StopIteration):
        raise error
    raise Misbehaved(f"raised {type(error).__name__}") from error


def _leave(task: asyncio.Task[_Outcome]) -> None:
    task.cancel()
    _abandoned.add(task)
    task.add_done_callback(_abandoned.discard)


def abandoned() -> int:
    """Number of calls that were cancelled and have not ended."""
    return len(_abandoned)


_THREADS = 8
_slots = threading.BoundedSemaphore(_THREADS)


async def in_thread(
    function: Callable[..., Any], arguments: tuple[object, ...], limit_s: float
) -> Any:
    """Call a sync function that may block in a daemon thread, at most eight at a time.

    Daemon threads and not an executor: an executor joins its threads when the process ends, and a
    plugin that never returns would keep it alive.

    Raises:
        Overrun: it took longer than ``limit_s`` seconds, or no thread was free.
        Misbehaved: it raised SystemExit, KeyboardInterrupt or CancelledError.
        Exception: whatever ordinary exception it raised.
    """
    if not _slots.acquire(blocking=False):
        raise Overrun(f"all {_THREADS} threads for blocking plugins are busy")
    loop = asyncio.get_running_loop()
    future: asyncio.Future[_Outcome] = loop.create_future()

    def run() -> None:
        try:
            outcome = _Outcome(value=function(*arguments))
        except BaseException as error:  # noqa: BLE001  containing everything is the purpose
            outcome = _Outcome(error=error)
        finally:
            _slots.release()
        _tell(loop, future, outcome)

    threading.Thread(target=run, name="ion-blocking", daemon=True).start()
    done, _ = await asyncio.wait({future}, timeout=max(0.0, limit_s))
    if not done:
        future.cancel()
        raise Overrun(f"took longer than {limit_s:.3g} s")
    return _unwrap(future.result())


def _tell(
    loop: asyncio.AbstractEventLoop, future: asyncio.Future[_Outcome], outcome: _Outcome
) -> None:
    def settle() -> None:
        if not future.done():
            future.set_result(outcome)

    if not loop.is_closed():
        loop.call_soon_threadsafe(settle)


async def supervise_stream(
    stream: AsyncIterator[Any], limit_of_next: Callable[[], float]
) -> AsyncGenerator[Any, None]:
    """Iterate over a third party's stream, which runs from start to end in one child task.

    One task for the whole stream, because a generator may hold a timeout or a task group open
    across its yields, and those belong to the task that entered them.

    Args:
        stream: the stream.
        limit_of_next: seconds to wait for the next item, asked before each.

    Raises:
        Overrun: an item took longer.
        Misbehaved: the stream ended by SystemExit, KeyboardInterrupt or cancellation.
        Exception: whatever ordinary exception it raised.
    """
    items: asyncio.Queue[Any] = asyncio.Queue(maxsize=1)
    pump = asyncio.ensure_future(_contain(_pump(stream, items)))
    try:
        while True:
            limit_s = max(0.0, limit_of_next())
            if items.empty() and not pump.done():
                await _wait_for_item(items, pump, limit_s)
            if not items.empty():
                yield items.get_nowait()
            elif pump.done():
                _unwrap(_result(pump))
                return
            else:
                raise Overrun(f"gave nothing for {limit_s:.3g} s")
    finally:
        if not pump.done():
            _leave(pump)


async def _wait_for_item(
    items: asyncio.Queue[Any], pump: asyncio.Task[_Outcome], limit_s: float
) -> None:
    """Return when there is an item, the pump has ended or time is up."""
    arrival = asyncio.ensure_future(_peek(items))
    try:
        await asyncio.wait({arrival, pump}, timeout=limit_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        arrival.cancel()


async def _peek(items: asyncio.Queue[Any]) -> None:
    # Taken and put back within one step of the loop: a queue has no way to wait without taking,
    # and an item taken by a task that is then cancelled would be lost.
    items.put_nowait(await items.get())


def _result(pump: asyncio.Task[_Outcome]) -> _Outcome:
    return _Outcome(error=asyncio.CancelledError()) if pump.cancelled() else pump.result()


async def _pump(stream: AsyncIterator[Any], items: asyncio.Queue[Any]) -> None:
    try:
        async for item in stream:
            await items.put(item)
    finally:
        close = getattr(stream, "aclose", None)
        if close is not None:
            await close()
