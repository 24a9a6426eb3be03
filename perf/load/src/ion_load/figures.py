"""What a gate judges: amounts, and percentiles with the range in which they truly lie.

The range of a percentile needs no assumption about how latencies are distributed: of n requests,
the number that is faster than the true P95 is binomial, so that with 95 per cent confidence the
true value lies between two of the ordered samples (David and Nagaraja, Order Statistics, 7.1).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import attrs

from ion_load.open_loop import Shot, quantile

CONFIDENCE_Z = 1.959964
"""The standard normal quantile of 95 per cent, two-sided."""

LIMITED = 429

_TAIL = 0.025
"""What lies beyond either end of a range: the rest of 95 per cent, halved."""


@attrs.frozen
class Range:
    """A figure and where it may truly lie.

    Attributes:
        low: lower end; 0 where too few requests say how low it may be.
        value: the figure itself.
        high: upper end; infinite where too few requests say how high it may be.
    """

    low: float
    value: float
    high: float


@attrs.frozen(kw_only=True)
class Figures:
    """What is known of a run.

    Attributes:
        source: where it comes from, for people.
        requests: how many there were.
        failures: how many failed.
        p50_ms: median; NaN where no request was answered, as are the others.
        p95_ms: 95th percentile.
        p99_ms: 99th percentile.
        rate: requests a second that were asked for; None where a closed loop made them.
        limited: answers with the status 429.
        degraded: answers that the host called degraded; None where that is not known.
        reasons: what went wrong, with how often.
        samples_ms: every latency, empty where none or only percentiles are known.
        late_ms: 95th percentile of how late the requests were sent, which their latencies hold;
            0 where that is not known.
    """

    source: str
    requests: int
    failures: int
    p50_ms: Range
    p95_ms: Range
    p99_ms: Range
    rate: float | None = None
    limited: int = 0
    degraded: int | None = None
    reasons: Mapping[str, int] = attrs.field(factory=dict)
    samples_ms: tuple[float, ...] = ()
    late_ms: float = 0.0

    @property
    def error_pct(self) -> float:
        """Per cent of the requests that failed; NaN without requests."""
        return 100 * self.failures / self.requests if self.requests else math.nan

    @property
    def error_range(self) -> Range:
        """Where the true share of failures lies, in per cent (Wilson's interval)."""
        return wilson_pct(self.failures, self.requests)


NOTHING = Range(math.nan, math.nan, math.nan)


def finite(value: float) -> float | None:
    """A figure as JSON has it, which knows no NaN and no infinity."""
    return value if math.isfinite(value) else None


def nothing(source: str) -> Figures:
    """The figures of a run that left no data: no limit holds for them."""
    return Figures(
        source=source, requests=0, failures=0, p50_ms=NOTHING, p95_ms=NOTHING, p99_ms=NOTHING
    )


def of_shots(source: str, rate: float, shots: Sequence[Shot]) -> Figures:
    """The figures of a load that did not wait.

    Failed requests count with the time that they took, unless their connection was refused or cut
    off: those are failures and have no latency.
    """
    took = tuple(sorted(shot.took_ms for shot in shots if shot.answer.has_latency))
    reasons: dict[str, int] = {}
    for shot in shots:
        if shot.answer.failure:
            reasons[shot.answer.failure] = reasons.get(shot.answer.failure, 0) + 1
    return Figures(
        source=source,
        requests=len(shots),
        failures=sum(reasons.values()),
        p50_ms=of_samples(took, 0.50),
        p95_ms=of_samples(took, 0.95),
        p99_ms=of_samples(took, 0.99),
        rate=rate,
        limited=sum(shot.answer.status == LIMITED for shot in shots),
        degraded=sum(shot.answer.degraded for shot in shots),
        reasons=reasons,
        samples_ms=took,
        late_ms=1000 * quantile([shot.began_s - shot.due_s for shot in shots], 0.95),
    )


def of_samples(ordered: Sequence[float], share: float) -> Range:
    """A percentile of sorted samples: the smallest that at least this share do not exceed.

    Below 72 samples not even the largest is above the true P95 with the confidence of the range,
    which then has no upper end.
    """
    if not ordered:
        return NOTHING
    count = len(ordered)
    low, high = ranks(share, count)
    return Range(
        ordered[max(low, 1) - 1] if (1 - share) ** count <= _TAIL else 0.0,
        ordered[math.ceil(share * count) - 1],
        ordered[min(high, count) - 1] if share**count <= _TAIL else math.inf,
    )


def of_percentiles(known: Mapping[float, float], share: float, requests: int) -> Range:
    """The same where only some percentiles are known: the ends go out to the next known ones.

    Args:
        known: latencies by share; NaN where one is not known.
        share: of the requests, 0 to 1.
        requests: how many there were.
    """
    value = known.get(share, math.nan)
    if not requests or math.isnan(value):
        return NOTHING
    low, high = (rank / requests for rank in ranks(share, requests))
    high = min(high, 1.0) if share**requests <= _TAIL else math.inf
    below = [found for at, found in known.items() if at <= low and not math.isnan(found)]
    above = [found for at, found in known.items() if at >= high and not math.isnan(found)]
    return Range(max(below, default=0.0), value, min(above, default=math.inf))


def ranks(share: float, count: int) -> tuple[int, int]:
    """The ranks (1 is the smallest) between which the true percentile lies, by the normal form."""
    spread = CONFIDENCE_Z * math.sqrt(share * (1 - share) * count)
    return math.floor(share * count - spread), math.ceil(share * count + spread) + 1


def wilson_pct(hits: int, count: int) -> Range:
    """The share of hits in per cent, with Wilson's interval of 95 per cent."""
    if not count:
        return NOTHING
    z = CONFIDENCE_Z
    share = hits / count
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    reach = (
        z
        / (1 + z * z / count)
        * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    )
    low, high = max(0.0, middle - reach), min(1.0, middle + reach)
    return Range(100 * low if hits else 0.0, 100 * share, 100 * high)
