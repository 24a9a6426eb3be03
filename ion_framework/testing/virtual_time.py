"""Time that passes only when told to, or as fast as nothing else is left to do."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

_Result = TypeVar("_Result")


class VirtualClock:
    """A clock that stands still until it is moved; an `ion_framework.clock.Clock`.

    Args:
        start: seconds at the beginning, for both of its times.
    """

    def __init__(self, start: float = 1_000_000.0) -> None:
        self._now = start

    def monotonic(self) -> float:
        """Seconds on this clock."""
        return self._now

    def time(self) -> float:
        """Seconds on this clock, as if since the Unix epoch."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Move the clock.

        Raises:
            ValueError: backwards.
        """
        if seconds < 0:
            raise ValueError(f"a clock does not go back: {seconds}")
        self._now += seconds


class _JumpingSelector(selectors.DefaultSelector):
    """A selector that, instead of waiting, moves the loop's time."""

    def __init__(self) -> None:
        super().__init__()
        self.skipped = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        # Without any timer only the outside can wake the loop: a thread, or a mistake in the test.
        ready = super().select(None if timeout is None else 0)
        if not ready and timeout:
            self.skipped += timeout
        return ready


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """An event loop in which sleeping costs nothing: time jumps to the next timer.

    Its `time` is what ``asyncio.sleep`` and ``asyncio.timeout`` go by; it is an
    `ion_framework.clock.Clock` as well. For code without real I/O.
    """

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        """Seconds of virtual time."""
        return self._jumping.skipped

    def monotonic(self) -> float:
        """Seconds of virtual time."""
        return self._jumping.skipped


def run_virtual(main: Coroutine[Any, Any, _Result]) -> _Result:
    """Run a coroutine to its end in virtual time."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(main)
