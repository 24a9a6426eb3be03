"""The rules: what is held against which limit, over which windows.

They are those of Prometheus's rule files that come with ``ion-metrics``, under the same names. What
they have besides is a least number of requests, because a host that is asked once an hour would
otherwise fail wholly whenever it fails once.
"""

from __future__ import annotations

import attrs

from ion_framework.settings.slo import SloSettings
from ion_framework.slo.counts import Counts
from ion_framework.slo.notice import Measure, Severity

MINUTE_S = 60.0
HOUR_S = 60 * MINUTE_S
DAY_S = 24 * HOUR_S

LONGEST_WINDOW_S = 3 * DAY_S
LATENCY_SHARE = 0.95

HIT_RATE_TURNS = 180
"""Least turns in half an hour before their share of hits says anything: one in ten seconds."""

SLACK = 0.1
"""An alert that fires is over only where its value is clear of the limit by this share of it, so
that a value that wavers about the limit is one alert and not twenty."""


@attrs.frozen(kw_only=True)
class Rule:
    """A rule.

    Attributes:
        name: its name.
        measure: what it looks at.
        severity: how urgent it is.
        threshold: the limit.
        below: whether it holds below the limit; else it holds above.
        windows: seconds of its windows, the longest first; it holds where it does in all of them.
        lasts_s: seconds for which it must hold before somebody is told.
        least: requests, or turns, that each window must have.
    """

    name: str
    measure: Measure
    severity: Severity
    threshold: float
    below: bool = False
    windows: tuple[float, ...]
    lasts_s: float
    least: float

    @property
    def clear_at(self) -> float:
        """The value at which it is over."""
        if self.below:
            return self.threshold + SLACK * (1.0 - self.threshold)
        return self.threshold * (1.0 - SLACK)

    def seen(self, grown: Counts) -> float:
        """How many there were in a window of what it looks at: requests, or turns."""
        match self.measure:
            case Measure.HIT_RATE:
                return grown.turns
            case Measure.UNANSWERED_RATE:
                return grown.due
            case _:
                return grown.requests

    def reading(self, grown: Counts, budget: float) -> float | None:
        """What it looks at, of a window; None where too little happened in it.

        Args:
            grown: what happened in the window.
            budget: share of requests that may fail.
        """
        if self.seen(grown) < self.least:
            return None
        match self.measure:
            case Measure.ERROR_RATE:
                return grown.error_rate
            case Measure.LATENCY_P95:
                return grown.quantile(LATENCY_SHARE)
            case Measure.HIT_RATE:
                return grown.hit_rate
            case Measure.UNANSWERED_RATE:
                return grown.unanswered_rate
            case Measure.BURN_RATE:
                return (grown.error_rate or 0.0) / budget

    def worst(self, readings: tuple[float | None, ...]) -> float | None:
        """Of the readings of all windows the one that decides; None where one is missing."""
        known = [each for each in readings if each is not None]
        if len(known) < len(readings):
            return None
        return max(known) if self.below else min(known)

    def holds(self, value: float | None) -> bool:
        """Whether a value is beyond the limit."""
        if value is None:
            return False
        return value < self.threshold if self.below else value > self.threshold

    def is_over(self, value: float | None) -> bool:
        """Whether a value is clear of the limit; so is silence."""
        if value is None:
            return True
        return value >= self.clear_at if self.below else value <= self.clear_at


@attrs.frozen
class Burn:
    """How fast an error budget is used up, and how long before somebody is told.

    Attributes:
        factor: so many times as fast as it may.
        long_s: seconds of the window that shows that it matters.
        short_s: seconds of the window that shows that it still goes on.
        lasts_s: seconds for which both must hold.
        severity: how urgent it is.
    """

    factor: float
    long_s: float
    short_s: float
    lasts_s: float
    severity: Severity


BURNS = (
    Burn(14.4, HOUR_S, 5 * MINUTE_S, MINUTE_S, Severity.PAGE),
    Burn(6.0, 6 * HOUR_S, 30 * MINUTE_S, 15 * MINUTE_S, Severity.PAGE),
    Burn(3.0, DAY_S, 2 * HOUR_S, HOUR_S, Severity.TICKET),
    Burn(1.0, 3 * DAY_S, 6 * HOUR_S, 3 * HOUR_S, Severity.TICKET),
)
"""Factors and windows of "The Site Reliability Workbook" (Google, 2018), chapter 5, "Multiwindow,
Multi-Burn-Rate Alerts": 2 % of the budget of 30 days in an hour, 5 % in six, 10 % in one day and in
three. The fastest waits a minute, so that an outage is told within two."""


def rules_of(settings: SloSettings) -> tuple[Rule, ...]:
    """The rules with the limits of the settings."""
    least = float(settings.least_requests)
    thresholds = (
        _page("IonErrorRateHigh", Measure.ERROR_RATE, settings.error_rate, least),
        _page("IonLatencyHigh", Measure.LATENCY_P95, settings.latency_s, least),
        _page("IonTurnsUnanswered", Measure.UNANSWERED_RATE, settings.unanswered_rate, least),
        Rule(
            name="IonCacheHitRateLow",
            measure=Measure.HIT_RATE,
            severity=Severity.TICKET,
            threshold=settings.hit_rate,
            below=True,
            windows=(30 * MINUTE_S,),
            lasts_s=15 * MINUTE_S,
            least=max(least, HIT_RATE_TURNS),
        ),
    )
    return (*thresholds, *(_burn_rule(burn, least) for burn in BURNS))


def _page(name: str, measure: Measure, threshold: float, least: float) -> Rule:
    """A rule that calls somebody once it has held for five minutes."""
    return Rule(
        name=name,
        measure=measure,
        severity=Severity.PAGE,
        threshold=threshold,
        windows=(5 * MINUTE_S,),
        lasts_s=5 * MINUTE_S,
        least=least,
    )


def _burn_rule(burn: Burn, least: float) -> Rule:
    return Rule(
        name=f"IonErrorBudgetBurn{burn.factor:g}x".replace(".", "_"),
        measure=Measure.BURN_RATE,
        severity=burn.severity,
        threshold=burn.factor,
        windows=(burn.long_s, burn.short_s),
        lasts_s=burn.lasts_s,
        least=least,
    )
