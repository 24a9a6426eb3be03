"""What one process knows of all that serve with it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Protocol

import attrs

from ion_host_aiohttp.workers.changes import ChangeOrder, ChangeOutcome
from ion_host_aiohttp.workers.figures import Figures, total


class WorkerPhase(StrEnum):
    """What a worker does at the moment."""

    STARTING = "starting"
    SERVING = "serving"
    STOPPING = "stopping"
    DOWN = "down"


@attrs.frozen(kw_only=True)
class WorkerState:
    """One worker.

    Attributes:
        number: its number, from 1.
        pid: its process, None while it is down.
        phase: what it does.
        restarts: how often it was started anew.
        figures: what it has told last.
    """

    number: int
    pid: int | None
    phase: WorkerPhase
    restarts: int = 0
    figures: Figures = attrs.field(factory=Figures)


@attrs.frozen
class PluginTrouble:
    """A plugin that is out of service in a worker.

    Attributes:
        worker: number of the worker.
        plugin: name of the plugin.
        status: its status there.
    """

    worker: int
    plugin: str
    status: str


class Fleet(Protocol):
    """Everything that serves at this address."""

    def figures(self) -> Figures:
        """The figures of all processes together."""

    def uptime_s(self) -> float:
        """Seconds since the host, not this process, was started."""

    def workers(self) -> tuple[WorkerState, ...]:
        """Every worker by its number; this process alone where there are none."""

    def troubles(self) -> tuple[PluginTrouble, ...]:
        """Plugins that are out of service in other workers."""

    async def change(self, order: ChangeOrder) -> tuple[ChangeOutcome, ...]:
        """Change a plugin in every process; what came of it in each."""


Change = Callable[[ChangeOrder], Awaitable[tuple[ChangeOutcome, ...]]]


class Alone:
    """A host of one process.

    Args:
        figures: its figures.
        uptime_s: seconds since its start.
        pid: the process.
        change: changes a plugin.
    """

    def __init__(
        self,
        figures: Callable[[], Figures],
        uptime_s: Callable[[], float],
        pid: int,
        change: Callable[[ChangeOrder], Awaitable[ChangeOutcome]],
    ) -> None:
        self._change = change
        self._figures = figures
        self._uptime_s = uptime_s
        self._pid = pid

    def figures(self) -> Figures:
        """The figures of this process."""
        return self._figures()

    def uptime_s(self) -> float:
        """Seconds since its start."""
        return self._uptime_s()

    def workers(self) -> tuple[WorkerState, ...]:
        """This process."""
        phase = WorkerPhase.SERVING
        return (WorkerState(number=1, pid=self._pid, phase=phase, figures=self._figures()),)

    def troubles(self) -> tuple[PluginTrouble, ...]:
        """There is no other process."""
        return ()

    async def change(self, order: ChangeOrder) -> tuple[ChangeOutcome, ...]:
        """Change a plugin in this process."""
        return (await self._change(order),)


class Member:
    """A process among others: its own figures as they are, the others' as they were told.

    Args:
        number: its number.
        figures: its figures.
        uptime_s: seconds since the start of the host.
        change: has all processes change a plugin.
    """

    def __init__(
        self,
        number: int,
        figures: Callable[[], Figures],
        uptime_s: Callable[[], float],
        change: Change,
    ) -> None:
        self._number = number
        self._change = change
        self._figures = figures
        self._uptime_s = uptime_s
        self._workers: tuple[WorkerState, ...] = ()
        self._troubles: tuple[PluginTrouble, ...] = ()
        self._past = Figures()

    def hear(
        self,
        workers: tuple[WorkerState, ...],
        troubles: tuple[PluginTrouble, ...],
        past: Figures,
    ) -> None:
        """What the supervisor tells.

        Args:
            workers: every worker.
            troubles: plugins that are out of service somewhere.
            past: what workers did that are gone.
        """
        self._workers, self._troubles, self._past = workers, troubles, past

    def figures(self) -> Figures:
        """The figures of all processes together, those that are gone included."""
        return total((self._past, *(worker.figures for worker in self.workers())))

    def uptime_s(self) -> float:
        """Seconds since the start of the host."""
        return self._uptime_s()

    def workers(self) -> tuple[WorkerState, ...]:
        """Every worker by its number."""
        return tuple(
            attrs.evolve(worker, figures=self._figures())
            if worker.number == self._number
            else worker
            for worker in self._workers
        )

    def troubles(self) -> tuple[PluginTrouble, ...]:
        """Plugins that are out of service in other workers."""
        return tuple(each for each in self._troubles if each.worker != self._number)

    async def change(self, order: ChangeOrder) -> tuple[ChangeOutcome, ...]:
        """Change a plugin in every process that serves."""
        return await self._change(order)
