"""Running a coroutine up to where it first waits for something, at once.

Most hooks, and most look-ups in a cache, never wait. A time limit needs a timer of the event loop,
which takes longer than they do, and could not interrupt them anyway: whatever does not wait cannot
be stopped. So the limit is set only around what is left.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator
from functools import partial
from typing import Any


class Begun:
    """A coroutine that has run up to where it waits for the first time, or to its end.

    Attributes:
        is_done: whether it has come to its end.
        result: what it returned, None before.

    Args:
        coroutine: one that has not begun.

    Raises:
        BaseException: whatever it raised before it waited for anything.
    """

    __slots__ = ("_coroutine", "_waits_for", "is_done", "result")

    def __init__(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        self._coroutine = coroutine
        self._waits_for: Any = None
        self.is_done = False
        self.result: Any = None
        try:
            self._waits_for = coroutine.send(None)
        except StopIteration as end:
            self.is_done, self.result = True, end.value

    def __await__(self) -> Generator[Any, Any, Any]:
        """The rest of it: passes on what it waits for, and what comes back, as ``await`` does."""
        coroutine, waits_for = self._coroutine, self._waits_for
        step: Callable[[], Any]
        while True:
            try:
                given = yield waits_for
            except GeneratorExit:
                coroutine.close()
                raise
            except BaseException as error:  # noqa: BLE001  it is the coroutine's to handle
                step = partial(coroutine.throw, error)
            else:
                step = partial(coroutine.send, given)
            try:
                waits_for = step()
            except StopIteration as end:
                return end.value
