"""What no event tells: taken down as it is, look by look."""

from __future__ import annotations

from ion_metrics.process_figures import ProcessFigures
from ion_metrics.sampling import Sampler
from ion_metrics.vocabulary import Vocabulary

from ion_framework import hookimpl
from ion_framework.pipeline.cache import CacheStats
from ion_framework.pipeline.documents import HostView
from ion_framework.testing import DictCache, make_plugin, running_ion


class Listener:
    """Hears of every event."""

    @hookimpl
    def ion_observe(self, event):
        """Do nothing."""


class TestSampling:
    """What no event tells."""

    @staticmethod
    def sampler(ledger, cpu=(1.0,)):
        """A sampler of a process that has used so much processor time, look by look."""
        used = iter(cpu)
        return Sampler(ledger, Vocabulary(), lambda: ProcessFigures(next(used), 3, 5e6, 9))

    def test_a_counter_that_began_anew_does_not_go_back(self, ledger):
        """What is lower than before counts from 0, and is added to what was."""
        sampler = self.sampler(ledger, cpu=(2.0, 5.0, 1.0))
        seen = []
        for _ in range(3):
            sampler.look()
            seen.append(ledger.numbers()["ion_process_cpu_seconds_total", ()][0])

        assert seen == [2.0, 5.0, 6.0]
        assert ledger.numbers()["ion_process_starts_total", ()] == (1.0,)

    async def test_a_host(self, ledger):
        """Cache, plugins and the host's own figures are taken down; a status that is left is 0."""
        sampler = self.sampler(ledger, cpu=(1.0, 1.0))
        cache = DictCache()
        shelf = make_plugin("shelf", _Shelf(cache), "cache")
        ear = make_plugin("ear", Listener(), "monitor")
        async with running_ion(shelf, ear) as ion:
            await ion.respond("hello")
            sampler.view = HostView(ion=ion, figures=lambda: {"in_flight": 2, "shed": 7})
            sampler.look()
            before = ledger.numbers()
            await ion.changes.disable("ear")
            sampler.look()
            after = ledger.numbers()

        assert before["ion_plugin_status", ("ear", "active")] == (1.0,)
        assert after["ion_plugin_status", ("ear", "active")] == (0.0,)
        assert after["ion_plugin_status", ("ear", "disabled")] == (1.0,)
        assert before["ion_cache_lookups_total", ("memory", "miss")] == (1.0,)
        assert before["ion_http_requests_in_flight", ()] == (2.0,)
        assert before["ion_http_requests_shed_total", ()] == (7.0,)

    def test_tiers(self, ledger):
        """Every tier has its own figures, and its breakers; what is no tier is left out."""
        redis = {
            "counts": {"hits": 3, "misses": 4, "failures": 2},
            "breakers": {"answers": {"state": "open"}, "writes": {"state": "closed"}},
        }
        memory = {"hits": 5, "misses": 7, "entries": 2, "bytes": 9, "evictions": 1}
        stats = CacheStats(8, 4, 2, 9, 1, {"memory": memory, "redis": redis, "flights": {}})
        sampler = self.sampler(ledger)

        found = {(metric.name, labels): value for metric, labels, value in sampler._cache(stats)}

        assert found["ion_cache_lookups_total", ("redis", "hit")] == 3.0
        assert found["ion_cache_evictions_total", ("memory",)] == 1.0
        assert found["ion_cache_failures_total", ("redis",)] == 2.0
        assert found["ion_cache_breaker_open", ("redis", "answers")] == 1.0
        assert found["ion_cache_breaker_open", ("redis", "writes")] == 0.0
        assert not any("flights" in labels for _, labels in found)


class _Shelf:
    """Provides a cache."""

    def __init__(self, cache):
        self.cache = cache

    @hookimpl
    def ion_provide_cache(self):
        """The cache."""
        return self.cache
