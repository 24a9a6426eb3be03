"""The generator that does not wait for answers."""

from __future__ import annotations

import asyncio
import math
import re
import time

import pytest
from aiohttp import web
from ion_load.asking import load
from ion_load.figures import of_shots
from ion_load.open_loop import Answer, Load, Shot, open_loop, quantile

from ion_framework.testing import run_virtual


def test_requests_are_due_at_a_constant_rate():
    """Requests are due one period apart, and as many as rate and length ask for."""

    async def send(number):
        return Answer(200)

    shots = run_virtual(_shots(send, 4, 2.5))

    assert [number / 4 for number in range(10)] == [shot.due_s for shot in shots]
    assert [0.0] * 10 == [shot.took_ms for shot in shots]


def test_a_stall_is_seen_by_every_request_in_it():
    """While the host hangs requests go on being due, and each is timed from when it was."""

    async def send(number):
        now = asyncio.get_running_loop().time() - began[0]
        await asyncio.sleep(max(0.0, 3.0 - now) if now >= 1.0 else 0.0)
        return Answer(200)

    began = []

    async def stalled():
        began.append(asyncio.get_running_loop().time())
        return await _shots(send, 2, 3)

    shots = run_virtual(stalled())

    assert [0, 0, 2000, 1500, 1000, 500] == [round(shot.took_ms) for shot in shots]


def test_a_generator_that_is_late_counts_from_the_due_instant():
    """What keeps this process from sending in time is part of the latency and not hidden."""
    ticks = iter(range(100))

    async def send(number):
        return Answer(200)

    async def late():
        return (await open_loop(send, 10, 0.3, clock=lambda: float(next(ticks)))).shots

    shots = asyncio.run(late())

    assert all(shot.took_ms > 1000 for shot in shots)


def test_what_the_client_raises_is_a_failure():
    """An exception of the client becomes a failure with its name, and the load goes on."""

    async def send(number):
        if number % 2:
            raise ConnectionResetError("gone")
        return Answer(200)

    shots = run_virtual(_shots(send, 10, 0.4))

    assert ["", "ConnectionResetError: gone"] * 2 == [shot.answer.failure for shot in shots]


async def test_the_rate_does_not_follow_the_answers():
    """Requests that are never answered in time do not keep the next ones from being sent."""
    sent = []

    async def send(number):
        sent.append(number)
        await asyncio.sleep(0.5)
        return Answer(200)

    load = await open_loop(send, rate=100, seconds=0.3)

    assert sent == list(range(30))
    # One after the other they would have taken fifteen seconds.
    assert max(shot.ended_s for shot in load.shots) < 5
    assert [shot.due_s for shot in load.shots] == pytest.approx([n / 100 for n in range(30)])


async def test_a_loop_that_hangs_is_seen_by_every_request_that_was_due():
    """While this process hangs, requests count from the instant at which they were due."""

    async def send(number):
        if number == 5:
            time.sleep(0.4)  # noqa: ASYNC251  the loop is to hang
        return Answer(200)

    load = await open_loop(send, rate=100, seconds=0.2)

    late = [shot for shot in load.shots if shot.due_s > 0.06]
    # Timed from the sending, none but the fifth would have been slow.
    assert min(shot.took_s for shot in late) > 0.2
    assert all(shot.ended_s - shot.began_s < 0.2 for shot in late)


def test_a_part_of_the_load_is_chosen_by_when_requests_were_due():
    """What was due in a part belongs to it, whenever it was sent or answered."""
    dues = (0.0, 1.0, 2.0, 3.0)
    load = Load(10, tuple(Shot(due, due + 1, due + 2, Answer(200)) for due in dues))

    assert [shot.due_s for shot in load.between(1.0, 3.0).shots] == [1.0, 2.0]
    assert load.took_s() == (2.0, 2.0, 2.0, 2.0)
    assert (load.sent_rate, load.quantile_s(0.5)) == (1.0, 2.0)


def test_a_quantile_is_a_sample_that_enough_do_not_exceed():
    """The quantile is the smallest sample that so large a share does not exceed."""
    samples = tuple(range(1, 101))

    assert (quantile(samples, 0.5), quantile(samples, 0.99), quantile(samples, 1)) == (50, 99, 100)
    assert quantile((3.0,), 0.01) == 3.0
    assert math.isnan(quantile((), 0.5))


async def test_chats_are_new_unless_they_are_repeated(server):
    """Each chat of a load is one that no cache knows; ``repeat`` sends ten again and again."""
    await load(server.url, 50, 0.5, key="secret")
    fresh = list(server.bodies)
    await load(server.url, 50, 0.5, repeat=True)

    assert {("POST", "/chat")} == set(server.seen)
    assert 25 == len(set(fresh))
    assert 10 == len(set(server.bodies[25:]))
    assert "Bearer secret" == server.headers[0]["Authorization"]
    assert "Authorization" not in server.headers[-1]


async def test_answers_are_told_apart(server):
    """Refusals by the rate limit and degraded answers are counted, and other statuses fail."""

    async def mixed(request):
        number = len(server.seen) - 1
        if number % 5 == 4:
            return web.Response(status=503)
        if number % 5 == 3:
            return web.Response(status=429)
        headers = {"ION-Degraded": "generator"} if number % 5 else {}
        return web.json_response({"content": "Hi."}, headers=headers)

    server.behave = mixed
    figures = of_shots("here", 50, await load(server.url, 50, 1))

    assert (50, 20, 10, 20) == (
        figures.requests, figures.failures, figures.limited, figures.degraded
    )  # fmt: skip
    assert {"status 429": 10, "status 503": 10} == figures.reasons


async def _shots(send, rate, seconds):
    load = await open_loop(send, rate, seconds, clock=asyncio.get_running_loop().time)
    return load.shots


async def test_it_is_told_how_far_it_is(server):
    """While the load goes on, what was asked and answered is told with the time."""
    told = []
    await load(server.url, 10, 1, told=lambda elapsed_s, figures: told.append((elapsed_s, figures)))

    times = [elapsed_s for elapsed_s, _ in told]
    assert sorted(times) == times
    assert "0 asked, 0 answered, 0 of them wrong" == told[0][1]
    assert any(re.fullmatch(r"\d+ asked, [1-9]\d* answered, 0 of them wrong", f) for _, f in told)
