"""Importing plugins and calling their factories, contained: in daemon threads, within a budget.

A plugin's import is the first moment at which its code runs. It may raise anything, exit, or
never come back; the host names it and goes on. A thread that hangs cannot be killed, only left
behind: it is a daemon, so it does not keep the process alive.
"""

from __future__ import annotations

import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable
from importlib import import_module

import attrs

from ion_framework.plugin_host.context import PluginContext
from ion_framework.plugin_host.discovery import Candidate, Factory

PATIENCE_S = 0.5
"""Seconds after which the next import begins beside one that is not done.

Imports run one after the other, so that their times are their own; only a slow one is overlapped,
so that ten hanging plugins cost one budget and not ten.
"""


@attrs.frozen
class Job:
    """One plugin to bring to life."""

    candidate: Candidate
    context: PluginContext


@attrs.frozen
class Imported:
    """What came of it.

    Attributes:
        name: the plugin.
        target: what the factory returned; None where it failed.
        error: what went wrong, one sentence; empty where nothing did.
        import_ms: milliseconds that import and factory took.
    """

    name: str
    target: object | None
    error: str
    import_ms: float


def import_all(jobs: Iterable[Job], budget_s: float) -> tuple[Imported, ...]:
    """Import every plugin and call its factory.

    Args:
        jobs: the plugins, in order.
        budget_s: seconds that each may take.
    """
    running = []
    for job in jobs:
        worker = _Worker(job)
        worker.start()
        worker.done.wait(min(PATIENCE_S, budget_s))
        running.append(worker)
    return tuple(worker.outcome(budget_s) for worker in running)


class _Worker:
    """One import in one daemon thread."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.done = threading.Event()
        self._result: Imported | None = None
        self._thread = threading.Thread(
            target=self._run, name=f"ion-import-{job.candidate.name}", daemon=True
        )
        self._started = 0.0

    def start(self) -> None:
        self._started = time.monotonic()
        self._thread.start()

    def outcome(self, budget_s: float) -> Imported:
        """The result, waiting until the budget is spent."""
        self.done.wait(max(0.0, self._started + budget_s - time.monotonic()))
        if self._result is not None:
            return self._result
        return Imported(
            self.job.candidate.name,
            None,
            f"its import took longer than {budget_s:g} s{self._whereabouts()}",
            (time.monotonic() - self._started) * 1000,
        )

    def _run(self) -> None:
        name = self.job.candidate.name
        target, error = None, ""
        try:
            target = factory_of(self.job.candidate)(self.job.context)
        except BaseException as failure:  # noqa: BLE001  SystemExit too; the thread is the plugin's own
            error = describe(failure)
        elapsed = (time.monotonic() - self._started) * 1000
        self._result = Imported(name, target, error, elapsed)
        self.done.set()

    def _whereabouts(self) -> str:
        frame = sys._current_frames().get(self._thread.ident or 0)  # noqa: SLF001  the documented way to see another thread
        if frame is None:
            return ""
        own = [f for f in traceback.extract_stack(frame) if self._is_own(f.filename)]
        return f"; it hangs in {own[-1].filename}, line {own[-1].lineno}" if own else ""

    def _is_own(self, filename: str) -> bool:
        folder = self.job.candidate.folder
        return folder is not None and filename.startswith(str(folder))


def factory_of(candidate: Candidate) -> Factory:
    """The factory that a candidate names; importing its module where it is not imported yet.

    Raises:
        TypeError: what the entry point names cannot be called.
    """
    if candidate.factory is not None:
        return candidate.factory
    module_name, _, attribute = candidate.target.partition(":")
    value: object = import_module(module_name.strip())
    for part in attribute.strip().split("."):
        value = getattr(value, part)
    if not callable(value):
        raise TypeError(
            f"{candidate.target} is {type(value).__name__}, not a factory; name a class or "
            "function that takes the plugin context and returns the plugin"
        )
    factory: Callable[[PluginContext], object] = value
    return factory


def describe(failure: BaseException) -> str:
    """An exception in one sentence, with the place in the plugin's code where it was raised."""
    text = f"{type(failure).__name__}: {failure}" if str(failure) else type(failure).__name__
    frames = traceback.extract_tb(failure.__traceback__)
    if isinstance(failure, SyntaxError) or not frames:
        return text
    return f"{text} ({frames[-1].filename}, line {frames[-1].lineno})"
