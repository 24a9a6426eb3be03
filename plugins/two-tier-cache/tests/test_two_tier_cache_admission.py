"""Admission keeps what is asked for, in whatever way the traffic asks."""

from __future__ import annotations

import bisect
import heapq
import itertools
import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ion_two_tier_cache.admission import BATCH, WARM, Admission
from ion_two_tier_cache.climber import (
    LARGEST_SHARE,
    SMALLEST_SAMPLE,
    SMALLEST_SHARE,
    STEP,
    WindowClimber,
)
from ion_two_tier_cache.entry import Entry
from ion_two_tier_cache.memory import MemoryTier
from ion_two_tier_cache.sketch import (
    LARGEST_COUNT,
    SAMPLE_PER_ENTRY,
    SMALLEST_CAPACITY,
    FrequencySketch,
)

from ion_framework.pipeline.cache import CachedReply
from ion_framework.pipeline.chunks import Usage
from ion_framework.testing import VirtualClock

SAMPLE = SMALLEST_CAPACITY * SAMPLE_PER_ENTRY
HASHES = st.integers(-(1 << 63), (1 << 63) - 1)


def make_random(seed=7):
    """Numbers at random, the same in every run."""
    return random.Random(seed)  # noqa: S311  traffic for a test


def make_hashes(count, seed=7):
    """Evenly spread numbers of 64 bits."""
    choose = make_random(seed)
    return [choose.getrandbits(64) - (1 << 63) for _ in range(count)]


def zipf_trace(requests, keys=50_000):
    """Half of the requests are for one of many keys (Zipf 1.0), half for what never comes again."""
    choose = make_random()
    weights = list(itertools.accumulate(1 / rank for rank in range(1, keys + 1)))
    for number in range(requests):
        if choose.random() < 0.5:
            yield f"once {number}", False
        else:
            yield f"key {bisect.bisect(weights, choose.random() * weights[-1])}", True


def burst_trace(requests, spread=300):
    """Every key is asked for three times within about so many requests, and never again."""
    choose = make_random()
    again = []
    key = number = 0
    while number < requests:
        if again and again[0][0] <= number:
            yield heapq.heappop(again)[1], True
        else:
            key += 1
            for _ in range(2):
                heapq.heappush(again, (number + choose.randrange(1, spread), f"key {key}"))
            yield f"key {key}", True
        number += 1


def hit_ratio(trace, max_entries):
    """The share of the repeatable requests of a trace that a tier answers."""
    clock = VirtualClock()
    tier = MemoryTier(
        max_entries=max_entries, max_bytes=1 << 40, clock=clock, random=make_random().random
    )
    reply = CachedReply("an answer", Usage(), "m", "g", 0.0)
    entry = Entry(reply, (), clock.time(), 600.0, 0.0, 0.0, 0.1)
    hits = repeatable = 0
    for digest, counts in trace:
        found = tier.get(digest) is not None
        if not found:
            tier.put(digest, entry, 600.0)
        repeatable += counts
        hits += counts and found
    return hits / repeatable


@pytest.mark.parametrize(
    ("requests", "max_entries", "ratio"),
    [
        (80_000, 500, 0.52),
        pytest.param(400_000, 500, 0.52, marks=pytest.mark.slow),
        pytest.param(400_000, 2000, 0.62, marks=pytest.mark.slow),
    ],
)
def test_what_comes_once_does_not_wash_out_what_comes_again(requests, max_entries, ratio):
    """With half of the requests unique, far more of the others are hits than an LRU has."""
    assert hit_ratio(zipf_trace(requests), max_entries) >= ratio


def test_traffic_in_bursts_widens_the_window():
    """Where keys come thrice in short order and never again, two in five requests are hits."""
    # A window that stays at one hundredth answers one in twenty.
    assert hit_ratio(burst_trace(80_000), 500) >= 0.4


@given(
    st.lists(HASHES, max_size=SAMPLE - 1), st.lists(st.sampled_from((0, -1, 1 << 62)), max_size=30)
)
def test_an_estimate_is_never_below_the_count(hashes, repeated):
    """Before the first halving an estimate is at least the count, up to the largest."""
    sketch = FrequencySketch(1)
    told = (repeated + hashes)[: SAMPLE - 1]
    sketch.record(told)

    for value, count in Counter(told).items():
        assert min(count, LARGEST_COUNT) <= sketch.estimate(value) <= LARGEST_COUNT


def test_an_estimate_is_little_above_the_count():
    """When a sketch is full, what was never asked for seems to be so less than once on average."""
    sketch = FrequencySketch(1024)
    sketch.record(make_hashes(1024 * SAMPLE_PER_ENTRY - 1, seed=1))
    strangers = [sketch.estimate(value) for value in make_hashes(10_000, seed=2)]

    assert 0 < sum(strangers) < len(strangers)
    assert max(strangers) <= 4


def test_counts_are_halved_when_the_sample_is_full():
    """What was asked for often counts half after so many other requests."""
    sketch = FrequencySketch(1)
    sketch.record([5] * 12)
    sketch.record(make_hashes(SAMPLE - 13))

    assert sketch.estimate(5) == 12
    sketch.record([5])
    assert sketch.estimate(5) == 6


def test_a_count_ends_at_the_largest():
    """More requests than a counter can hold leave it at its largest."""
    sketch = FrequencySketch(1)
    sketch.record([5] * 100)

    assert sketch.estimate(5) == LARGEST_COUNT


@pytest.mark.parametrize("capacity", [1, 64, 65, 1000, 100_000])
def test_a_sketch_takes_16_to_32_bytes_an_entry(capacity):
    """The table has the stated size and keeps it."""
    sketch = FrequencySketch(capacity)
    size = len(sketch._counts)
    sketch.record(make_hashes(2 * SAMPLE))

    assert 16 <= size / max(capacity, SMALLEST_CAPACITY) < 32
    assert len(sketch._counts) == size


def test_the_more_wanted_of_two_is_admitted():
    """A candidate is let in if it was asked for more often than the other, not if as often."""
    admission = Admission(100, lambda: 0.0)
    for digest in "aab":
        admission.request(digest)

    assert admission.admits("a", "b") is True
    assert admission.admits("b", "a") is False
    assert admission.admits("x", "y") is False


def test_a_decision_knows_every_request_before_it():
    """Requests that wait to be counted are counted before a decision, whatever their number."""
    for number in range(1, 2 * BATCH):
        admission = Admission(100, lambda: 0.9)
        for _ in range(number):
            admission.request("a")

        assert admission.admits("a", "b") is True
        assert admission._requests == []


def test_requests_do_not_pile_up():
    """Without any decision at most one batch of requests waits."""
    admission = Admission(100, lambda: 0.9)
    for number in range(1000):
        admission.request(f"{number}")

        assert len(admission._requests) < BATCH


@pytest.mark.parametrize(("drawn", "admitted"), [(0.0, True), (0.0078, True), (0.0079, False)])
def test_a_warm_candidate_that_loses_is_admitted_at_random(drawn, admitted):
    """One in 128 of the candidates that are asked for often gets in against its betters."""
    admission = Admission(100, lambda: drawn)
    for digest in "a" * WARM + "b" * 2 * WARM + "c" * (WARM - 1):
        admission.request(digest)

    assert admission.admits("a", "b") is admitted
    assert admission.admits("c", "b") is False


def climb(climber, *ratios, sample=SMALLEST_SAMPLE):
    """Let a climber see one sample with each hit ratio; returns its share after each."""
    shares = []
    hits = requests = 0
    for ratio in ratios:
        hits += round(ratio * sample)
        requests += sample

        assert climber.climb(hits, requests) is True
        shares.append(climber.share)
    return shares


def test_a_step_that_helped_is_followed_by_another():
    """The window grows as long as the hit ratio does, and shrinks when it falls."""
    climber = WindowClimber(1)
    start = climber.share
    up, further, back = climb(climber, 0.5, 0.6, 0.5)

    assert (up, further) == pytest.approx((start + STEP, start + 2 * STEP))
    assert back == pytest.approx(up)


def test_steps_shrink_while_the_hit_ratio_rises_slowly():
    """Each step is a little smaller than the one before, so that the window settles."""
    shares = climb(WindowClimber(1), 0.5, 0.53, 0.56, 0.59, 0.62)
    steps = [after - before for before, after in itertools.pairwise(shares)]

    assert steps == sorted(steps, reverse=True)
    assert 0.9 * STEP < steps[-1] < 0.95 * STEP


def test_the_window_shrinks_where_chance_alone_speaks():
    """Hit ratios that differ no more than by chance keep the window within a step of the least."""
    shares = climb(WindowClimber(1), *[0.5, 0.51, 0.5, 0.49] * 50)

    assert max(shares) <= SMALLEST_SHARE + 1.001 * STEP


def test_other_traffic_makes_the_steps_large_again():
    """A hit ratio that falls at once after a long calm is answered with a step of full size."""
    climber = WindowClimber(1)
    *_, before = climb(climber, *[0.5] * 200)
    hits, requests = 100 * SMALLEST_SAMPLE, 200 * SMALLEST_SAMPLE
    for ratio in (0.1, 0.3, 0.5):
        hits += round(ratio * SMALLEST_SAMPLE)
        requests += SMALLEST_SAMPLE
        climber.climb(hits, requests)

    assert climber.share >= before + 1.5 * STEP


@given(st.lists(st.floats(0.0, 1.0), max_size=100))
def test_the_share_stays_within_its_bounds(ratios):
    """Whatever the traffic, the window has a share from the smallest to the largest."""
    for share in climb(WindowClimber(1), *ratios):
        assert SMALLEST_SHARE <= share <= LARGEST_SHARE


def test_a_step_waits_for_a_full_sample():
    """Nothing changes before there were ten requests for each entry."""
    climber = WindowClimber(500)

    assert [climber.climb(100, 4999), climber.climb(100, 5000)] == [False, True]
