"""The place of one worker, which outlives the processes that fill it."""

from __future__ import annotations

import attrs

from ion_host_aiohttp.workers.backoff import Backoff
from ion_host_aiohttp.workers.figures import Figures, total
from ion_host_aiohttp.workers.fleet import WorkerPhase, WorkerState
from ion_host_aiohttp.workers.process import WorkerProcess


@attrs.define(eq=False)
class Slot:
    """The place of one worker.

    Attributes:
        number: its number, from 1.
        worker: the process that fills it, None while there is none.
        restarts: how often it was filled anew.
        past: what processes did in it that are gone.
        leaving: processes that another one has taken the place of, and that are not gone yet.
        backoff: the pauses between two of them.
    """

    number: int
    worker: WorkerProcess | None = None
    restarts: int = 0
    past: Figures = attrs.field(factory=Figures)
    leaving: list[WorkerProcess] = attrs.field(factory=list)
    backoff: Backoff = attrs.field(factory=Backoff)

    @property
    def serves(self) -> bool:
        """Whether a process in it listens."""
        return self.worker is not None and self.worker.phase is WorkerPhase.SERVING

    def state(self) -> WorkerState:
        """How it is."""
        worker = self.worker
        return WorkerState(
            number=self.number,
            pid=worker.pid if worker else None,
            phase=worker.phase if worker else WorkerPhase.DOWN,
            restarts=self.restarts,
            figures=worker.figures if worker else Figures(),
        )

    @property
    def done(self) -> Figures:
        """What processes have done in it besides the one that fills it."""
        return total((self.past, *(worker.figures.past() for worker in self.leaving)))

    def bury(self, worker: WorkerProcess) -> None:
        """Keep what a process has done that is gone."""
        if worker in self.leaving:
            self.leaving.remove(worker)
        self.past = total((self.past, worker.figures.past()))
