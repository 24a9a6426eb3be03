"""The figures of the cache as the API shows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from ion_framework.jsonable import jsonable
from ion_framework.pipeline.cache import CacheStats
from ion_host_aiohttp.service import Service
from ion_host_aiohttp.tiers import tier_answers

_MEMORY, _FLIGHTS = "memory", "flights"
_EMPTY = CacheStats(0, 0, 0, 0, 0)


@attrs.frozen(kw_only=True, slots=False)
class LocalTier:
    """The tier in the memory of one process.

    Attributes:
        size: entries held now.
        max_size: always null: a cache says what it holds, not what it could.
        hits: look-ups that it answered.
        misses: look-ups that it did not.
        hit_rate: share of hits, in percent.
        entries: always empty: keys tell who asked what.
    """

    cache_type: str
    size: int
    max_size: int | None
    hits: int
    misses: int
    hit_rate: str
    entries: tuple[str, ...]


@attrs.frozen(kw_only=True, slots=False)
class SharedTier:
    """The tier that processes share.

    Attributes:
        available: whether it answers now.
        mode: its name, ``unavailable`` where it does not answer, ``disabled`` where there is none.
        memory_used: null: known to the server alone.
        connected_clients: null, likewise.
        total_commands: null, likewise.
        hits: look-ups that it answered.
        misses: look-ups that it did not.
    """

    cache_type: str
    available: bool
    mode: str
    memory_used: int | None
    connected_clients: int | None
    total_commands: int | None
    hits: int
    misses: int


@attrs.frozen(kw_only=True, slots=False)
class CacheDetails:
    """The tiers; ``tiers`` holds whatever the cache counts of each, under its own names."""

    l1: LocalTier
    l2: SharedTier
    total_hits: int
    total_misses: int
    tiers: dict[str, Any]


@attrs.frozen(kw_only=True, slots=False)
class SummarizerStats:
    """Summaries of sessions that this process has made since its start.

    Attributes:
        initialized: whether summaries are made here.
        realtime_summaries: null: the running summary of a prompt is made anew for each request.
        session_summaries_queued: those that were begun.
        session_summaries_completed: of them those that were made.
        session_summaries_failed: of them those that could not be made.
        queue_size: those that are being made now, or wait for their turn.
        success_rate: share of those made among those that have ended, in percent.
        storage: null: where summaries are kept is no concern of callers.
    """

    initialized: bool
    realtime_summaries: int | None
    session_summaries_queued: int
    session_summaries_completed: int
    session_summaries_failed: int
    queue_size: int
    success_rate: str
    storage: dict[str, Any] | None


@attrs.frozen(kw_only=True, slots=False)
class CacheFigures:
    """Figures of the cache of this process since its start.

    Attributes:
        total_requests: look-ups, hits and misses together.
        cache_hits: look-ups answered.
        cache_misses: look-ups not answered.
        hit_rate: share of hits, in percent.
        avg_time_ms: mean time of a turn in milliseconds, with one decimal.
        total_time_ms: time of all turns in milliseconds.
        cache_details: the tiers; null for callers without the scope ``admin``.
        summarizer_stats: summaries of sessions.
    """

    total_requests: int
    cache_hits: int
    cache_misses: int
    hit_rate: str
    avg_time_ms: str
    total_time_ms: float
    cache_details: CacheDetails | None
    summarizer_stats: SummarizerStats


def figures_of(service: Service, *, detailed: bool) -> CacheFigures:
    """The figures of the cache; all zero without one.

    Args:
        service: the running host.
        detailed: whether the tiers are told.
    """
    stats = _stats(service)
    traffic = service.traffic
    mean_ms = 1000 * traffic.turn_s / traffic.turns if traffic.turns else 0.0
    return CacheFigures(
        total_requests=stats.hits + stats.misses,
        cache_hits=stats.hits,
        cache_misses=stats.misses,
        hit_rate=_percent(stats.hits, stats.misses),
        avg_time_ms=f"{mean_ms:.1f}",
        total_time_ms=round(1000 * traffic.turn_s, 3),
        cache_details=details_of(stats) if detailed else None,
        summarizer_stats=_summaries(service),
    )


def details_of(stats: CacheStats) -> CacheDetails:
    """The tiers of a cache; one that names none is a single one in memory."""
    memory = stats.tiers.get(_MEMORY, attrs.asdict(stats, filter=_is_total))
    shared = {n: t for n, t in stats.tiers.items() if n not in (_MEMORY, _FLIGHTS)}
    return CacheDetails(
        l1=_local(memory),
        l2=_shared(shared),
        total_hits=stats.hits,
        total_misses=stats.misses,
        tiers={name: jsonable(tier) for name, tier in stats.tiers.items()},
    )


def _summaries(service: Service) -> SummarizerStats:
    jobs = service.sessions.jobs
    return SummarizerStats(
        initialized=True,
        realtime_summaries=None,
        session_summaries_queued=jobs.counts.begun,
        session_summaries_completed=jobs.counts.made,
        session_summaries_failed=jobs.counts.failed,
        queue_size=jobs.running,
        success_rate=_percent(jobs.counts.made, jobs.counts.failed),
        storage=None,
    )


def _stats(service: Service) -> CacheStats:
    return service.ion.cache.stats() if service.ion.cache is not None else _EMPTY


def _is_total(field: attrs.Attribute[Any], _: object) -> bool:
    return field.name != "tiers"


def _local(tier: Mapping[str, object]) -> LocalTier:
    hits, misses = _count(tier, "hits"), _count(tier, "misses")
    return LocalTier(
        cache_type="L1 Local",
        size=_count(tier, "entries"),
        max_size=None,
        hits=hits,
        misses=misses,
        hit_rate=_percent(hits, misses),
        entries=(),
    )


def _shared(tiers: Mapping[str, Mapping[str, object]]) -> SharedTier:
    name, tier = next(iter(tiers.items()), ("", {}))
    own = tier.get("counts")
    counts = own if isinstance(own, Mapping) else tier
    available = bool(tier) and tier_answers(tier)
    return SharedTier(
        cache_type=f"L2 {name.capitalize()}" if name else "L2",
        available=available,
        mode=(name if available else "unavailable") if name else "disabled",
        memory_used=None,
        connected_clients=None,
        total_commands=None,
        hits=_count(counts, "hits"),
        misses=_count(counts, "misses"),
    )


def _count(figures: Mapping[str, object], name: str) -> int:
    value = figures.get(name)
    return value if isinstance(value, int) else 0


def _percent(hits: int, misses: int) -> str:
    share = 100 * hits / (hits + misses) if hits + misses else 0.0
    return f"{share:.1f}%"
