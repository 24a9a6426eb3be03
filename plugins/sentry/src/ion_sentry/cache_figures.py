"""How well the cache answers: counted over every turn, sent now and then."""

from __future__ import annotations

from ion_framework.pipeline.receipt import CacheStatus
from ion_sentry.identity import Place, new_span_id, new_trace_id
from ion_sentry.transactions import Document, Timed, count, ratio

_HEALTH = ((0.8, "excellent"), (0.6, "good"), (0.4, "fair"))
"""Least share of hits for each word; below the last it is ``poor``."""


class CacheFigures:
    """Counts what the cache did, from one report to the next.

    Args:
        now: seconds since the Unix epoch.
    """

    def __init__(self, now: float) -> None:
        self._since = now
        self._hits = self._misses = self._bypassed = 0

    @property
    def hit_rate(self) -> float | None:
        """Share of look-ups that it answered since the last report, None without one."""
        looked_up = self._hits + self._misses
        return self._hits / looked_up if looked_up else None

    def add(self, status: CacheStatus) -> None:
        """Count one turn."""
        if status is CacheStatus.HIT or status is CacheStatus.STALE:
            self._hits += 1
        elif status is CacheStatus.MISS:
            self._misses += 1
        else:
            self._bypassed += 1

    def due(self, now: float, every_s: float) -> bool:
        """Whether there is something to report, and the time for it has come."""
        return now - self._since >= every_s and self.hit_rate is not None

    def report(self, now: float) -> Document | None:
        """The transaction of what was counted, which begins anew; None where that is nothing.

        Args:
            now: seconds since the Unix epoch.
        """
        rate, hits, misses, bypassed = self.hit_rate, self._hits, self._misses, self._bypassed
        since = self._since
        self._since, self._hits, self._misses, self._bypassed = now, 0, 0, 0
        if rate is None:
            return None
        figures = {
            "cache_hits": count(hits),
            "cache_misses": count(misses),
            "cache_bypassed": count(bypassed),
            "cache_hit_rate": ratio(rate),
        }
        health = next((word for least, word in _HEALTH if rate >= least), "poor")
        root = Timed(
            place=Place(new_trace_id(), new_span_id(), None),
            op="ion.cache",
            name="cache performance",
            start=since,
            duration_s=max(0.0, now - since),
            data={"ion.cache.told": f"{rate:.1%} of {hits + misses} look-ups answered"},
        )
        tags = {"cache_health": health}
        return root.transaction(source="custom", tags=tags, measurements=figures)
