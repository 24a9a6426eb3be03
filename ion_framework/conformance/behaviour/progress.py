"""How far a trial has come, told as it goes; ends the process where a step takes for ever."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from ion_framework.conformance.behaviour.order import Ended, Found, Message, Step, message_line

PATIENCE_S = 12.0
"""Seconds for one step. A call that can be cancelled is cancelled long before."""


class Progress:
    """What was found so far, and what is being done.

    Args:
        channel: where both are told, line by line.
    """

    def __init__(self, channel: TextIO) -> None:
        self._channel = channel
        self._telling = threading.Lock()
        self._step = Step()
        self._until = float("inf")
        threading.Thread(target=self._guard, name="guard", daemon=True).start()

    def add(self, code: str, where: str, **values: object) -> None:
        """Tell a finding.

        Args:
            code: its code.
            where: the place.
            values: what its sentences are filled with.
        """
        self._tell(Found(code, where, {name: str(text) for name, text in values.items()}))

    @contextmanager
    def step(self, where: str, case: str, patience_s: float = PATIENCE_S) -> Iterator[None]:
        """Do something that may never come back.

        Args:
            where: which part of the plugin is at work.
            case: in which case.
            patience_s: seconds after which it is given up.
        """
        self._step = Step(where, case, patience_s)
        self._tell(self._step)
        self._until = time.monotonic() + patience_s
        try:
            yield
        finally:
            self._until = float("inf")
            self._tell(Step())

    def finish(self) -> None:
        """Tell that everything was tried, and end, whatever the plugin has left running."""
        self._tell(Ended())
        os._exit(0)

    def _tell(self, message: Message) -> None:
        with self._telling:
            self._channel.write(message_line(message))
            self._channel.flush()

    def _guard(self) -> None:
        """End a step that takes for ever, as long as it lets other threads run."""
        pause = threading.Event()
        while not pause.wait(0.2):
            if time.monotonic() > self._until:
                step = self._step
                self.add("hook-hangs", step.where, seconds=f"{step.patience_s:g}", case=step.case)
                self.finish()
