"""What no event tells: looked at every second, and before the figures are told."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import version

import attrs

from ion_framework.pipeline import documents
from ion_framework.pipeline.cache import CacheStats
from ion_framework.pipeline.documents import HostView
from ion_metrics import names
from ion_metrics.ledger import Ledger
from ion_metrics.names import Metric
from ion_metrics.process_figures import ProcessFigures
from ion_metrics.vocabulary import Vocabulary

Sample = tuple[Metric, tuple[str, ...], float]
"""A metric, the values of its labels, and what it is now."""

MEMORY, FLIGHTS = "memory", "flights"
"""The tier of a cache that names none, and what is among the tiers without being one."""

_VERSION = version("ion-framework")


class Sampler:
    """Looks at a process, and takes down what has changed.

    Args:
        ledger: where.
        vocabulary: what labels may say.
        process: what the system knows of this process.
    """

    def __init__(
        self, ledger: Ledger, vocabulary: Vocabulary, process: Callable[[], ProcessFigures]
    ) -> None:
        self._ledger = ledger
        self._words = vocabulary
        self._process = process
        self._last: dict[int, float] = {}
        self._gauges: set[int] = set()
        self.view: HostView | None = None

    def look(self) -> None:
        """Take down how it is now."""
        seen: set[int] = set()
        for metric, labels, value in self._samples():
            place = self._ledger.place(metric, labels)
            if metric.kind is names.Kind.COUNTER:
                self._raise(place, value)
            else:
                # Two plugins may have become one word.
                before = self._ledger.values[place] if place in seen else 0.0
                self._ledger.values[place] = before + value
                seen.add(place)
        for place in self._gauges - seen:
            self._ledger.values[place] = 0.0
        self._gauges = seen

    def _raise(self, place: int, value: float) -> None:
        """Count what was added since the last look; a counter that began anew begins at 0."""
        last = self._last.get(place, 0.0)
        self._last[place] = value
        self._ledger.values[place] += value - last if value >= last else value

    def _samples(self) -> Iterator[Sample]:
        yield from _process(self._process())
        view = self.view
        if view is None:
            return
        yield names.BUILD_INFO, (_VERSION, platform.python_version()), 1.0
        yield from _host(view.figures())
        if view.ion.cache is not None:
            yield from self._cache(view.ion.cache.stats())
        yield from self._plugins(view)

    def _cache(self, stats: CacheStats) -> Iterator[Sample]:
        whole = attrs.asdict(stats, recurse=False, filter=lambda field, _: field.name != "tiers")
        tiers = {name: tier for name, tier in stats.tiers.items() if name != FLIGHTS}
        for name, tier in (tiers or {MEMORY: whole}).items():
            yield from _tier(self._words.word("tier", name), tier, self._words)

    def _plugins(self, view: HostView) -> Iterator[Sample]:
        word = self._words.word
        for record in view.ion.plugins:
            labels = (word("plugin", record.name), record.status.value)
            yield names.PLUGIN_STATUS, labels, 1.0
        for name, bounds in view.ion.containments().items():
            plugin = (word("plugin", name),)
            yield names.PLUGIN_FAILURES, plugin, bounds.failures
            if bounds.bulkhead is not None:
                yield names.BULKHEAD_REFUSALS, plugin, bounds.bulkhead.refused
                yield names.BULKHEAD_RUNNING, plugin, bounds.bulkhead.running
        for name, told in view.ion.observer_stats().items():
            for outcome in ("delivered", "dropped", "failed"):
                labels = (word("plugin", name), outcome)
                yield names.OBSERVED, labels, float(getattr(told, outcome))


def _tier(name: str, tier: Mapping[str, object], words: Vocabulary) -> Iterator[Sample]:
    own = tier.get("counts")
    counts = own if isinstance(own, Mapping) else tier
    for metric, labels, key in (
        (names.CACHE_LOOKUPS, (name, "hit"), "hits"),
        (names.CACHE_LOOKUPS, (name, "miss"), "misses"),
        (names.CACHE_EVICTIONS, (name,), "evictions"),
        (names.CACHE_FAILURES, (name,), "failures"),
        (names.CACHE_ENTRIES, (name,), "entries"),
        (names.CACHE_BYTES, (name,), "bytes"),
    ):
        value = counts.get(key)
        if isinstance(value, int | float):
            yield metric, labels, float(value)
    breakers = tier.get("breakers")
    for breaker, told in breakers.items() if isinstance(breakers, Mapping) else ():
        state = told.get("state") if isinstance(told, Mapping) else getattr(told, "state", None)
        labels = (name, words.word("breaker", str(breaker)))
        yield names.CACHE_BREAKER, labels, float(state == "open")


def _host(figures: Mapping[str, float]) -> Iterator[Sample]:
    for metric, name in (
        (names.HTTP_IN_FLIGHT, documents.IN_FLIGHT),
        (names.HTTP_WAITING, documents.WAITING),
        (names.HTTP_CONNECTIONS, documents.CONNECTIONS),
        (names.HTTP_SHED, documents.SHED),
        (names.LIMITER_IMPAIRED, documents.LIMITER_IMPAIRED),
    ):
        if name in figures:
            yield metric, (), float(figures[name])


def _process(figures: ProcessFigures) -> Iterator[Sample]:
    yield names.PROCESSES, (), 1.0
    yield names.STARTS, (), 1.0
    yield names.CPU, (), figures.cpu_s
    yield names.THREADS, (), figures.threads
    if figures.resident_bytes is not None:
        yield names.MEMORY, (), figures.resident_bytes
    if figures.open_files is not None:
        yield names.OPEN_FILES, (), figures.open_files
