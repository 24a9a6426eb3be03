"""What the network does to the plugin, and what the plugin does not do to turns."""

from __future__ import annotations

import asyncio
import logging
import threading
import time

import pytest
import sentry_sdk
from ion_sentry.client import SentryClient
from ion_sentry.post import Post, rate_limits
from ion_sentry.sender import Sender
from ion_sentry.settings import SentrySettings
from ion_sentry.tally import Tally
from sentry_sdk.envelope import Envelope
from structlog.testing import capture_logs

from ion_framework.pipeline.events import RequestCompleted
from ion_framework.testing import (
    VirtualClock,
    make_plugin,
    make_request_completed,
    make_turn_failed,
    running_ion,
)
from ion_framework.testing.network.ports import free_port

KEY = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"


def completed(number: int = 0) -> RequestCompleted:
    """A request that was answered; one number, one trace."""
    return make_request_completed(request_id=f"r-{number}")


async def run(monitor, events):
    """Have a monitor told events, with the ends of an `Ion` around them."""
    monitor.ion_startup()
    for event in events:
        monitor.ion_observe(event)
    await monitor.ion_shutdown()
    return monitor.tally


async def test_sampling_sends_a_share_of_the_traces(fake, monitor):
    """Of 400 traces at a rate of 0.1 some 40 arrive, and the same ones every time."""
    one = await run(monitor(fake.dsn(), traces_sample_rate=0.1), map(completed, range(400)))
    first = sorted(item["contexts"]["trace"]["trace_id"] for item in fake.of("transaction"))
    await run(monitor(fake.dsn(), traces_sample_rate=0.1), map(completed, range(400)))
    both = sorted(item["contexts"]["trace"]["trace_id"] for item in fake.of("transaction"))

    assert 20 <= one.sent <= 70
    assert both == sorted([*first, *first])


async def test_at_a_rate_of_zero_only_failures_are_sent(fake, monitor):
    """Without traces an error still arrives."""
    tally = await run(
        monitor(fake.dsn(), traces_sample_rate=0.0), [completed(), make_turn_failed()]
    )

    assert (tally.sent, tally.lost) == (1, 0)
    assert [kind for kind, _ in fake.items] == ["event"]


async def test_the_rate_guard_lets_so_many_through(fake, monitor):
    """A flood of failures is cut to the rate, counted, and leaves room for traces."""
    clock = VirtualClock()
    one = monitor(fake.dsn(), clock=clock, errors_per_minute=5, traces_per_minute=3)
    one.ion_startup()
    for _ in range(100):
        one.ion_observe(make_turn_failed())
    one.ion_observe(completed())
    clock.advance(24)
    for _ in range(10):
        one.ion_observe(make_turn_failed())
    await one.ion_shutdown()

    assert len(fake.of("event")) == 5 + 2
    assert len(fake.of("transaction")) == 1
    assert (one.tally.sent, one.tally.rate_limited) == (8, 95 + 8)


async def test_nobody_there_costs_a_turn_nothing(monitor):
    """While Sentry is away turns are answered, losses are counted and told in one line."""
    one = monitor(f"http://{KEY}@127.0.0.1:{free_port()}/1", flush_s=0.5)
    with capture_logs() as lines:
        async with running_ion(make_plugin("sentry", one, "monitor")) as ion:
            for _ in range(20):
                assert (await ion.respond("hello")).content

    (line,) = [line for line in lines if line["event"] == "events for Sentry were lost"]
    assert line["failed"] + line["held_back"] == one.tally.lost > 0
    assert KEY not in str(lines)


async def test_a_sentry_that_hangs_holds_neither_turns_nor_the_end(fake, monitor):
    """The queue fills and drops, and the end waits no longer than ``flush_s``."""
    fake.hang()
    one = monitor(fake.dsn(), queue_size=2, flush_s=0.2, timeout_s=5)
    began = time.monotonic()
    async with running_ion(make_plugin("sentry", one, "monitor")) as ion:
        await ion.respond("hello")
        await asyncio.to_thread(fake.arrived.wait, 10)
        for _ in range(10):
            await ion.respond("hello")
        for _ in range(10):
            one.ion_observe(completed())
    spent = time.monotonic() - began

    assert one.tally.queue_full > 0
    assert spent < 5


@pytest.mark.parametrize("status", [400, 403, 413, 500])
async def test_refusals_are_counted(fake, monitor, status):
    """An event that Sentry refuses counts as failed, and the next one is tried."""
    fake.status = status
    tally = await run(monitor(fake.dsn()), map(completed, range(3)))

    assert (tally.sent, tally.failed) == (0, 3)
    assert len(fake.paths) == 3


@pytest.mark.parametrize(
    ("status", "headers", "asked"),
    [
        (429, {"Retry-After": "30"}, 1),
        (429, {}, 1),
        (200, {"X-Sentry-Rate-Limits": "60:transaction:org"}, 2),
        (429, {"X-Sentry-Rate-Limits": "60::org"}, 1),
    ],
)
async def test_sentrys_own_limits_are_kept(fake, monitor, status, headers, asked):
    """What Sentry asks for holds for the categories that it names, and is counted."""
    fake.status, fake.answer_headers = status, headers
    tally = await run(monitor(fake.dsn()), [completed(), completed(), make_turn_failed()])

    assert len(fake.paths) == asked
    assert tally.held_back == 3 - asked


def test_limits_are_read_by_category():
    """The header names seconds and categories, none of which means all."""
    header = "60:transaction;error:organization:quota, 5::key, x:span"

    assert rate_limits(header) == {"transaction": 60, "error": 60, "": 5, "span": 60}
    assert rate_limits("") == {}


def test_a_sentry_that_is_away_is_asked_ever_more_seldom():
    """After each failed attempt the wait doubles, to a minute at most."""
    clock, tally = VirtualClock(), Tally()
    settings = SentrySettings(dsn=f"http://{KEY}@127.0.0.1:{free_port()}/1", timeout_s=1)
    post = Post(settings, tally, clock.monotonic)
    tried = []
    for second in range(300):
        before = tally.failed
        post.capture_envelope(Envelope())
        tried += [second] * (tally.failed - before)
        clock.advance(1)
    post.kill()

    assert tried == [0, 1, 3, 7, 15, 31, 63, 123, 183, 243]
    assert tally.held_back == 290


async def test_two_live_side_by_side(fakes, monitor):
    """Two monitors in one process each send to their own server, and neither is the process's."""
    one, other = fakes(), fakes()
    first = monitor(one.dsn(1), environment="one")
    second = monitor(other.dsn(2), environment="two")
    async with (
        running_ion(make_plugin("sentry", first, "monitor")) as ion,
        running_ion(make_plugin("sentry", second, "monitor")) as another,
    ):
        ion.emit(completed(1))
        another.emit(completed(2))
        another.emit(completed(3))

    assert [len(one.bodies), len(other.bodies)] == [1, 2]
    assert {item["environment"] for item in other.of("transaction")} == {"two"}
    assert not sentry_sdk.get_client().is_active()


async def test_an_ion_that_is_opened_again_sends_again(fake, monitor):
    """The end is no end for good: a second start has a thread of its own."""
    one = monitor(fake.dsn())
    await run(one, [completed()])
    one.ion_observe(completed())
    tally = await run(one, [completed()])

    assert tally.sent == 2


def calm_sender(fake, tally, made, queue_size):
    """A sender that, left to itself, would be calm for a minute."""
    settings = SentrySettings(dsn=fake.dsn(), timeout_s=30)

    def make_client():
        made.set()
        return SentryClient(settings, "a release", tally)

    return Sender(make_client, queue_size, tally, calm_s=60)


def test_a_burst_ends_the_calm_and_loses_nothing_that_fits(fake):
    """Once half the queue is full it is sent, long before the calm would have ended."""
    tally, made = Tally(), threading.Event()
    sender = calm_sender(fake, tally, made, queue_size=40)
    for number in range(19):
        sender.put({"message": f"event {number}"})
    waited = made.wait(0.2)
    for number in (19, 20):  # one of all has left the queue
        sender.put({"message": f"event {number}"})
    arrived = fake.arrived.wait(30)
    for number in range(21, 40):
        sender.put({"message": f"event {number}"})
    sender.close(30)

    assert (waited, arrived) == (False, True)
    assert (tally.sent, tally.lost) == (40, 0)
    assert {item["message"] for item in fake.of("event")} == {f"event {n}" for n in range(40)}


def test_a_queue_for_one_ends_its_calm_when_it_is_full(fake):
    """With the smallest queue a single document is not left to wait."""
    tally, made = Tally(), threading.Event()
    sender = calm_sender(fake, tally, made, queue_size=1)
    sender.put({"message": "first"})
    assert made.wait(30)
    sender.close(30)

    assert (tally.sent, tally.lost) == (1, 0)


async def test_log_lines_of_others_are_not_sent(fake, monitor, caplog):
    """An error that some library logs stays in the log."""
    one = monitor(fake.dsn())
    one.ion_startup()
    logging.getLogger("some.library").error("the message was: %s", "hunter2")
    one.ion_observe(completed())
    await one.ion_shutdown()

    assert caplog.records
    assert len(fake.bodies) == 1
    assert b"hunter2" not in fake.bodies[0]
