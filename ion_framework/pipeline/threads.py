"""Calling sync functions that may block in daemon threads, a bounded number per plugin.

Daemon threads and not an executor: an executor joins its threads when the process ends, and a
plugin that never returns would keep it alive. A bound per plugin and not one for all: a plugin
whose calls hang uses up its own threads and nobody else's.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from contextvars import copy_context
from typing import Any

from ion_framework.pipeline.bulkhead import Place
from ion_framework.pipeline.supervision import ContainedOutcome, Overrun, unwrap

THREADS = 8
"""Threads that the calls of one plugin may occupy at a time."""


async def in_thread(
    threads: Threads,
    function: Callable[..., Any],
    arguments: tuple[object, ...],
    limit_s: float,
    place: Place | None = None,
) -> Any:
    """Call a sync function in a thread; waits for a free one where all of the plugin's are busy.

    Args:
        threads: those of the plugin whose function it is.
        function: the function.
        arguments: its arguments.
        limit_s: seconds for waiting and running together.
        place: its place in the plugin's bulkhead, given up when the function has really returned.

    Raises:
        Overrun: it took longer, or no thread became free.
        Misbehaved: it raised SystemExit, KeyboardInterrupt or CancelledError.
        Exception: whatever ordinary exception it raised.
    """
    loop = asyncio.get_running_loop()
    call = _Call(function, arguments, loop, place)
    threads.submit(call)
    try:
        await asyncio.wait({call.outcome}, timeout=max(0.0, limit_s))
    finally:
        waited = threads.withdraw(call)
        if waited and place is not None:
            place.leave()
    if call.outcome.done():
        return unwrap(call.outcome.result())
    call.outcome.cancel()
    if waited:
        raise Overrun(f"no thread was free for {limit_s:.3g} s: all {THREADS} are busy")
    raise Overrun(f"took longer than {limit_s:.3g} s")


class _Call:
    """One call, waiting for a thread or running in one."""

    def __init__(
        self,
        function: Callable[..., Any],
        arguments: tuple[object, ...],
        loop: asyncio.AbstractEventLoop,
        place: Place | None,
    ) -> None:
        self.outcome: asyncio.Future[ContainedOutcome] = loop.create_future()
        self._function = function
        self._arguments = arguments
        self._loop = loop
        self._place = place
        if place is not None:
            place.is_lent = True
        # As for a function on the loop: what the caller has set (a request id) is seen in it.
        self._context = copy_context()

    def run(self) -> None:
        """Call the function and tell the loop that waits for it."""
        try:
            outcome = ContainedOutcome(value=self._context.run(self._function, *self._arguments))
        except BaseException as error:  # noqa: BLE001  containing everything is the purpose
            outcome = ContainedOutcome(error=error)
        # A loop that is closed by now has nobody left who waits; only asking it tells for sure.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._settle, outcome)

    def _settle(self, outcome: ContainedOutcome) -> None:
        if self._place is not None:
            self._place.leave()
        if not self.outcome.done():
            self.outcome.set_result(outcome)


class Threads:
    """The threads of one plugin. A thread that is done takes the next call that waits."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._busy = 0
        self._waiting: deque[_Call] = deque()

    def submit(self, call: _Call) -> None:
        """Run a call in a new thread, or let it wait for one that is busy."""
        with self._lock:
            if self._busy >= THREADS:
                self._waiting.append(call)
                return
            self._busy += 1
        threading.Thread(target=self._work, args=(call,), name="ion-blocking", daemon=True).start()

    def withdraw(self, call: _Call) -> bool:
        """Take a call out that still waits; says whether it did."""
        with self._lock:
            if call not in self._waiting:
                return False
            self._waiting.remove(call)
            return True

    def _work(self, call: _Call) -> None:
        current: _Call | None = call
        while current is not None:
            current.run()
            current = self._next()

    def _next(self) -> _Call | None:
        with self._lock:
            if self._waiting:
                return self._waiting.popleft()
            self._busy -= 1
            return None
