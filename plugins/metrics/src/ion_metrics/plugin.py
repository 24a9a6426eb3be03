"""What the entry point names: the monitor that counts, and the document that tells."""

from __future__ import annotations

import asyncio
from pathlib import Path

from ion_framework import PluginContext, hookimpl
from ion_framework.clock import Clock
from ion_framework.pipeline.documents import Document, DocumentRoute, HostView, Writer
from ion_framework.pipeline.events import Event
from ion_metrics.counting import Counting, observe
from ion_metrics.ledger import Ledger, Numbers
from ion_metrics.names import LOOP_LAG
from ion_metrics.process_figures import process_figures
from ion_metrics.sampling import Sampler
from ion_metrics.settings import MetricsSettings
from ion_metrics.vocabulary import Vocabulary

PATH = "/metrics"
DESCRIPTION = """\
Figures of all workers of this host together, as Prometheus reads them. `Accept` chooses between
`text/plain` and `application/openmetrics-text`.
"""


class Metrics:
    """Counts what happens, in every process, and tells the sum in any of them.

    Args:
        settings: its settings.
        clock: the clock.
    """

    def __init__(self, settings: MetricsSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._words = Vocabulary()
        self._ledger = Ledger()
        self._counting = Counting(self._ledger, self._words)
        self._sampler = Sampler(self._ledger, self._words, process_figures)
        self._view: HostView | None = None
        self._folder: Path | None = None
        self._looking: asyncio.Task[None] | None = None

    @hookimpl
    def ion_provide_routes(self) -> list[DocumentRoute]:
        """``GET /metrics``."""
        return [
            DocumentRoute(
                path=PATH,
                summary="Figures for Prometheus.",
                description=DESCRIPTION,
                open=self._open,
                scope=self._settings.needed_scope,
            )
        ]

    @hookimpl
    async def ion_startup(self) -> None:
        """Begin to look at what no event tells, and go on before a host that it had."""
        if self._view is not None and (self._folder is None or self._folder.is_dir()):
            self._watch(self._view)
        self._looking = asyncio.get_running_loop().create_task(self._look())

    @hookimpl
    def ion_observe(self, event: Event) -> None:
        """Count what happened."""
        self._counting.take(event)

    @hookimpl
    async def ion_shutdown(self) -> None:
        """Take down the last figures, and leave them to the other processes."""
        if self._looking is not None:
            self._looking.cancel()
            self._looking = None
        self._sampler.look()
        self._sampler.view = None
        self._ledger.let_go()

    def _open(self, view: HostView) -> Writer:
        self._view, ion = view, view.ion
        self._words.installed = {
            "persona": lambda: {persona.name for persona in ion.personas},
            "plugin": lambda: {record.name for record in ion.plugins},
        }
        self._watch(view)
        return self._document

    def _watch(self, view: HostView) -> None:
        self._sampler.view = view
        if view.shared_dir is not None:
            self._keep_in(view.shared_dir)

    def _keep_in(self, folder: Path) -> None:
        from ion_metrics import (
            files,
        )  # needs fcntl, which Windows lacks; there are no workers there

        try:
            files.put_together(folder)
            self._ledger.keep_on(files.Shelf(folder))
        except OSError as error:
            import structlog  # only a failure pays for it

            structlog.get_logger("ion").warning(
                "figures of this worker alone are told: they cannot be shared",
                plugin=PATH.strip("/"),
                folder=str(folder),
                reason=str(error),
            )
            return
        self._folder = folder

    async def _document(self, accept: str) -> Document:
        self._sampler.look()
        return await asyncio.to_thread(self._written, accept)

    def _written(self, accept: str) -> Document:
        from ion_metrics.exposition import written  # prometheus_client; only who asks pays for it

        return written(self._numbers(), accept)

    def _numbers(self) -> Numbers:
        if self._folder is None:
            return self._ledger.numbers()
        from ion_metrics import files  # see _keep_in

        return files.total(self._folder)

    async def _look(self) -> None:
        """Look now and then, and measure how late the loop comes to it."""
        while True:
            due = self._clock.monotonic() + self._settings.sample_s
            await asyncio.sleep(self._settings.sample_s)
            observe(self._ledger, LOOP_LAG, max(0.0, self._clock.monotonic() - due))
            self._sampler.look()


def plugin(context: PluginContext) -> Metrics:
    """The plugin of one `Ion`."""
    return Metrics(context.settings_as(MetricsSettings), context.clock)
