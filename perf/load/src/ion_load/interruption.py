"""Signals that end a run early, so that what there is can still be written."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, Self

NAMES = ("SIGINT", "SIGTERM", "SIGHUP")
"""Ctrl-C, what a platform or a supervisor sends, and a terminal that was closed."""

_SHELL = 128
"""What a shell adds to the number of the signal that ended a program."""

_LOOK_S = 0.2


class Interruption:
    """Takes signals while its context is open; the first asks for the end, the next one insists.

    Signals that whoever started the process has told it to ignore (``nohup``) stay ignored. Outside
    the main thread Python hands out no signals, so that nothing is taken there.
    """

    def __init__(self) -> None:
        self._taken: list[int] = []
        self._before: dict[int, Any] = {}

    @property
    def asked(self) -> bool:
        """Whether the run is to end."""
        return bool(self._taken)

    @property
    def urgent(self) -> bool:
        """Whether it is to end at once, whatever that loses."""
        return len(self._taken) > 1

    @property
    def name(self) -> str | None:
        """The first signal's name, None where none came."""
        return signal.Signals(self._taken[0]).name if self._taken else None

    @property
    def exit_code(self) -> int:
        """The exit code that shells give a program that a signal ended; 0 where none came."""
        return _SHELL + self._taken[0] if self._taken else 0

    def rest(self, seconds: float, pause: Callable[[float], None] = time.sleep) -> None:
        """Rest for these seconds, or until a signal comes."""
        end = time.monotonic() + seconds
        while not self.asked and (left := end - time.monotonic()) > 0:
            pause(min(left, _LOOK_S))

    def __enter__(self) -> Self:
        """Begin to take signals."""
        if threading.current_thread() is threading.main_thread():
            for number in (getattr(signal, name) for name in NAMES if hasattr(signal, name)):
                if signal.getsignal(number) is not signal.SIG_IGN:
                    self._before[number] = signal.signal(number, self._take)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let signals do what they did before."""
        for number, before in self._before.items():
            signal.signal(number, before)

    def _take(self, number: int, _: FrameType | None) -> None:
        self._taken.append(number)
