"""What happened between two samples."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

import attrs

from ion_host_aiohttp.figures.latency import percentile_s
from ion_host_aiohttp.figures.sampler import Sample
from ion_host_aiohttp.workers.figures import Figures

THROTTLED = str(HTTPStatus.TOO_MANY_REQUESTS.value)


@attrs.frozen(kw_only=True, slots=False)
class TierCounts:
    """Look-ups of a tier of the cache since the start of the host."""

    hits: int
    misses: int


@attrs.frozen(kw_only=True, slots=False)
class Totals:
    """What has happened since the start of the host.

    Attributes:
        requests: requests answered.
        errors: those of them that the host could not answer (5xx, but for 501).
        throttled: those of them answered 429.
        turns: turns that have ended.
        codes: requests by the status of their answer; 499 is a caller who left before it.
        personas: replies by persona.
        tiers: look-ups by tier of the cache.
    """

    requests: int
    errors: int
    throttled: int
    turns: int
    codes: dict[str, int]
    personas: dict[str, int]
    tiers: dict[str, TierCounts]


@attrs.frozen(kw_only=True, slots=False)
class Point:
    """How the host did at a time.

    Attributes:
        at: when, seconds since the Unix epoch.
        window_s: seconds before it that rates, shares and percentiles are of.
        requests_s: requests answered a second.
        errors_s: errors a second.
        throttled_s: answers 429 a second.
        error_share: share of errors among the requests, 0 to 1; null without requests.
        p50_ms: milliseconds that half of the answers did not exceed; null without answers. Of a
            stream it is the time to its beginning.
        p95_ms: the same of 95 %.
        p99_ms: the same of 99 %.
        hit_shares: share of look-ups that a tier of the cache answered, 0 to 1; null without any.
        processes: processes that served.
        in_flight: requests that were worked on.
        memory_bytes: bytes of memory that they held; null where the system does not say.
        cpu: processors that they kept busy.
        totals: what has happened since the start of the host.
    """

    at: float
    window_s: float
    requests_s: float
    errors_s: float
    throttled_s: float
    error_share: float | None
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    hit_shares: dict[str, float | None]
    processes: int
    in_flight: int
    memory_bytes: int | None
    cpu: float
    totals: Totals


def point_between(before: Sample, after: Sample) -> Point:
    """What happened between two samples.

    Args:
        before: the earlier one.
        after: the later one.
    """
    window_s = after.read_at - before.read_at
    then, now = before.figures, after.figures
    requests, errors = _since(then.answered, now.answered), _since(then.errors, now.errors)
    throttled = _since(then.codes.get(THROTTLED, 0), now.codes.get(THROTTLED, 0))
    half, most, nearly_all = percentiles_ms(_growth(then.latencies, now.latencies))
    return Point(
        at=round(after.at, 3),
        window_s=round(window_s, 3),
        requests_s=_rate(requests, window_s),
        errors_s=_rate(errors, window_s),
        throttled_s=_rate(throttled, window_s),
        error_share=share_of(errors, requests - errors),
        p50_ms=half,
        p95_ms=most,
        p99_ms=nearly_all,
        hit_shares=_hit_shares(then, now),
        processes=after.processes,
        in_flight=now.in_flight,
        memory_bytes=now.memory_bytes or None,
        cpu=_rate(max(0.0, now.cpu_s - then.cpu_s), window_s),
        totals=totals_of(now),
    )


def totals_of(figures: Figures) -> Totals:
    """What figures tell of the time since the start."""
    return Totals(
        requests=figures.answered,
        errors=figures.errors,
        throttled=figures.codes.get(THROTTLED, 0),
        turns=figures.turns,
        codes=dict(figures.codes),
        personas=dict(figures.personas),
        tiers={n: TierCounts(hits=t.hits, misses=t.misses) for n, t in figures.tiers.items()},
    )


def percentiles_ms(latencies: Mapping[str, int]) -> tuple[float | None, float | None, float | None]:
    """P50, P95 and P99 in milliseconds, None without answers.

    Args:
        latencies: answers by bucket.
    """
    counts = {int(bucket): count for bucket, count in latencies.items()}
    found = [percentile_s(counts, share) for share in (0.5, 0.95, 0.99)]
    half, most, nearly_all = (None if each is None else round(each * 1000, 3) for each in found)
    return half, most, nearly_all


def share_of(part: int, rest: int) -> float | None:
    """Share of a part of the whole, None where there is nothing."""
    return round(part / (part + rest), 6) if part + rest > 0 else None


def _hit_shares(then: Figures, now: Figures) -> dict[str, float | None]:
    found = {}
    for name, tier in now.tiers.items():
        old = then.tiers.get(name)
        hits = _since(old.hits if old else 0, tier.hits)
        found[name] = share_of(hits, _since(old.misses if old else 0, tier.misses))
    return found


def _growth(then: Mapping[str, int], now: Mapping[str, int]) -> dict[str, int]:
    return {name: _since(then.get(name, 0), count) for name, count in now.items()}


def _since(then: int, now: int) -> int:
    """How much a count has grown; one that a plugin began anew has grown from nothing."""
    return now - then if now >= then else now


def _rate(count: float, seconds: float) -> float:
    return round(count / seconds, 4) if seconds > 0 else 0.0
