"""What one process, or all of them, have done and are doing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from ion_framework.pipeline.cache import TurnCache
    from ion_host_aiohttp.run.admission import Admission
    from ion_host_aiohttp.run.connection_places import ConnectionPlaces
    from ion_host_aiohttp.run.lifecycle import Traffic


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

    @property
    def error_rate(self) -> float:
        """Share of requests answered with a 5xx status, 0 to 1; 0 before the first."""
        return self.errors / self.answered if self.answered else 0.0

    def past(self) -> Figures:
        """What stays of them once the process is gone: what has happened, not what is."""
        return attrs.evolve(self, **dict.fromkeys(_NOW, 0))


_NOW = ("in_flight", "waiting", "connections", "cache_entries", "cache_bytes")
_NAMES = tuple(field.name for field in attrs.fields(Figures))


def total(figures: Iterable[Figures]) -> Figures:
    """The sum of figures."""
    found = tuple(figures)
    return Figures(**{name: sum(getattr(each, name) for each in found) for name in _NAMES})


def figures_of(
    traffic: Traffic,
    admission: Admission,
    connections: ConnectionPlaces,
    cache: TurnCache | None,
) -> Figures:
    """The figures of this process now.

    Args:
        traffic: what has passed through it.
        admission: its places for requests.
        connections: its places for connections.
        cache: its cache, None without one.
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
    )
