"""The load that does not wait for answers, in virtual time wherever that is possible."""

from __future__ import annotations

import asyncio
import math
import time

import pytest

pytest.importorskip("ion_two_tier_cache")

from perf.reliability.open_loop import Load, Shot, open_loop, quantile


async def test_the_rate_does_not_follow_the_answers():
    """Requests that are never answered in time do not keep the next ones from being sent."""
    sent = []

    async def send(number):
        sent.append(number)
        await asyncio.sleep(0.5)
        return ""

    load = await open_loop(send, rate=100, seconds=0.3)

    assert sent == list(range(30))
    # One after the other they would have taken fifteen seconds.
    assert max(shot.ended_s for shot in load.shots) < 5
    assert [shot.due_s for shot in load.shots] == pytest.approx([n / 100 for n in range(30)])


async def test_a_stall_is_seen_by_every_request_that_was_due():
    """While the loop hangs, requests count from the instant at which they were due."""

    async def send(number):
        if number == 5:
            time.sleep(0.4)  # noqa: ASYNC251  the loop is to hang
        return ""

    load = await open_loop(send, rate=100, seconds=0.2)

    late = [shot.took_s for shot in load.shots if shot.due_s > 0.06]
    # Timed from the sending, none but the fifth would have been slow.
    assert min(late) > 0.2
    assert all(shot.ended_s - shot.began_s < 0.2 for shot in load.shots if shot.due_s > 0.06)


async def test_what_a_request_raises_is_its_failure():
    """An exception of the client and a failure that it tells are both kept, with their requests."""

    async def send(number):
        if number == 1:
            raise ConnectionResetError("gone")
        return "HTTP 503" if number == 2 else ""

    load = await open_loop(send, rate=1000, seconds=0.004)

    assert load.failures == ("ConnectionResetError: gone", "HTTP 503")
    assert [bool(shot.failure) for shot in load.shots] == [False, True, True, False]


def test_a_part_of_the_load_is_chosen_by_when_requests_were_due():
    """What was due in a part belongs to it, whenever it was sent or answered."""
    load = Load(10, tuple(Shot(due, due + 1, due + 2, "") for due in (0.0, 1.0, 2.0, 3.0)))

    assert [shot.due_s for shot in load.between(1.0, 3.0).shots] == [1.0, 2.0]
    assert load.took_s() == (2.0, 2.0, 2.0, 2.0)
    assert load.sent_rate == 1.0


def test_a_quantile_is_a_sample_that_enough_do_not_exceed():
    """The quantile is the smallest sample that so large a share does not exceed."""
    samples = tuple(range(1, 101))

    assert (quantile(samples, 0.5), quantile(samples, 0.99), quantile(samples, 1)) == (50, 99, 100)
    assert quantile((3.0,), 0.01) == 3.0
    assert math.isnan(quantile((), 0.5))
