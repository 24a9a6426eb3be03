"""Importing plugins and calling their factories, contained: in daemon threads, within a budget.

A plugin's import is the first moment at which its code runs. It may raise anything, exit, or
never come back; the host names it and goes on. A thread that hangs is left behind: it is a daemon,
so it does not keep the process alive, and it is told to end as soon as it runs Python code, so that
one that computes for ever does not slow down every turn. The provide hooks run in the same thread,
right after the factory, and share its budget.
"""

from __future__ import annotations

import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import import_module
from pathlib import Path

import attrs

from ion_framework.manifest.model import Kind, Manifest
from ion_framework.pipeline.cache_key import GeneratorModel
from ion_framework.pipeline.redaction import redact, secret_texts
from ion_framework.plugin_host.context import PluginContext
from ion_framework.plugin_host.discovery import Candidate, Factory
from ion_framework.plugin_host.inspection import contract_problems
from ion_framework.plugin_host.providing import ask

PATIENCE_S = 0.25
"""Seconds after which the next import begins beside one that is not done.

Imports run one after the other, so that their times are their own; only a slow one is overlapped.
Every one that is left behind halves the patience with the next: ten hanging plugins cost one budget
and half a second, not ten budgets.
"""


@attrs.frozen
class Job:
    """One plugin to bring to life."""

    candidate: Candidate
    context: PluginContext
    manifest: Manifest


@attrs.frozen
class Imported:
    """What came of it.

    Attributes:
        name: the plugin.
        target: what the factory returned; None where it failed.
        error: what went wrong, one sentence; empty where nothing did.
        problems: where the object, or a persona that it provides, breaks the contract.
        provided: what its provide hooks returned, by hook.
        model: a generator's model, as it names it.
        import_ms: milliseconds that import and factory took.
    """

    name: str
    target: object | None = None
    error: str = ""
    problems: tuple[str, ...] = ()
    provided: Mapping[str, object] = attrs.field(factory=dict)
    model: GeneratorModel = attrs.field(factory=GeneratorModel)
    import_ms: float = 0.0


def import_all(jobs: Iterable[Job], budget_s: float) -> tuple[Imported, ...]:
    """Import every plugin, call its factory and its provide hooks.

    Args:
        jobs: the plugins, in order.
        budget_s: seconds that each may take.
    """
    workers: list[_Worker] = []
    for job in jobs:
        worker = _Worker(job)
        late = sum(not earlier.done.is_set() for earlier in workers)
        worker.start()
        worker.done.wait(min(PATIENCE_S / 2**late, budget_s))
        workers.append(worker)
    return tuple(worker.outcome(budget_s) for worker in workers)


class _Worker:
    """One plugin in one daemon thread."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.done = threading.Event()
        self._name = job.candidate.name
        self._secrets = secret_texts(job.manifest, job.context.settings)
        self._doing = "its import"
        self._result: Imported | None = None
        self._thread = threading.Thread(
            target=self._run, name=f"ion-import-{self._name}", daemon=True
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
        error = f"{self._doing} took longer than {budget_s:g} s{self._whereabouts()}"
        self._tell_to_end()
        return Imported(self._name, error=error, import_ms=self._elapsed_ms())

    def _run(self) -> None:
        try:
            self._result = self._bring_to_life()
        except BaseException as failure:  # noqa: BLE001  SystemExit too; the thread is the plugin's own
            told = describe(failure, self.job.candidate.folder, self._secrets)
            error = f"{self._doing} raised {told}"
            self._result = Imported(self._name, error=error, import_ms=self._elapsed_ms())
        self.done.set()

    def _bring_to_life(self) -> Imported:
        factory = factory_of(self.job.candidate)
        self._doing = "its factory"
        target = factory(self.job.context)
        import_ms = self._elapsed_ms()
        self._doing = "inspecting its object"
        problems = contract_problems(target, self.job.manifest)
        if problems:
            return Imported(self._name, target, problems=problems, import_ms=import_ms)
        provided = ask(target, self.job.candidate.version, self._announce)
        return Imported(
            self._name,
            target,
            provided.error,
            provided.problems,
            provided.values,
            self._model(target),
            import_ms,
        )

    def _model(self, target: object) -> GeneratorModel:
        """The model of a generator; read here, because an attribute may be code of the plugin."""
        if Kind.GENERATOR not in self.job.manifest.provides:
            return GeneratorModel()
        return GeneratorModel(self._text(target, "model"), self._text(target, "cache_identity"))

    def _text(self, target: object, attribute: str) -> str:
        self._announce(f"its attribute {attribute}")
        return str(getattr(target, attribute, ""))

    def _announce(self, step: str) -> None:
        self._doing = step

    def _elapsed_ms(self) -> float:
        return (time.monotonic() - self._started) * 1000

    def _tell_to_end(self) -> None:
        # A plugin that computes for ever at import would slow down every turn from now on. This
        # ends its thread at the next step of Python code; one that waits in C stays, and is idle.
        import ctypes  # only a hang pays for it

        if self._thread.is_alive():
            ident = ctypes.c_ulong(self._thread.ident or 0)
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ident, ctypes.py_object(SystemExit))

    def _whereabouts(self) -> str:
        frame = sys._current_frames().get(self._thread.ident or 0)  # noqa: SLF001  the documented way to see another thread
        if frame is None:
            return ""
        place = _own_place(traceback.extract_stack(frame), self.job.candidate.folder)
        return f"; it hangs in {place}" if place else ""


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


def describe(failure: BaseException, folder: Path | None, secrets: Sequence[str]) -> str:
    """An exception in one sentence, with the place in the plugin's code that led to it.

    Args:
        failure: the exception.
        folder: the plugin's package.
        secrets: texts that it must not show.
    """
    kind = type(failure).__name__
    try:
        message = str(failure)
    except Exception:  # noqa: BLE001  a plugin's own exception class may fail at this, too
        message = "its message cannot be read"
    text = f"{kind}: {redact(message, secrets)}" if message else kind
    place = _own_place(traceback.extract_tb(failure.__traceback__), folder)
    return text if isinstance(failure, SyntaxError) or not place else f"{text} ({place})"


def _own_place(frames: traceback.StackSummary, folder: Path | None) -> str:
    """The innermost of these frames that lies in a package, empty where none does."""
    if folder is None:
        return ""
    own = [frame for frame in frames if frame.filename.startswith(f"{folder}{os.sep}")]
    return f"{own[-1].filename}, line {own[-1].lineno}" if own else ""
