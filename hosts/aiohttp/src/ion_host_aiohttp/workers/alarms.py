"""Alerts of several workers: looked for once, on the sum of all, in the process that outlives them.

A worker is asked to tell the notifiers, because plugins run there. One that goes before it has told
them leaves the notice to another.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import attrs

from ion_framework.clock import Clock
from ion_framework.settings.slo import SloSettings
from ion_framework.slo.counts import total
from ion_framework.slo.evaluator import EVERY_S, Evaluator
from ion_framework.slo.notice import Notice
from ion_framework.slo.report import SloReport
from ion_host_aiohttp.run.slo_watch import origin_of
from ion_host_aiohttp.workers.figures import Figures
from ion_host_aiohttp.workers.fleet import WorkerPhase
from ion_host_aiohttp.workers.messages import Message, NoticeSent

MOST_WAITING = 100
"""Notices that wait for a worker who tells them; on top of that the oldest is given up."""


class Worker(Protocol):
    """What is asked of a worker here."""

    @property
    def phase(self) -> WorkerPhase:
        """What it does."""

    @property
    def figures(self) -> Figures:
        """What it has told last."""

    def tell(self, message: Message) -> bool:
        """Tell it something; False where it is gone, or does not listen."""


@attrs.define(eq=False)
class _Waiting:
    """A notice that nobody has taken yet, and the worker who was asked to."""

    notice: Notice
    asked: Worker | None = None


class Alarms:
    """What the supervisor knows and does of alerts.

    Args:
        settings: objectives and limits.
        clock: the clock.

    Attributes:
        report: how the host is, as of the last look; None before the first.
    """

    def __init__(self, settings: SloSettings, clock: Clock) -> None:
        self._evaluator = Evaluator(settings, clock, origin_of(settings))
        self._clock = clock
        self._looked_at: float | None = None
        self._waiting: dict[int, _Waiting] = {}
        self._last = 0
        self.report: SloReport | None = None

    def adopt(self, settings: SloSettings) -> None:
        """Go on by other objectives and limits."""
        self._evaluator.adopt(settings, origin_of(settings))

    def look(self, workers: Sequence[Worker], past: Figures) -> None:
        """Look at the figures where it is time to, and have somebody tell what has changed.

        Args:
            workers: all that there are.
            past: what others did that are gone.
        """
        now = self._clock.monotonic()
        if self._looked_at is None or now - self._looked_at >= EVERY_S:
            self._looked_at = now
            counts = total((past.slo, *(worker.figures.slo for worker in workers)))
            serving = sum(_serves(worker) for worker in workers)
            for notice in self._evaluator.take(counts, serving):
                self._keep(notice)
            self.report = self._evaluator.report()
        self._ask(workers)

    def taken(self, number: int) -> None:
        """The notifiers were told of a notice."""
        self._waiting.pop(number, None)

    def _keep(self, notice: Notice) -> None:
        if len(self._waiting) >= MOST_WAITING:
            del self._waiting[min(self._waiting)]
        self._last += 1
        self._waiting[self._last] = _Waiting(notice)

    def _ask(self, workers: Sequence[Worker]) -> None:
        """Have a worker tell what nobody tells yet: none was asked, or the one who was is gone."""
        serving = [worker for worker in workers if _serves(worker)]
        for number, waiting in self._waiting.items():
            if waiting.asked is not None and waiting.asked.phase is not WorkerPhase.DOWN:
                continue
            sent = NoticeSent(id=number, notice=waiting.notice)
            waiting.asked = next((each for each in serving if each.tell(sent)), None)


def _serves(worker: Worker) -> bool:
    return worker.phase is WorkerPhase.SERVING
