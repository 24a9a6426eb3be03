"""``GET /api/v2/slo``: how the host keeps what it promises, and which alerts fire."""

from __future__ import annotations

import attrs

from ion_framework.slo.report import AlertReport, BurnReport, ObjectiveReport, SloReport
from ion_host_aiohttp.access.caller import Scope
from ion_host_aiohttp.api.endpoint import Answer, Call, Endpoint, ErrorStyle
from ion_host_aiohttp.service import Service
from ion_host_aiohttp.times import iso_time
from ion_host_aiohttp.v2.figures import PURSE


@attrs.frozen(kw_only=True, slots=False)
class ObjectiveView:
    """An objective and its error budget.

    Attributes:
        name: ``availability`` or ``latency``.
        target: share of requests that are to be good, 0 to 1.
        latency_s: seconds within which a request is good; null for availability.
        requests: requests of the period so far.
        bad: those of them that were not good.
        actual: share of requests that were good; null without a request.
        budget_consumed: share of the period's error budget that is gone.
        budget_left: share that is left; below 0 where it is overdrawn.
        burn_rate: how many times as fast as it may it was used up in the last hour.
        spent_at: when it is gone if the last hour goes on like this; null where it is not used up.
    """

    name: str
    target: float
    latency_s: float | None
    requests: int
    bad: int
    actual: float | None
    budget_consumed: float
    budget_left: float
    burn_rate: float | None
    spent_at: str | None


@attrs.frozen(kw_only=True, slots=False)
class BurnView:
    """How fast the error budget of availability is used up.

    Attributes:
        window_s: seconds of the window.
        requests: requests in it.
        rate: how many times as fast as it may; null without a request.
    """

    window_s: float
    requests: int
    rate: float | None


@attrs.frozen(kw_only=True, slots=False)
class AlertView:
    """A rule and where it stands.

    Attributes:
        rule: its name, the one of the alert in Prometheus's rule files.
        measure: ``error_rate``, ``latency_p95``, ``unanswered_rate``, ``hit_rate`` or
            ``burn_rate``.
        severity: ``page`` (now) or ``ticket`` (in working hours).
        state: ``inactive``, ``pending`` (not for long enough yet) or ``firing``.
        value: what was measured last; null where too little happened.
        threshold: the limit.
        below: whether the limit is the least that there should be; else it is the most.
        windows_s: seconds of its windows.
        since: when it began to hold; null while it does not.
        seen: requests, or turns, in the window that has the fewest.
        least: as many as each window must have before it says anything.
    """

    rule: str
    measure: str
    severity: str
    state: str
    value: float | None
    threshold: float
    below: bool
    windows_s: tuple[float, ...]
    since: str | None
    seen: int
    least: int


@attrs.frozen(kw_only=True, slots=False)
class SloStatus:
    """How the host keeps what it promises, all its processes together.

    Attributes:
        status: ``healthy``, ``alerting`` where an alert fires, ``unknown`` before the first look.
        observed_s: seconds that were observed so far, at most the period; a restart begins anew.
        period_s: seconds that an error budget is for.
        objectives: the objectives.
        burn_rates: how fast the budget of availability is used up, the shortest window first.
        alerts: the rules.
    """

    status: str
    observed_s: float
    period_s: float
    objectives: tuple[ObjectiveView, ...]
    burn_rates: tuple[BurnView, ...]
    alerts: tuple[AlertView, ...]
    timestamp: str


def status_of(report: SloReport) -> SloStatus:
    """A report as callers see it."""
    return SloStatus(
        status="alerting" if report.is_firing else "healthy",
        observed_s=round(report.observed_s, 3),
        period_s=report.period_s,
        objectives=tuple(map(_objective, report.objectives)),
        burn_rates=tuple(map(_burn, report.burn_rates)),
        alerts=tuple(map(_alert, report.alerts)),
        timestamp=iso_time(report.at),
    )


async def slo(call: Call[None], service: Service) -> Answer:  # noqa: ARG001  every caller is told the same
    """Say how the host keeps what it promises."""
    report = service.slo.report
    if report is not None:
        return Answer(body=status_of(report))
    period_s = service.ion.settings.slo.period_days * 86400.0
    return Answer(
        body=SloStatus(
            status="unknown",
            observed_s=0.0,
            period_s=period_s,
            objectives=(),
            burn_rates=(),
            alerts=(),
            timestamp=iso_time(service.clock.time()),
        )
    )


def _objective(report: ObjectiveReport) -> ObjectiveView:
    return ObjectiveView(
        name=report.name,
        target=report.target,
        latency_s=report.latency_s,
        requests=report.requests,
        bad=report.bad,
        actual=_rounded(report.actual),
        budget_consumed=round(report.consumed, _DIGITS),
        budget_left=round(report.left, _DIGITS),
        burn_rate=_rounded(report.burn_rate),
        spent_at=_time(report.spent_at),
    )


def _burn(report: BurnReport) -> BurnView:
    return BurnView(window_s=report.window_s, requests=report.requests, rate=_rounded(report.rate))


def _alert(report: AlertReport) -> AlertView:
    return AlertView(
        rule=report.rule,
        measure=report.measure.value,
        severity=report.severity.value,
        state=report.state.value,
        value=_rounded(report.value),
        threshold=report.threshold,
        below=report.below,
        windows_s=report.windows,
        since=_time(report.since),
        seen=report.seen,
        least=report.least,
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, _DIGITS)


def _time(at: float | None) -> str | None:
    # A budget that lasts for thousands of years has no date that anybody could write.
    return iso_time(at) if at is not None and at < _LATEST else None


_DIGITS = 6
_LATEST = 253_402_300_799.0
"""The end of the year 9999, seconds since the Unix epoch."""

SLO = Endpoint(
    method="GET",
    path="/api/v2/slo",
    handler=slo,
    style=ErrorStyle.V2,
    summary="Objectives, error budgets, burn rates and alerts, of all processes together.",
    response=SloStatus,
    scope=Scope.READ,
    purse=PURSE,
    sheddable=False,
)
