"""What the entry point names: the monitor that tells a collector."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

from ion_framework import PluginContext, hookimpl
from ion_framework.clock import Clock
from ion_framework.pipeline.events import Event, TurnCompleted, TurnFailed
from ion_otel.outbox import Outbox
from ion_otel.sampling import Sampler
from ion_otel.settings import OtelSettings
from ion_otel.tally import Tally

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

    from ion_otel.pipeline import Pipeline

TELL_LOSSES_S = 60.0
"""Seconds between two log lines about spans that did not arrive."""


class Otel:
    """Has the turns that the sampler chooses told as spans.

    Attributes:
        tally: what became of the spans since the last start.

    Args:
        settings: the settings, checked.
        clock: the clock.
        logger: the log.
        plugin_version: version of this plugin.
    """

    def __init__(
        self,
        settings: OtelSettings,
        clock: Clock,
        logger: FilteringBoundLogger,
        plugin_version: str = "",
    ) -> None:
        self.tally = Tally()
        self._settings = settings
        self._clock = clock
        self._logger = logger
        self._version = plugin_version
        self._sampler = Sampler(settings.sampler, settings.sampling_ratio)
        self._outbox: Outbox | None = None
        self._told_losses, self._told_at = 0, clock.monotonic()

    @hookimpl
    async def ion_startup(self) -> None:
        """Begin to send, unless that is switched off; async, because events come on the loop."""
        if not self._settings.disabled:
            self.tally, self._told_losses = Tally(), 0
            self._outbox = Outbox(self._pipeline, self.tally, self._cannot_send)

    @hookimpl
    def ion_observe(self, event: Event) -> None:
        """Take a turn in; its spans wait in a queue."""
        if isinstance(event, TurnCompleted | TurnFailed) and self._outbox is not None:
            trace_id = self._sampler.trace_id(event.trace)
            if trace_id is not None:
                self._outbox.put(event, trace_id)
                self._tell_losses(TELL_LOSSES_S)

    @hookimpl
    async def ion_shutdown(self) -> None:
        """Send what waits, within ``flush_s`` seconds, and stop."""
        outbox, self._outbox = self._outbox, None
        if outbox is not None:
            await outbox.close(self._settings.flush_s)
            self._tell_losses(0.0, unsent=self.tally.waiting)

    def _tell_losses(self, every_s: float, unsent: int = 0) -> None:
        """Log that spans did not arrive, where more did not since that was last told."""
        tally, now = self.tally, self._clock.monotonic()
        lost = tally.lost + unsent
        if lost > self._told_losses and now - self._told_at >= every_s:
            self._told_losses, self._told_at = lost, now
            self._logger.warning(
                "spans for the collector were lost",
                sent=tally.sent,
                failed=tally.failed,
                dropped=tally.dropped,
                unsent=unsent,
            )

    def _pipeline(self) -> Pipeline:
        from ion_otel.pipeline import Pipeline  # the SDK takes 0.3 s to import

        return Pipeline(self._settings, (version("ion-framework"), self._version), self.tally)

    def _cannot_send(self, error: Exception) -> None:
        self._logger.error("no spans can be sent", error=f"{type(error).__name__}: {error}")


def plugin(context: PluginContext) -> Otel:
    """The plugin of one `Ion`; without an endpoint it is IDLE, and this is never called.

    Raises:
        SettingsError: a setting cannot work; names its key.
    """
    settings = context.checked_settings_as(OtelSettings)
    return Otel(settings, context.clock, context.logger, context.version)
