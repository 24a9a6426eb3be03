"""How a host keeps what it promises, as it is at a moment."""

from __future__ import annotations

import attrs

from ion_framework.slo.alarm import AlarmState
from ion_framework.slo.notice import Measure, Severity


@attrs.frozen(kw_only=True)
class ObjectiveReport:
    """An objective and its error budget.

    Attributes:
        name: ``availability`` or ``latency``.
        target: share of requests that are to be good, 0 to 1.
        latency_s: seconds within which a request is good; None for availability.
        requests: requests that were observed in the period.
        bad: those of them that were not good.
        actual: share of requests that were good; None without a request.
        consumed: share of the period's error budget that is gone; above 1 where it is overdrawn.
        left: share that is left; below 0 where it is overdrawn.
        burn_rate: how many times as fast as it may it was used up in the last hour; None without a
            request.
        spent_at: when it is gone if the last hour goes on like this, seconds since the Unix epoch;
            None where it is not used up at all, or gone already.
    """

    name: str
    target: float
    latency_s: float | None
    requests: int
    bad: int
    actual: float | None
    consumed: float
    left: float
    burn_rate: float | None
    spent_at: float | None


@attrs.frozen(kw_only=True)
class BurnReport:
    """How fast the error budget of availability is used up over a window.

    Attributes:
        window_s: seconds of the window.
        requests: requests in it.
        rate: how many times as fast as it may; None without a request.
    """

    window_s: float
    requests: int
    rate: float | None


@attrs.frozen(kw_only=True)
class AlertReport:
    """A rule and where it stands.

    Attributes:
        rule: its name.
        measure: what it looks at.
        severity: how urgent it is.
        state: where it stands.
        value: what was measured last; None where too little happened.
        threshold: the limit.
        below: whether it holds below the limit.
        windows: seconds of its windows.
        since: when it began to hold, seconds since the Unix epoch; None while it does not.
        seen: requests, or turns, in the window that has the fewest.
        least: as many as each window must have before it says anything.
    """

    rule: str
    measure: Measure
    severity: Severity
    state: AlarmState
    value: float | None
    threshold: float
    below: bool
    windows: tuple[float, ...]
    since: float | None
    seen: int = 0
    least: int = 1


@attrs.frozen(kw_only=True)
class SloReport:
    """Everything at a moment.

    Attributes:
        at: the moment, seconds since the Unix epoch.
        observed_s: seconds that were observed so far, at most the period.
        period_s: seconds that an error budget is for.
        objectives: the objectives.
        burn_rates: how fast the budget of availability is used up, the shortest window first.
        alerts: the rules.
    """

    at: float
    observed_s: float
    period_s: float
    objectives: tuple[ObjectiveReport, ...]
    burn_rates: tuple[BurnReport, ...]
    alerts: tuple[AlertReport, ...]

    @property
    def is_firing(self) -> bool:
        """Whether any alert fires."""
        return any(alert.state is AlarmState.FIRING for alert in self.alerts)
