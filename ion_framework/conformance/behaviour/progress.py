"""How far a trial has come; ends the process where a step holds its thread for good."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ion_framework.conformance.behaviour.order import PROGRESS, Found, write_result

PATIENCE_S = 12.0
"""Seconds for one step. A call that can be cancelled is cancelled long before."""


class Progress:
    """What was found so far, and what is being done.

    Args:
        control: the folder in which both are written down.
        plugin: name of the plugin.
    """

    def __init__(self, control: Path, plugin: str) -> None:
        self.found: list[Found] = []
        self._control = control
        self._plugin = plugin
        self._step: tuple[str, str] = ("", "")
        self._patience_s = PATIENCE_S
        self._until = float("inf")
        threading.Thread(target=self._guard, name="ion-check-guard", daemon=True).start()

    def add(self, code: str, where: str, **values: object) -> None:
        """Note a finding.

        Args:
            code: its code.
            where: the place.
            values: what its sentences are filled with.
        """
        self.found.append(Found(code, where, {name: str(text) for name, text in values.items()}))

    @contextmanager
    def step(self, where: str, case: str, patience_s: float = PATIENCE_S) -> Iterator[None]:
        """Do something that may never come back.

        Args:
            where: which part of the plugin is at work.
            case: in which case.
            patience_s: seconds after which it is given up.
        """
        (self._control / PROGRESS).write_text(f"{where} ({case})", "utf-8")
        self._step, self._patience_s = (where, case), patience_s
        self._until = time.monotonic() + patience_s
        try:
            yield
        finally:
            self._until = float("inf")

    def leave(self, code: int) -> None:
        """End the process, whatever the plugin has left running."""
        os._exit(code)

    def _guard(self) -> None:
        pause = threading.Event()
        while not pause.wait(0.2):
            if time.monotonic() > self._until:
                where, case = self._step
                self.add("hook-hangs", where, seconds=f"{self._patience_s:g}", case=case)
                write_result(self._control, self.found)
                self.leave(0)
