"""What is counted of requests and turns, and the figures that are made of it."""

from __future__ import annotations

import time

import attrs
import pytest

from ion_framework.pipeline.events import (
    PluginStatusChanged,
    RequestCompleted,
    TurnCompleted,
    TurnFailed,
)
from ion_framework.pipeline.receipt import CacheStatus
from ion_framework.pipeline.turn import TurnRequest
from ion_framework.slo.counts import BOUNDS, Counts, total
from ion_framework.slo.tally import Tally
from ion_framework.testing import running_ion


def request(status: int = 200, duration_s: float = 0.01, route: str = "/chat") -> RequestCompleted:
    """A request that was answered."""
    return RequestCompleted("POST", route, status, "r", 1.0, duration_s)


def durations(**numbers: float) -> tuple[float, ...]:
    """Requests by class, the classes named by their number as ``c10``."""
    return tuple(numbers.get(f"c{place}", 0.0) for place in range(len(BOUNDS) + 1))


class TestTally:
    """Counting events."""

    def test_requests_of_callers_count(self):
        """Every request counts but probes and Prometheus's; 5xx but 501 is an error."""
        tally = Tally()
        for status in (200, 404, 429, 500, 501, 503, 504, 599):
            tally.take(request(status))
        for route in ("/metrics", "/health", "/health/ready"):
            tally.take(request(500, route=route))
        tally.take(PluginStatusChanged("sage", "active", "failed", "why", 1.0))

        counts = tally.counts()
        assert (counts.requests, counts.errors) == (8, 4)
        assert counts.error_rate == 0.5

    def test_an_answer_that_failed_in_the_middle_is_an_error(self):
        """A stream that ended with an error counts by the status that this would have had."""
        tally = Tally()
        for status in (None, 503, 422, 501):
            broken = attrs.evolve(request(), failure="X", failure_status=status)
            tally.take(broken)

        assert (tally.counts().requests, tally.counts().errors) == (4, 1)

    def test_what_lasts_says_nothing(self):
        """A WebSocket or a watch counts nothing; a stream counts by its beginning, not its end."""
        tally = Tally()
        tally.take(attrs.evolve(request(101, 3600.0), lasting=True))
        tally.take(attrs.evolve(request(200, 0.01), lasted_s=3600.0))

        assert tally.counts().requests == 1
        assert tally.counts().slower(0.01) == 0

    async def test_turns_without_a_proper_answer_count(self):
        """Degraded replies and faults of our own are unanswered; refusals are not due at all."""
        tally = Tally()
        async with running_ion() as ion:
            reply = await ion.respond("hello")
        asked = TurnRequest(text="x")
        for degraded in ("", "sage failed"):
            tally.take(TurnCompleted(asked, attrs.evolve(reply, degraded=degraded), 1.0, 0.1))
        for code in ("no_answer", "internal_error", "guard_failed", "cancelled", "refused"):
            tally.take(TurnFailed(asked, code, "", 1.0, 0.1))

        counts = tally.counts()
        assert (counts.due, counts.unanswered) == (5, 4)
        assert counts.unanswered_rate == pytest.approx(0.8)

    async def test_turns_count_by_what_the_cache_did(self):
        """Hits and old answers are hits, misses are none, and who asked no cache does not count."""
        tally = Tally()
        async with running_ion() as ion:
            reply = await ion.respond("hello")
        for status in CacheStatus:
            cache = attrs.evolve(reply.receipt.cache, status=status)
            receipt = attrs.evolve(reply.receipt, cache=cache)
            tally.take(
                TurnCompleted(TurnRequest(text="x"), attrs.evolve(reply, receipt=receipt), 1.0, 0.1)
            )

        assert (tally.counts().turns, tally.counts().hits) == (3, 2)
        assert tally.counts().hit_rate == pytest.approx(2 / 3)

    async def test_it_costs_next_to_nothing(self):
        """An event is counted in microseconds: at most 20 on any machine, about one on most."""
        tally, event = Tally(), request()
        began = time.perf_counter()
        for _ in range(20_000):
            tally.take(event)
        took_s = time.perf_counter() - began

        assert took_s / 20_000 < 20e-6

    async def test_an_ion_tells_it_everything(self):
        """A listener of an `Ion` hears of every event at once, before any observer does."""
        heard = []
        async with running_ion() as ion:
            ion.listen(heard.append)
            await ion.respond("hello")
            assert [type(event) for event in heard] == [TurnCompleted]


class TestCounts:
    """Figures made of counts."""

    def test_nothing_is_no_rate(self):
        """Without a request or a turn there is neither a rate nor a quantile."""
        counts = Counts()

        assert (counts.error_rate, counts.hit_rate, counts.quantile(0.95)) == (None, None, None)

    def test_quantiles_are_those_of_prometheus(self):
        """A quantile lies within its class as evenly as requests do, and at the last bound."""
        assert Counts(durations=durations(c9=50, c10=50)).quantile(0.95) == pytest.approx(1.9)
        assert Counts(durations=durations(c0=100)).quantile(0.5) == pytest.approx(0.0025)
        assert Counts(durations=durations(c15=100)).quantile(0.95) == 10

    def test_slow_requests_are_those_beyond_the_bound(self):
        """At a bound the number is exact; between two it is the class's share."""
        counts = Counts(durations=durations(c0=10, c10=20, c11=5, c15=1))

        assert counts.slower(2) == 6
        assert counts.slower(1) == 26
        assert counts.slower(1.5) == pytest.approx(16)

    def test_sums(self):
        """Counts of several processes add up, and none of them is nothing."""
        one = Counts(1, 2, 3, durations(c0=4))

        assert total([one, one]) == Counts(2, 4, 6, durations(c0=8))
        assert total([]) == Counts()
        assert Counts.of_row(one.row()) == one
