"""Running coroutines from plain code so that it always ends, whatever plugins leave behind.

``asyncio.run`` waits for every task that it cancels, and for the threads of its executor. A plugin
that swallows its cancellation, or blocks in a thread, would keep a command from ending; here such
leftovers have two seconds, are named in the log, and are left behind.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, nullcontext
from types import FrameType, TracebackType
from typing import Any, Self, TypeVar

_Result = TypeVar("_Result")

GRACE_S = 2.0
"""Seconds that tasks and asynchronous generators have to end once they are cancelled."""


def run(main: Coroutine[Any, Any, _Result], *, reads_input: bool = False) -> _Result:
    """Run a coroutine in a new event loop of this thread, and end.

    Ctrl-C cancels the coroutine and, once that has ended, raises KeyboardInterrupt; a second
    Ctrl-C does not wait.

    Args:
        main: the coroutine.
        reads_input: it blocks while it waits for input, where it could not hear of its
            cancellation: Ctrl-C raises KeyboardInterrupt right there. For the main thread only.

    Returns:
        what it returned.

    Raises:
        KeyboardInterrupt: Ctrl-C was pressed.
        BaseException: whatever the coroutine raised.
    """
    runner = asyncio.Runner()  # for its handling of Ctrl-C; its own close() would wait for ever
    try:
        with _interrupt_raises() if reads_input else nullcontext():
            return runner.run(main)
    finally:
        loop = runner.get_loop()
        loop.run_until_complete(_wind_down())
        loop.close()
        asyncio.set_event_loop(None)


@contextmanager
def _interrupt_raises() -> Iterator[None]:
    """Have Ctrl-C raise KeyboardInterrupt wherever the main thread is, a blocking read included."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    # Not the default handler, which asyncio's runner would replace by its own.
    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


class BackgroundLoop:
    """An event loop in a daemon thread, for programs whose main thread talks to a person.

    The main thread can wait at a prompt, where Ctrl-C is its own, while the connections of plugins
    stay alive::

        with BackgroundLoop() as loop:
            reply = loop.run(ion.respond(input("> ")))
    """

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, name="ion-loop", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        # A plugin that blocks the loop keeps the thread from ending: it is a daemon, let it be.
        self._thread.join(2 * GRACE_S + 1)

    def run(self, main: Coroutine[Any, Any, _Result]) -> _Result:
        """Run a coroutine on the loop and wait for its result.

        Args:
            main: the coroutine.

        Raises:
            KeyboardInterrupt: Ctrl-C was pressed; the coroutine was cancelled, and had two seconds
                to end.
            BaseException: whatever the coroutine raised.
        """
        ended = threading.Event()
        future = asyncio.run_coroutine_threadsafe(_announced(main, ended), self._loop)
        try:
            return future.result()
        except KeyboardInterrupt:
            future.cancel()
            ended.wait(GRACE_S)
            raise

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
            self._loop.run_until_complete(_wind_down())
        finally:
            self._loop.close()


async def _announced(main: Coroutine[Any, Any, _Result], ended: threading.Event) -> _Result:
    try:
        return await main
    finally:
        ended.set()


async def _wind_down() -> None:
    """Cancel what still runs, close generators, and name what does not end in time."""
    loop = asyncio.get_running_loop()
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await _within_grace(tasks)
    await _within_grace({asyncio.ensure_future(loop.shutdown_asyncgens())})
    left = [task for task in tasks if not task.done()]
    if left:
        # asyncio would complain again of each when it is collected; once, with names, is enough.
        loop.set_exception_handler(lambda _loop, _context: None)
        _warn(left)


async def _within_grace(tasks: set[asyncio.Task[Any]]) -> None:
    if tasks:
        await asyncio.wait(tasks, timeout=GRACE_S)


def _warn(left: list[asyncio.Task[Any]]) -> None:
    import structlog  # costs 50 ms, and only a plugin that misbehaves needs it

    structlog.get_logger("ion").warning(
        "tasks of plugins did not end when they were cancelled",
        tasks=[getattr(task.get_coro(), "__qualname__", task.get_name()) for task in left],
        seconds=GRACE_S,
    )
