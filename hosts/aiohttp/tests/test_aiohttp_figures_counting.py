"""Counting and adding up: buckets of latencies, samples, and what happened between two."""

from __future__ import annotations

import asyncio
import io
import random
import time
from itertools import pairwise

import attrs
import pytest
from ion_host_aiohttp.figures.latency import LAST, LEAST_S, bucket_of, most_s, percentile_s
from ion_host_aiohttp.figures.points import point_between
from ion_host_aiohttp.figures.process_use import resident_bytes
from ion_host_aiohttp.figures.sampler import KEPT_S, Sample, Sampler
from ion_host_aiohttp.run.lifecycle import Traffic
from ion_host_aiohttp.run.logs import make_logger
from ion_host_aiohttp.workers.figures import Figures, TierFigures, total
from ion_host_aiohttp.workers.messages import Heartbeat, packed, unpacked

from ion_framework.settings.model import LogSettings
from ion_framework.testing import run_virtual

MIB = 1024 * 1024
WIDTH = 2 ** (1 / 8)


def counts_of(durations):
    """Durations by bucket."""
    traffic = Traffic()
    for duration in durations:
        traffic.count(200, duration)
    return {at: count for at, count in enumerate(traffic.latencies) if count}


def sample(at, processes=1, **figures):
    """A sample at a time."""
    return Sample(at=1000.0 + at, read_at=at, processes=processes, figures=Figures(**figures))


@pytest.mark.parametrize("seconds", [0.0, 1e-5, LEAST_S, 0.0031, 0.25, 1.0, 59.0, 400.0, 9000.0])
def test_a_duration_is_within_its_bucket(seconds):
    """A bucket ends at or after its durations, and the one before ends before them."""
    bucket = bucket_of(seconds)

    assert 0 <= bucket <= LAST
    assert bucket == LAST or seconds <= most_s(bucket) * (1 + 1e-9)
    assert bucket == 0 or seconds > most_s(bucket - 1)


@pytest.mark.parametrize("share", [0.5, 0.95, 0.99])
def test_percentiles_of_the_sum_are_those_of_all_answers(share):
    """Buckets of a fast and a slow process, added up, give the percentile of all answers."""
    source = random.Random(7)  # noqa: S311  durations are no secret
    fast = [source.expovariate(200) for _ in range(3000)]
    slow = [source.expovariate(4) for _ in range(1000)]
    both = dict(counts_of(fast))
    for bucket, count in counts_of(slow).items():
        both[bucket] = both.get(bucket, 0) + count

    exact = sorted(fast + slow)[int(share * 4000) - 1]

    assert exact / WIDTH <= percentile_s(both, share) <= exact * WIDTH
    assert percentile_s({}, share) is None


def test_counting_is_cheap():
    """A thousand requests are counted in ten milliseconds, ten times what it takes."""
    traffic = Traffic()

    def spent():
        began = time.perf_counter()
        for _ in range(1000):
            traffic.count(200, 0.003)
        return time.perf_counter() - began

    assert min(spent() for _ in range(5)) < 0.01


def test_statuses_are_a_bounded_set():
    """What is no status of HTTP is counted under 0, however many there are."""
    traffic = Traffic()
    for status in (200, 200, 429, 99, 600, 1000, 2000):
        traffic.count(status)

    assert {200: 2, 429: 1, 0: 4} == traffic.codes
    assert 0 == sum(traffic.latencies)


def test_figures_are_added_up_and_outlive_their_process():
    """Counts are summed by name over processes; of one that is gone its counts stay."""
    one = Figures(
        answered=3,
        memory_bytes=MIB,
        cpu_s=2.0,
        codes={"200": 3},
        personas={"lua": 2},
        latencies={"40": 3},
    )
    other = Figures(
        answered=2, memory_bytes=MIB, cpu_s=1.0, codes={"200": 1, "429": 1}, personas={"nana": 1}
    )

    whole = total((one.past(), other))

    assert (5, MIB, 3.0) == (whole.answered, whole.memory_bytes, whole.cpu_s)
    assert {"200": 4, "429": 1} == whole.codes
    assert {"lua": 2, "nana": 1} == whole.personas
    assert {"40": 3} == whole.latencies


def test_figures_travel_between_processes():
    """What a worker tells of its figures arrives at the supervisor as it was."""
    told = Heartbeat(
        figures=Figures(
            answered=3,
            tiers={"memory": TierFigures(hits=1)},
            codes={"200": 3},
            latencies={"40": 3},
            personas={"lua": 2},
        )
    )

    assert told == unpacked(packed(told))


def test_the_memory_of_this_process_is_told():
    """A process with Python in it holds more than five and less than 5000 MiB."""
    assert 5 * MIB < resident_bytes() < 5000 * MIB


def test_a_point_tells_what_happened_between_two_samples():
    """Rates, shares and percentiles are of the time between; totals of the whole time."""
    before = sample(0.0, answered=100, errors=50, codes={"200": 50, "500": 50}, cpu_s=1.0)
    after = sample(
        5.0,
        processes=2,
        answered=120,
        errors=51,
        codes={"200": 60, "500": 51, "429": 9},
        latencies={str(bucket_of(0.02)): 20},
        cpu_s=3.5,
        memory_bytes=MIB,
        tiers={"memory": TierFigures(hits=3, misses=1)},
    )

    point = point_between(before, after)

    assert (5.0, 4.0, 0.2, 1.8) == (
        point.window_s,
        point.requests_s,
        point.errors_s,
        point.throttled_s,
    )
    assert (0.05, 0.5, MIB, 2) == (
        point.error_share,
        point.cpu,
        point.memory_bytes,
        point.processes,
    )
    assert {"memory": 0.75} == point.hit_shares
    assert 20 / WIDTH <= point.p50_ms <= 20 * WIDTH
    assert (120, 51, 9) == (point.totals.requests, point.totals.errors, point.totals.throttled)


def test_nothing_happened_is_no_number():
    """Without a request there are no percentiles and shares, and a count begun anew never falls."""
    tiers = {"memory": TierFigures(hits=9, misses=9)}
    quiet = point_between(sample(0.0), sample(5.0))
    anew = point_between(
        sample(0.0, tiers=tiers), sample(5.0, tiers={"memory": TierFigures(hits=2)})
    )

    assert (None, None, None) == (quiet.error_share, quiet.p50_ms, quiet.p99_ms)
    assert quiet.memory_bytes is None
    assert {"memory": 1.0} == anew.hit_shares


@attrs.define
class Source:
    """Samples on demand, and how many were taken."""

    taken: int = 0
    fails: bool = False

    def take(self):
        """The next one."""
        if self.fails:
            raise ValueError
        self.taken += 1
        return sample(asyncio.get_running_loop().time(), answered=self.taken)


@pytest.fixture
def logger():
    """A log that nobody reads."""
    return make_logger(io.StringIO(), LogSettings())


def running(body, logger, **source):
    """Run something beside a sampler, in virtual time."""

    async def both():
        found, sampler = Source(**source), Sampler()
        task = asyncio.create_task(sampler.run(found.take, logger))
        await asyncio.sleep(0)
        try:
            await body(sampler, found)
        finally:
            task.cancel()

    run_virtual(both())


def test_the_history_is_kept_while_nobody_watches(logger):
    """Unwatched it samples every five seconds, and keeps a quarter of an hour of them."""

    async def body(sampler, source):
        await asyncio.sleep(2 * KEPT_S + 1)
        assert 361 == source.taken
        ages = [each.read_at for each in sampler.history()]
        assert KEPT_S == ages[-1] - ages[0]
        assert {5.0} == {b - a for a, b in pairwise(ages)}

    running(body, logger)


def test_all_who_watch_share_one_sampler(logger):
    """While any number watch it samples once a second, at once for the first of them."""

    async def body(sampler, source):
        await asyncio.sleep(3)
        assert 1 == source.taken
        with sampler.watched(), sampler.watched():
            seen = await asyncio.gather(*(sampler.next() for _ in range(9)))
            assert 1 == len(set(map(id, seen)))
            await asyncio.sleep(10.5)
            assert 13 == source.taken
            five = sampler.before(sampler.latest(), 5)
            assert 5 == sampler.latest().read_at - five.read_at
        await asyncio.sleep(11)
        assert 16 == source.taken

    running(body, logger)


def test_before_goes_no_further_back_than_there_is(logger):
    """The oldest sample stands in for one that is not kept (any more)."""

    async def body(sampler, _):
        await asyncio.sleep(11)
        assert 0.0 == sampler.before(sampler.latest(), 60).read_at
        assert 5.0 == sampler.before(sampler.latest(), 5).read_at

    running(body, logger)


def test_what_cannot_be_counted_once_is_counted_again(logger):
    """A cache that fails to count costs its samples and not the sampler."""

    async def body(sampler, source):
        await asyncio.sleep(6)
        assert sampler.latest() is None
        source.fails = False
        await asyncio.sleep(1)
        assert sampler.latest() is not None

    running(body, logger, fails=True)
