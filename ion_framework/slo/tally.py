"""Counting events as they happen: runs for every request and turn, in about a microsecond."""

from __future__ import annotations

from bisect import bisect_left

from ion_framework.pipeline.events import (
    OWN_FAULTS,
    Event,
    RequestCompleted,
    TurnCompleted,
    TurnFailed,
)
from ion_framework.pipeline.receipt import CacheStatus
from ion_framework.slo.counts import BOUNDS, Counts

_OTHER_PROTOCOL = 501
_SERVER_ERRORS = range(500, 600)
_PROBES = "/health"
_METRICS = "/metrics"


class Tally:
    """Counts what objectives are about, from its making on."""

    def __init__(self) -> None:
        self._durations = [0] * (len(BOUNDS) + 1)
        self._errors = self._turns = self._hits = self._due = self._unanswered = 0

    def take(self, event: Event) -> None:
        """Count an event; one that is of another kind counts nothing. Never raises."""
        if isinstance(event, RequestCompleted):
            self._request(event)
        elif isinstance(event, TurnCompleted):
            self._turn(event)
        elif isinstance(event, TurnFailed) and event.code in OWN_FAULTS:
            self._due += 1
            self._unanswered += 1

    def counts(self) -> Counts:
        """What was counted so far."""
        return Counts(
            self._errors,
            self._turns,
            self._hits,
            tuple(self._durations),
            self._due,
            self._unanswered,
        )

    def _request(self, event: RequestCompleted) -> None:
        if event.lasting or event.route == _METRICS or event.route.startswith(_PROBES):
            return
        self._durations[bisect_left(BOUNDS, event.duration_s)] += 1
        if event.outcome in _SERVER_ERRORS and event.outcome != _OTHER_PROTOCOL:
            self._errors += 1

    def _turn(self, event: TurnCompleted) -> None:
        self._due += 1
        if event.reply.degraded:
            self._unanswered += 1
        status = event.reply.receipt.cache.status
        if status is CacheStatus.MISS:
            self._turns += 1
        elif status is CacheStatus.HIT or status is CacheStatus.STALE:
            self._turns += 1
            self._hits += 1
