"""The promise of the door, checked at a small scale, and the measure that it rests on."""

from __future__ import annotations

import random

import pytest

pytest.importorskip("ion_host_aiohttp")
pytest.importorskip("joserfc")

from perf.reliability.command import SEED, check
from perf.reliability.promise_forged import HIGHEST_T, PROMISE
from perf.reliability.timing import timed, welch_t


def test_nobody_gets_in_with_what_is_forged():
    """Promise 21 is kept at a small scale, by more than the sixty cases that it names."""
    found = check(PROMISE, SEED, 0.1)

    timed = [finding for finding in found.findings if finding.what.startswith("Welch's t")]

    assert not found.broken
    assert not [f for f in found.findings if not f.kept and f not in timed]
    # A thousand calls beside other tests are noisy; the promise itself is strict, with ten times
    # as many.
    assert [True, True] == [float(f.figure) < 3 * HIGHEST_T for f in timed]
    (cases,) = (f for f in found.findings if f.what.startswith("forged of"))
    assert int(cases.what.split()[2]) > 60


async def test_calls_that_take_longer_are_told_apart():
    """Welch's t is far above 4.5 for calls of which one kind does half as much again."""

    async def work(steps):
        return sum(range(steps))

    short, long = (lambda: work(1000)), (lambda: work(1500))
    different = await timed([short], [long], 500, random.Random(1))  # noqa: S311  no secret

    assert abs(welch_t(*different)) > 4.5
