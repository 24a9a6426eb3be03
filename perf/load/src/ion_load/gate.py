"""The gate: limits that a run has to keep, and how it compares with a run before.

A run passes where P95 < limit, errors < limit and requests > minimum, all strictly, and where it is
not clearly worse than the baseline. Without data nothing passes.
"""

from __future__ import annotations

import math
from enum import StrEnum

import attrs

from ion_load.answers import NEEDS_KEY, UNKNOWN
from ion_load.figures import Figures, Range


class Verdict(StrEnum):
    """What a check says."""

    PASSED = "passed"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"


@attrs.frozen
class Limits:
    """What is allowed.

    Attributes:
        p95_ms: P95 has to be below.
        max_error_pct: per cent of failures have to be below.
        min_requests: there have to be more requests.
        max_slower_pct: per cent by which a P95 may be above the baseline's.
        max_degraded_pct: per cent of degraded answers have to be below; None allows all.
    """

    p95_ms: float = 500
    max_error_pct: float = 1
    min_requests: int = 10
    max_slower_pct: float = 20
    max_degraded_pct: float | None = None


@attrs.frozen
class Check:
    """One thing that was judged.

    Attributes:
        name: what.
        verdict: the outcome.
        found: the figure, for people.
        wanted: the limit, for people.
        why: what there is to say about it, empty where the figures say all.
    """

    name: str
    verdict: Verdict
    found: str
    wanted: str
    why: str = ""


def judge(figures: Figures, limits: Limits, baseline: Figures | None = None) -> tuple[Check, ...]:
    """Every check, in the order of the table."""
    checks = [_amount(figures, limits), _latency(figures, limits), _errors(figures, limits)]
    if limits.max_degraded_pct is not None:
        checks.append(_degraded(figures, limits.max_degraded_pct))
    if baseline is not None:
        checks += compare(figures, baseline, limits)
    return tuple(checks)


def compare(figures: Figures, baseline: Figures, limits: Limits) -> tuple[Check, Check]:
    """How latency and errors compare with those of a run before.

    FAILED where the run is worse beyond what chance explains (the ranges of both do not meet),
    PASSED where its own figure is not worse, inconclusive where it is, but chance may explain it.
    """
    allowed = 1 + limits.max_slower_pct / 100
    latency = _compared(
        "P95 against baseline",
        figures.p95_ms,
        Range(*(allowed * value for value in attrs.astuple(baseline.p95_ms))),
        "ms",
    )
    errors = _compared("errors against baseline", figures.error_range, baseline.error_range, "%")
    doubt = _doubt(figures, baseline, limits)
    if doubt is None:
        return latency, errors
    verdict, why = doubt
    return (
        attrs.evolve(latency, verdict=verdict, why=why),
        attrs.evolve(errors, verdict=verdict, why=why),
    )


def _amount(figures: Figures, limits: Limits) -> Check:
    return Check(
        "requests",
        _passed(figures.requests > limits.min_requests),
        f"{figures.requests}",
        f"> {limits.min_requests}",
        "" if figures.requests else "no data",
    )


def _latency(figures: Figures, limits: Limits) -> Check:
    found = figures.p95_ms.value
    return Check(
        "P95",
        _passed(found < limits.p95_ms),
        "-" if math.isnan(found) else f"{found:.1f} ms",
        f"< {limits.p95_ms:g} ms",
        "no data" if math.isnan(found) else "",
    )


def _errors(figures: Figures, limits: Limits) -> Check:
    most = sorted(figures.reasons.items(), key=lambda item: -item[1])[:3]
    told = ", ".join(f"{count} × {reason}" for reason, count in most)
    if figures.limited:
        told += "; the host's rate limit is below the rate of this load"
    if f"status {UNKNOWN}" in figures.reasons:
        told += f"; {NEEDS_KEY}"
    found = figures.error_pct
    return Check(
        "errors",
        _passed(found < limits.max_error_pct),
        "-" if math.isnan(found) else f"{found:.2f} % ({figures.failures})",
        f"< {limits.max_error_pct:g} %",
        "no data" if math.isnan(found) else told,
    )


def _degraded(figures: Figures, limit: float) -> Check:
    wanted = f"< {limit:g} %"
    if figures.degraded is None or not figures.requests:
        why = "no data" if not figures.requests else "the file does not tell"
        return Check("degraded", Verdict.FAILED, "-", wanted, why)
    found = 100 * figures.degraded / figures.requests
    told = f"{found:.2f} % ({figures.degraded})"
    return Check("degraded", _passed(found < limit), told, wanted)


def _compared(name: str, found: Range, allowed: Range, unit: str) -> Check:
    """Compare two ranges; the value of the second is what the first may be at most."""
    if math.isnan(found.value) or math.isnan(allowed.value):
        who = "this run" if math.isnan(found.value) else "the baseline"
        verdict, why = Verdict.FAILED, f"no data in {who}"
    elif found.low > allowed.high:
        verdict, why = Verdict.FAILED, "worse, and not by chance"
    elif found.value <= allowed.value:
        verdict, why = Verdict.PASSED, ""
    else:
        verdict, why = Verdict.INCONCLUSIVE, "worse, perhaps by chance: measure longer"
    end = "and more" if math.isinf(found.high) else f"to {found.high:.2f}"
    shown = f"{found.value:.2f} {unit} ({found.low:.2f} {end})"
    return Check(name, verdict, shown, f"<= {allowed.value:.2f} {unit}", why)


def _doubt(figures: Figures, baseline: Figures, limits: Limits) -> tuple[Verdict, str] | None:
    """Why the two cannot be compared; None where they can."""
    if not figures.requests or not baseline.requests:
        who = "this run" if not figures.requests else "the baseline"
        return Verdict.FAILED, f"no data in {who}"
    fewest = min(figures.requests, baseline.requests)
    if fewest <= limits.min_requests:
        return Verdict.INCONCLUSIVE, f"only {fewest} requests"
    if figures.rate != baseline.rate:
        now, before = (
            "a closed loop" if each is None else f"{each:g} requests a second"
            for each in (figures.rate, baseline.rate)
        )
        return Verdict.INCONCLUSIVE, f"{now} is not comparable with {before}"
    return None


def _passed(holds: bool) -> Verdict:
    return Verdict.PASSED if holds else Verdict.FAILED
