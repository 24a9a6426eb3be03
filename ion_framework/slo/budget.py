"""Error budgets: how much may fail in a period, what of it is gone, and when the rest will be."""

from __future__ import annotations

import attrs

from ion_framework.settings.slo import SloSettings
from ion_framework.slo.counts import Counts
from ion_framework.slo.report import ObjectiveReport
from ion_framework.slo.rules import DAY_S


@attrs.frozen
class Seen:
    """Requests that were observed, and how many of them were bad.

    Attributes:
        requests: how many.
        failed: those that failed.
        slow: those that took longer than the objective says.
    """

    requests: float
    failed: float
    slow: float

    @classmethod
    def of(cls, counts: Counts, latency_s: float) -> Seen:
        """What counts tell."""
        return cls(counts.requests, counts.errors, counts.slower(latency_s))

    def row(self) -> tuple[float, float, float]:
        """Its numbers in a row."""
        return (self.requests, self.failed, self.slow)


def objectives(
    settings: SloSettings, period: Seen, observed_s: float, hour: Seen, time: float
) -> tuple[ObjectiveReport, ...]:
    """How each objective is kept.

    Args:
        settings: the objectives.
        period: what was observed in the period so far.
        observed_s: for how many seconds that is.
        hour: what was observed in the last hour.
        time: seconds since the Unix epoch.
    """
    period_s = settings.period_days * DAY_S
    elapsed = min(1.0, observed_s / period_s)
    return (
        _objective(
            _Asked("availability", settings.availability, None, period_s),
            (period.requests, period.failed),
            elapsed,
            (hour.requests, hour.failed),
            time,
        ),
        _objective(
            _Asked("latency", settings.latency_target, settings.latency_s, period_s),
            (period.requests, period.slow),
            elapsed,
            (hour.requests, hour.slow),
            time,
        ),
    )


@attrs.frozen
class _Asked:
    name: str
    target: float
    latency_s: float | None
    period_s: float

    def burn_rate(self, seen: tuple[float, float]) -> float | None:
        """How many times as fast as it may a budget is used up: bad share by allowed share."""
        requests, bad = seen
        return bad / requests / (1.0 - self.target) if requests > 0 else None


def _objective(
    asked: _Asked,
    period: tuple[float, float],
    elapsed: float,
    hour: tuple[float, float],
    time: float,
) -> ObjectiveReport:
    # A budget is for a whole period: of a shorter one that was observed, a rate of 1 has used up
    # only its part of it.
    consumed = (asked.burn_rate(period) or 0.0) * elapsed
    left, rate = 1.0 - consumed, asked.burn_rate(hour)
    requests, bad = period
    return ObjectiveReport(
        name=asked.name,
        target=asked.target,
        latency_s=asked.latency_s,
        requests=round(requests),
        bad=round(bad),
        actual=1.0 - bad / requests if requests > 0 else None,
        consumed=consumed,
        left=left,
        burn_rate=rate,
        spent_at=time + left * asked.period_s / rate if rate and left > 0 else None,
    )
