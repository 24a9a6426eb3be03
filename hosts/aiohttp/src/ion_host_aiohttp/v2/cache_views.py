"""The figures of the cache as the API shows them."""

from __future__ import annotations

from typing import Any

import attrs

from ion_framework.jsonable import jsonable
from ion_framework.pipeline.cache import CacheStats
from ion_host_aiohttp.service import Service
from ion_host_aiohttp.workers.figures import MEMORY, Figures, TierFigures

_EMPTY = CacheStats(0, 0, 0, 0, 0)


@attrs.frozen(kw_only=True, slots=False)
class LocalTier:
    """The tier in the memory of each process, added up over all of them.

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
    """The tier that processes share, as all of them counted it.

    Attributes:
        available: whether it answers every process now.
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
    """The tiers, added up over all processes.

    Attributes:
        tiers: whatever the cache of the process that answers counts of each, under its own names.
    """

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
    """Figures of the cache since the start of the host, added up over all of its processes.

    Attributes:
        workers: how many processes these are the figures of, those included that are gone only in
            what they counted.
        total_requests: look-ups, hits and misses together.
        cache_hits: look-ups answered.
        cache_misses: look-ups not answered.
        hit_rate: share of hits, in percent.
        avg_time_ms: mean time of a turn in milliseconds, with one decimal.
        total_time_ms: time of all turns in milliseconds.
        cache_details: the tiers; null for callers without the scope ``admin``.
        summarizer_stats: summaries of sessions.
    """

    workers: int
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
    all_of_them = service.fleet.figures()
    hits, misses = all_of_them.cache_hits, all_of_them.cache_misses
    mean_ms = 1000 * all_of_them.turn_s / all_of_them.turns if all_of_them.turns else 0.0
    return CacheFigures(
        workers=max(1, sum(each.pid is not None for each in service.fleet.workers())),
        total_requests=hits + misses,
        cache_hits=hits,
        cache_misses=misses,
        hit_rate=_percent(hits, misses),
        avg_time_ms=f"{mean_ms:.1f}",
        total_time_ms=round(1000 * all_of_them.turn_s, 3),
        cache_details=details_of(all_of_them, _stats(service)) if detailed else None,
        summarizer_stats=_summaries(service),
    )


def details_of(figures: Figures, stats: CacheStats) -> CacheDetails:
    """The tiers of a cache.

    Args:
        figures: figures of all processes.
        stats: what the cache of this process counts.
    """
    shared = ((n, t) for n, t in figures.tiers.items() if n != MEMORY)
    return CacheDetails(
        l1=_local(figures.tiers.get(MEMORY, TierFigures())),
        l2=_shared(*next(shared, ("", TierFigures()))),
        total_hits=figures.cache_hits,
        total_misses=figures.cache_misses,
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


def _local(tier: TierFigures) -> LocalTier:
    return LocalTier(
        cache_type="L1 Local",
        size=tier.entries,
        max_size=None,
        hits=tier.hits,
        misses=tier.misses,
        hit_rate=_percent(tier.hits, tier.misses),
        entries=(),
    )


def _shared(name: str, tier: TierFigures) -> SharedTier:
    available = tier.answering > 0 and not tier.silent
    return SharedTier(
        cache_type=f"L2 {name.capitalize()}" if name else "L2",
        available=available,
        mode=(name if available else "unavailable") if name else "disabled",
        memory_used=None,
        connected_clients=None,
        total_commands=None,
        hits=tier.hits,
        misses=tier.misses,
    )


def _percent(hits: int, misses: int) -> str:
    share = 100 * hits / (hits + misses) if hits + misses else 0.0
    return f"{share:.1f}%"
