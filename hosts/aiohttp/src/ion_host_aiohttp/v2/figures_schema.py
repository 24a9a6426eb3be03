"""What API v2 shows of the host's figures."""

from __future__ import annotations

from typing import Annotated

import attrs
import msgspec

from ion_framework.domain.language import Language
from ion_host_aiohttp.figures.latency import most_s
from ion_host_aiohttp.figures.points import Point, Totals, percentiles_ms, share_of, totals_of
from ion_host_aiohttp.service import Service
from ion_host_aiohttp.times import iso_time
from ion_host_aiohttp.v2.plugin_reasons import reason_in
from ion_host_aiohttp.workers.figures import Figures, TierFigures
from ion_host_aiohttp.workers.fleet import WorkerPhase

LONGEST_INTERVAL_S = 60


@attrs.frozen(kw_only=True)
class FiguresQuery:
    """How often the figures are told.

    Attributes:
        interval_s: seconds between two points.
    """

    interval_s: Annotated[int, msgspec.Meta(ge=1, le=LONGEST_INTERVAL_S)] = 1


@attrs.frozen(kw_only=True, slots=False)
class LatencyBucket:
    """Answers that took no longer than so many milliseconds, and longer than the bucket before."""

    most_ms: float
    count: int


@attrs.frozen(kw_only=True, slots=False)
class LatencyReport:
    """How long answers took; of a stream, until it began.

    Attributes:
        count: answers that were measured; requests refused unread are not.
        p50_ms: milliseconds that half of them did not exceed, as are the next two; null without
            answers. Made of the buckets of all processes together, and at most 9 % off.
        buckets: those that hold any.
    """

    count: int
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    buckets: tuple[LatencyBucket, ...]


@attrs.frozen(kw_only=True, slots=False)
class TierReport:
    """A tier of the cache.

    Attributes:
        name: its name.
        hits: look-ups that it answered.
        misses: look-ups that it did not.
        hit_share: share of hits, 0 to 1; null without look-ups.
        entries: answers that it holds, as each process counts those of its own.
        bytes: bytes that it holds, likewise.
        evictions: answers that it put out for want of room.
        answering: processes that it answers.
        silent: processes that it does not.
    """

    name: str
    hits: int
    misses: int
    hit_share: float | None
    entries: int
    bytes: int
    evictions: int
    answering: int
    silent: int


@attrs.frozen(kw_only=True, slots=False)
class PluginElsewhere:
    """The status that a plugin has in another process, where it is out of service there."""

    worker: int
    status: str


@attrs.frozen(kw_only=True, slots=False)
class PluginState:
    """An installed plugin.

    Attributes:
        name: name of the plugin.
        status: its status in the process that answers.
        reason: why it has it, one sentence.
        provides: its kinds.
        distribution: the distribution that it comes from.
        version: version of the distribution.
        elsewhere: other processes that it is out of service in.
    """

    name: str
    status: str
    reason: str
    provides: tuple[str, ...]
    distribution: str
    version: str
    elsewhere: tuple[PluginElsewhere, ...]


@attrs.frozen(kw_only=True, slots=False)
class FiguresReport:
    """Figures of the whole host, added up over its processes; counts are since its start.

    Attributes:
        uptime_s: seconds since the start of the host.
        processes: processes that serve now; 0 where the one that answers has just begun and has not
            heard of the others: then it has no figures either.
        requests: requests answered.
        errors: those of them that the host could not answer (5xx, but for 501).
        throttled: those of them answered 429.
        classes: requests by the class of their answer's status, as ``2xx``.
        codes: requests by the status of their answer; 499 is a caller who left before it.
        in_flight: requests that are worked on now.
        waiting: requests that wait for a place now.
        shed: requests refused for want of room.
        connections: connections open now.
        latency: how long answers took.
        turns: turns that have ended.
        turn_s: seconds that they took together.
        from_cache: replies that came from the cache.
        personas: replies by persona.
        tiers: the tiers of the cache.
        memory_bytes: bytes of memory that the serving processes hold; null where the system does
            not say.
        cpu_s: seconds of processor time that they, and those before them, have taken.
        plugins: every installed plugin, by name.
    """

    timestamp: str
    uptime_s: float
    processes: int
    requests: int
    errors: int
    throttled: int
    classes: dict[str, int]
    codes: dict[str, int]
    in_flight: int
    waiting: int
    shed: int
    connections: int
    latency: LatencyReport
    turns: int
    turn_s: float
    from_cache: int
    personas: dict[str, int]
    tiers: tuple[TierReport, ...]
    memory_bytes: int | None
    cpu_s: float
    plugins: tuple[PluginState, ...]


@attrs.frozen(kw_only=True, slots=False)
class FiguresHistory:
    """The event ``history``: the last quarter of an hour, or what there is of it.

    Attributes:
        at: now, seconds since the Unix epoch.
        uptime_s: seconds since the start of the host.
        before: what had happened before the first point; null where nothing is known yet.
        points: one every five seconds, oldest first.
    """

    at: float
    uptime_s: float
    before: Totals | None
    points: tuple[Point, ...]


@attrs.frozen(kw_only=True, slots=False)
class PluginStates:
    """The event ``plugins``: every installed plugin, at first and whenever something changes."""

    plugins: tuple[PluginState, ...]


def report_of(service: Service, language: Language | None = None) -> FiguresReport:
    """The figures of the host now; why plugins have their status in a language."""
    figures = service.fleet.figures()
    totals = totals_of(figures)
    return FiguresReport(
        timestamp=iso_time(service.clock.time()),
        uptime_s=round(service.fleet.uptime_s(), 3),
        processes=serving(service),
        requests=totals.requests,
        errors=totals.errors,
        throttled=totals.throttled,
        classes=_classes(figures),
        codes=totals.codes,
        in_flight=figures.in_flight,
        waiting=figures.waiting,
        shed=figures.shed,
        connections=figures.connections,
        latency=_latency(figures),
        turns=figures.turns,
        turn_s=round(figures.turn_s, 3),
        from_cache=figures.from_cache,
        personas=totals.personas,
        tiers=tuple(_tier(name, tier) for name, tier in figures.tiers.items()),
        memory_bytes=figures.memory_bytes or None,
        cpu_s=round(figures.cpu_s, 3),
        plugins=plugin_states(service, language),
    )


def serving(service: Service) -> int:
    """Processes that serve now."""
    return sum(worker.phase is WorkerPhase.SERVING for worker in service.fleet.workers())


def plugin_states(service: Service, language: Language | None = None) -> tuple[PluginState, ...]:
    """Every installed plugin, by name.

    Args:
        service: the host.
        language: that of the reasons, None for English.
    """
    troubles = service.fleet.troubles()
    return tuple(
        PluginState(
            name=record.name,
            status=record.status.value,
            reason=reason_in(record.reason, language),
            provides=tuple(kind.value for kind in record.provides),
            distribution=record.distribution,
            version=record.version,
            elsewhere=tuple(
                PluginElsewhere(worker=each.worker, status=each.status)
                for each in troubles
                if each.plugin == record.name
            ),
        )
        for record in service.ion.plugins
    )


def _classes(figures: Figures) -> dict[str, int]:
    found: dict[str, int] = {}
    for code, count in sorted(figures.codes.items()):
        name = f"{code[0]}xx"
        found[name] = found.get(name, 0) + count
    return found


def _latency(figures: Figures) -> LatencyReport:
    half, most, nearly_all = percentiles_ms(figures.latencies)
    counts = sorted((int(bucket), count) for bucket, count in figures.latencies.items())
    return LatencyReport(
        count=sum(figures.latencies.values()),
        p50_ms=half,
        p95_ms=most,
        p99_ms=nearly_all,
        buckets=tuple(
            LatencyBucket(most_ms=round(most_s(bucket) * 1000, 3), count=count)
            for bucket, count in counts
        ),
    )


def _tier(name: str, tier: TierFigures) -> TierReport:
    return TierReport(name=name, hit_share=share_of(tier.hits, tier.misses), **attrs.asdict(tier))
