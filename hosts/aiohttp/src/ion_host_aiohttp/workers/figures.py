"""What one process, or all of them, have done and are doing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from time import process_time
from typing import TYPE_CHECKING, Any

import attrs

from ion_framework.slo.counts import Counts
from ion_framework.slo.counts import total as total_counts
from ion_host_aiohttp.figures.process_use import resident_bytes
from ion_host_aiohttp.tiers import tier_answers

if TYPE_CHECKING:
    from ion_framework.pipeline.cache import CacheStats, TurnCache
    from ion_host_aiohttp.run.admission import Admission
    from ion_host_aiohttp.run.connection_places import ConnectionPlaces
    from ion_host_aiohttp.run.lifecycle import Traffic


MEMORY, FLIGHTS = "memory", "flights"
"""The tier in the memory of each process, and what stands among the tiers without being one."""


@attrs.frozen(kw_only=True)
class TierFigures:
    """Figures of one tier of the cache.

    Attributes:
        hits: look-ups that it answered.
        misses: look-ups that it did not.
        entries: answers that it holds now, as each process counts those of its own.
        bytes: bytes that it holds now, likewise.
        evictions: answers that it put out for want of room.
        answering: processes that it answers now.
        silent: processes that it does not.
    """

    hits: int = 0
    misses: int = 0
    entries: int = 0
    bytes: int = 0
    evictions: int = 0
    answering: int = 0
    silent: int = 0

    def past(self) -> TierFigures:
        """What stays of them once the process is gone."""
        return attrs.evolve(self, **dict.fromkeys(_TIER_NOW, 0))


@attrs.frozen(kw_only=True)
class Figures:
    """Figures of a process, or their sum.

    Attributes:
        answered: requests answered since the start.
        errors: those of them answered with a 5xx status.
        from_cache: turns answered from the cache since the start.
        in_flight: requests that are worked on now.
        waiting: requests that wait for a place now.
        shed: requests refused for want of room since the start.
        connections: connections open now.
        cache_hits: look-ups in the cache that it answered.
        cache_misses: look-ups that it did not.
        cache_entries: answers that it holds now, in the memory of each process.
        cache_bytes: bytes that it holds now, likewise.
        cache_evictions: answers that it put out for want of room.
        tiers: the tiers of the cache, by name.
        turns: turns that have ended since the start.
        turn_s: seconds that they took together.
        memory_bytes: bytes of memory held now; 0 where the system does not say.
        cpu_s: seconds of processor time since the start.
        codes: requests answered by the status of the answer; ``0`` is none of HTTP.
        latencies: requests answered by the bucket of their time, as `figures.latency` counts.
        personas: replies by persona.
        slo: what objectives are about.
    """

    answered: int = 0
    errors: int = 0
    from_cache: int = 0
    in_flight: int = 0
    waiting: int = 0
    shed: int = 0
    connections: int = 0
    cache_hits: int = 0
    cache_misses: int = 0
    cache_entries: int = 0
    cache_bytes: int = 0
    cache_evictions: int = 0
    tiers: Mapping[str, TierFigures] = attrs.field(factory=dict)
    turns: int = 0
    turn_s: float = 0.0
    memory_bytes: int = 0
    cpu_s: float = 0.0
    codes: Mapping[str, int] = attrs.field(factory=dict)
    latencies: Mapping[str, int] = attrs.field(factory=dict)
    personas: Mapping[str, int] = attrs.field(factory=dict)
    slo: Counts = attrs.field(factory=Counts)

    @property
    def error_rate(self) -> float:
        """Share of requests answered with a 5xx status, 0 to 1; 0 before the first."""
        return self.errors / self.answered if self.answered else 0.0

    def past(self) -> Figures:
        """What stays of them once the process is gone: what has happened, not what is."""
        tiers = {name: tier.past() for name, tier in self.tiers.items()}
        now: dict[str, Any] = dict.fromkeys(_NOW, 0)
        return attrs.evolve(self, tiers=tiers, **now)


_TIER_NOW = ("entries", "bytes", "answering", "silent")
_NOW = ("in_flight", "waiting", "connections", "cache_entries", "cache_bytes", "memory_bytes")
_COUNTS = ("codes", "latencies", "personas")
_NAMES = tuple(
    field.name for field in attrs.fields(Figures) if field.name not in ("tiers", "slo", *_COUNTS)
)
_TIER_NAMES = tuple(field.name for field in attrs.fields(TierFigures))


def total(figures: Iterable[Figures]) -> Figures:
    """The sum of figures."""
    found = tuple(figures)
    names = dict.fromkeys(name for each in found for name in each.tiers)
    tiers = {name: _tier_total(each.tiers.get(name) for each in found) for name in names}
    sums: dict[str, Any] = {
        **{name: sum(getattr(each, name) for each in found) for name in _NAMES},
        **{name: _added(getattr(each, name) for each in found) for name in _COUNTS},
    }
    return Figures(tiers=tiers, slo=total_counts(each.slo for each in found), **sums)


def _added(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for each in counts:
        for name, count in each.items():
            found[name] = found.get(name, 0) + count
    return found


def _tier_total(figures: Iterable[TierFigures | None]) -> TierFigures:
    found = [each for each in figures if each is not None]
    return TierFigures(**{name: sum(getattr(each, name) for each in found) for name in _TIER_NAMES})


def figures_of(
    traffic: Traffic,
    admission: Admission,
    connections: ConnectionPlaces,
    cache: TurnCache | None,
    slo: Counts,
) -> Figures:
    """The figures of this process now.

    Args:
        traffic: what has passed through it.
        admission: its places for requests.
        connections: its places for connections.
        cache: its cache, None without one.
        slo: what it has counted for objectives.
    """
    door = admission.figures()
    stats = cache.stats() if cache is not None else None
    return Figures(
        answered=traffic.answered,
        errors=traffic.errors,
        from_cache=traffic.from_cache,
        in_flight=door.in_flight,
        waiting=door.waiting,
        shed=door.shed,
        connections=connections.open,
        cache_hits=stats.hits if stats else 0,
        cache_misses=stats.misses if stats else 0,
        cache_entries=stats.entries if stats else 0,
        cache_bytes=stats.bytes if stats else 0,
        cache_evictions=stats.evictions if stats else 0,
        tiers=tiers_of(stats) if stats else {},
        turns=traffic.turns,
        turn_s=traffic.turn_s,
        memory_bytes=resident_bytes(),
        cpu_s=process_time(),
        codes={str(status): count for status, count in traffic.codes.items()},
        latencies={str(at): count for at, count in enumerate(traffic.latencies) if count},
        personas=dict(traffic.personas),
        slo=slo,
    )


def tiers_of(stats: CacheStats) -> dict[str, TierFigures]:
    """The tiers of a cache; one that names none is a single one in memory."""
    whole = {name: getattr(stats, name) for name in _COUNTED}
    tiers: dict[str, Mapping[str, object]] = {MEMORY: whole}
    tiers |= {name: tier for name, tier in stats.tiers.items() if name != FLIGHTS}
    return {name: _tier(tier) for name, tier in tiers.items()}


def _tier(tier: Mapping[str, object]) -> TierFigures:
    own = tier.get("counts")
    counts = own if isinstance(own, Mapping) else tier
    found = {name: value for name in _COUNTED if isinstance(value := counts.get(name), int)}
    answers = tier_answers(tier)
    return TierFigures(answering=int(answers), silent=int(not answers), **found)


_COUNTED = ("hits", "misses", "entries", "bytes", "evictions")
