"""The promises of the cache, checked at a small scale: what they find, and that it is kept.

How fast this machine is, is not tested here.
"""

from __future__ import annotations

import sys

import pytest

pytest.importorskip("ion_two_tier_cache")
pytest.importorskip("aiocache")

from perf.reliability.catalogue import promises
from perf.reliability.command import SEED, check

OF_AIOCACHE = "ignore:Call to deprecated (setex|close):DeprecationWarning"
"""aiocache calls what redis-py has deprecated."""


def checked(number, scale):
    """The findings of a promise, by what was measured."""
    (promise,) = (promise for promise in promises() if promise.number == number)
    found = check(promise, SEED, scale)
    assert not found.broken
    return {finding.what: finding for finding in found.findings}


def missed(findings):
    """What is not kept."""
    return {what: finding.figure for what, finding in findings.items() if not finding.kept}


@pytest.mark.skipif(sys.platform != "linux", reason="resident memory is read from /proc")
def test_memory_keeps_its_bound_in_bytes():
    """Promise 4 is kept by a small tier, and keeps how its resident memory grew."""
    findings = checked(4, 0.03)

    assert not missed(findings)
    samples = findings["growth of the process's resident memory"].samples
    assert len(samples["resident, MB"]) > 5
    assert min(samples["resident, MB"]) > 0


def test_memory_keeps_what_is_asked_for_again():
    """Promise 5 measures hit ratio and hits beside others; on a short trace ours is the higher."""
    ratio, hit = checked(5, 0.1).values()

    (ours,), (other,) = ratio.samples["ratio"], ratio.samples["ratio, least recently used"]
    assert ours > other + 0.05
    assert len(hit.samples["hit"]) == len(hit.samples["hit, aiocache"]) == 1000
    assert all(sample > 0 for samples in hit.samples.values() for sample in samples)


def test_nobody_gets_the_answer_of_another():
    """Promise 7 is kept at a small scale."""
    findings = checked(7, 0.01)

    assert not missed(findings)
    assert len(findings) == 4


def test_hostile_bytes_are_misses():
    """Promise 8 is kept at a small scale."""
    findings = checked(8, 0.03)

    assert not missed(findings)
    kinds = findings["look-ups that raised"].samples
    assert {"payloads, pickle", "payloads, huge", "payloads, truncated"} <= kinds.keys()


@pytest.mark.filterwarnings(OF_AIOCACHE)
def test_foreign_keys_stay():
    """Promise 9 is kept at a small scale."""
    findings = checked(9, 0.01)

    assert not missed(findings)
    assert findings["foreign keys lost"].figure == "0 of 4000"


@pytest.mark.slow
def test_the_same_question_is_asked_once():
    """Promise 3 is kept at a small scale, by real hosts."""
    assert not missed(checked(3, 0.04))


@pytest.mark.slow
def test_invalidations_reach_the_other_process():
    """Promise 6 is kept at a small scale, but for how fast the other process hears."""
    by_a_good_channel, by_none = checked(6, 0.02).values()

    assert len(by_a_good_channel.samples["outdated"]) == 20
    assert max(by_a_good_channel.samples["outdated"]) < 5
    # What is still served after fifteen seconds is waited for no longer.
    assert max(by_none.samples["outdated, cut"]) < 14
