"""What the entry point names: the monitor that tells Sentry."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from ion_framework import PluginContext, hookimpl
from ion_framework.clock import Clock
from ion_framework.domain.trace_context import TraceContext
from ion_framework.pipeline.events import (
    Event,
    PluginStatusChanged,
    RequestCompleted,
    TurnCompleted,
    TurnFailed,
)
from ion_sentry.cache_figures import CacheFigures
from ion_sentry.identity import is_sampled, place_of_request, place_of_turn, trace_of
from ion_sentry.problems import PLUGIN_STATUSES, TURN_CODES, plugin_problem, turn_problem
from ion_sentry.rate_guard import RateGuard
from ion_sentry.requests import request_transaction
from ion_sentry.sender import Sender
from ion_sentry.settings import SentrySettings
from ion_sentry.tally import Tally
from ion_sentry.transactions import Document
from ion_sentry.turns import turn_transaction

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

    from ion_sentry.client import SentryClient

TELL_LOSSES_S = 60.0
"""Seconds between two log lines about events that did not arrive."""


class Sentry:
    """Makes events of what happens, as many as the settings let through, and has them sent.

    Attributes:
        tally: what became of them.

    Args:
        settings: the settings, checked.
        clock: the clock.
        logger: the log.
    """

    def __init__(
        self, settings: SentrySettings, clock: Clock, logger: FilteringBoundLogger
    ) -> None:
        self.tally = Tally()
        self._settings = settings
        self._clock = clock
        self._logger = logger
        self._traces = RateGuard(settings.traces_per_minute, clock)
        self._errors = RateGuard(settings.errors_per_minute, clock)
        self._cache = CacheFigures(clock.time())
        self._sender: Sender | None = None
        self._judged: tuple[str | None, TraceContext | None, bool] = None, None, False
        self._told_losses, self._told_at = 0, clock.monotonic()
        self._tells: Mapping[type, Callable[[Any], None]] = {
            TurnCompleted: self._completed,
            TurnFailed: self._failed,
            RequestCompleted: self._request,
            PluginStatusChanged: self._plugin,
        }

    @hookimpl
    def ion_startup(self) -> None:
        """Begin to send; the thread that does imports the SDK, once there is something to send."""
        self._sender = Sender(self._client, self._settings.queue_size, self.tally)

    @hookimpl
    def ion_observe(self, event: Event) -> None:
        """Take an event in; what is sent of it waits in a queue."""
        tell = self._tells.get(type(event))
        if tell is not None and self._sender is not None:
            tell(event)
            if self._clock.monotonic() - self._told_at >= TELL_LOSSES_S:
                self._tell_losses()

    @hookimpl
    async def ion_shutdown(self) -> None:
        """Send what waits, within ``flush_s`` seconds, and stop."""
        self._report_cache()
        sender, self._sender = self._sender, None
        if sender is not None:
            await asyncio.to_thread(sender.close, self._settings.flush_s)
        self._tell_losses()

    def _completed(self, event: TurnCompleted) -> None:
        self._cache.add(event.reply.receipt.cache.status)
        request_id, trace = event.request.request_id, event.request.trace
        if self._admits(request_id, trace):
            place = place_of_turn(request_id, trace)
            self._put(turn_transaction(event, place, self._cache.hit_rate))
        if self._cache.due(self._clock.time(), self._settings.cache_report_s):
            self._report_cache()

    def _failed(self, event: TurnFailed) -> None:
        if event.code in TURN_CODES and self._errors.admits():
            place = place_of_turn(event.request.request_id, event.trace)
            self._put(turn_problem(event, place, detailed=self._settings.include_detail))

    def _request(self, event: RequestCompleted) -> None:
        if event.route in self._settings.ignore_routes:
            return
        if self._admits(event.request_id, event.trace):
            place = place_of_request(event.request_id, event.trace)
            self._put(request_transaction(event, place, self._settings.slow_request_ms))

    def _plugin(self, event: PluginStatusChanged) -> None:
        if event.after in PLUGIN_STATUSES and self._errors.admits():
            self._put(plugin_problem(event, detailed=self._settings.include_detail))

    def _report_cache(self) -> None:
        report = self._cache.report(self._clock.time())
        if report is not None and self._settings.traces_sample_rate and self._traces.admits():
            self._put(report)

    def _admits(self, request_id: str, trace: TraceContext | None) -> bool:
        """Whether a trace is sent; a turn and the request that it answers are asked for in turn."""
        if request_id != self._judged[0] or trace is not self._judged[1]:
            rate = self._settings.traces_sample_rate
            chosen = is_sampled(trace_of(request_id, trace), rate)
            self._judged = request_id, trace, chosen
        return self._judged[2] and self._traces.admits()

    def _put(self, document: Document) -> None:
        if self._sender is not None:
            self._sender.put(document)

    def _tell_losses(self) -> None:
        """Log that events did not arrive, where more did not since that was last told."""
        tally = self.tally
        tally.rate_limited = self._traces.dropped + self._errors.dropped
        self._told_at = self._clock.monotonic()
        if tally.lost > self._told_losses:
            self._told_losses = tally.lost
            self._logger.warning(
                "events for Sentry were lost",
                sent=tally.sent,
                rate_limited=tally.rate_limited,
                queue_full=tally.queue_full,
                too_late=tally.too_late,
                held_back=tally.held_back,
                failed=tally.failed,
            )

    def _client(self) -> SentryClient:
        from ion_sentry.client import SentryClient  # the SDK takes 0.15 s to import

        release = self._settings.release or f"ion-framework@{version('ion-framework')}"
        return SentryClient(self._settings, release, self.tally)


def plugin(context: PluginContext) -> Sentry:
    """The plugin of one `Ion`; without a DSN it is IDLE, and this is never called.

    Raises:
        SettingsError: a setting cannot work; names its key.
    """
    return Sentry(context.checked_settings_as(SentrySettings), context.clock, context.logger)
