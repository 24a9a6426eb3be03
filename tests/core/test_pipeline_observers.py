"""Observers: told after the fact, never waited for, bounded, quarantined and let in again."""

import asyncio

import pytest

from ion_framework.errors import TurnError
from ion_framework.pipeline.events import (
    PluginStatusChanged,
    RequestCompleted,
    TurnCompleted,
    TurnFailed,
)
from ion_framework.pipeline.markers import hookimpl
from ion_framework.pipeline.observers import QUEUE_SIZE, ObserverStats
from ion_framework.plugin_host.record import Status
from ion_framework.testing import (
    FailingGenerator,
    RecordingMonitor,
    VirtualClock,
    make_plugin,
    run_virtual,
    running_ion,
)
from tests.support.observing import observing

EVENT = RequestCompleted("GET", "/", 200, "id", 0.0, 0.0)


class Observer:
    """Does what a function does, at every event that is no change of status."""

    def __init__(self, function):
        self.function = function
        self.seen = []

    @hookimpl
    async def ion_observe(self, event):
        """See the event, and do what the function does."""
        if not isinstance(event, PluginStatusChanged):
            self.seen.append(event)
            await self.function(event)


async def _nothing(_):
    return None


async def _fail(_):
    raise ValueError("no")


async def _hang(_):
    await asyncio.sleep(3600)


def test_a_completed_turn_is_told_with_its_receipt():
    """On the hot path there is one event, with request, reply, time and duration."""
    monitor = RecordingMonitor()

    async def main(ion):
        reply = await ion.respond("hello")
        await asyncio.sleep(1)
        return reply

    reply = observing(main, monitor)

    (event,) = monitor.events
    assert isinstance(event, TurnCompleted)
    assert ("hello", reply) == (event.request.text, event.reply)
    assert event.duration_s >= 0


def test_a_failed_turn_is_told_with_its_cause():
    """A turn without an answer is told with code and message."""

    async def run():
        monitor = RecordingMonitor()
        plugins = (
            make_plugin("watch", monitor, "monitor"),
            make_plugin("gen", FailingGenerator(), "generator"),
        )
        async with running_ion(*plugins) as ion:
            for text in ("hello", " "):
                with pytest.raises(TurnError):
                    await ion.respond(text)
            await asyncio.sleep(0.01)
        return monitor.events

    events = asyncio.run(run())

    assert [TurnFailed, TurnFailed] == [type(event) for event in events]
    assert ["no_answer", "invalid_request"] == [event.code for event in events]
    assert "the generator gen failed" in events[0].message
    assert "gen: raised ConnectionError: the upstream is down" == events[0].detail


@pytest.mark.parametrize("function", [_fail, _hang], ids=["fails", "hangs"])
def test_no_turn_waits_for_an_observer(function):
    """Turns take no longer beside an observer that fails or hangs; another sees them."""
    bad, good = Observer(function), Observer(_nothing)

    async def main(ion):
        began = asyncio.get_running_loop().time()
        for _ in range(20):
            await ion.respond("hello")
        took_s = asyncio.get_running_loop().time() - began
        await asyncio.sleep(1)
        return took_s

    assert 0.0 == observing(main, bad, good)
    assert 20 == len(good.seen)


def test_the_queue_is_bounded_and_what_it_drops_is_counted():
    """A thousand events wait at most; every further one is dropped and counted."""
    gate = asyncio.Event()
    slow = Observer(lambda _: gate.wait())

    async def main(ion):
        ion.emit(EVENT)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        for _ in range(QUEUE_SIZE + 250):
            ion.emit(EVENT)
        full = ion.observer_stats()["o0"]
        gate.set()
        await asyncio.sleep(1)
        return full, ion.observer_stats()["o0"]

    full, after = observing(main, slow)

    assert (1000, ObserverStats(0, 250, 0, waiting=1000)) == (QUEUE_SIZE, full)
    assert ObserverStats(QUEUE_SIZE + 1, 250, 0) == after


def test_five_failures_within_a_minute_quarantine_for_a_minute():
    """The fifth failure quarantines; after 60 s the observer is told again; both are events."""
    clock, bad, monitor = VirtualClock(), Observer(_fail), RecordingMonitor()

    async def main(ion):
        course = []

        async def emit(count, after_s):
            clock.advance(after_s)
            for _ in range(count):
                ion.emit(EVENT)
            await asyncio.sleep(1)
            course.append((len(bad.seen), ion.host.record("o0").status))

        await emit(4, 0)
        await emit(1, 60)  # four at 0 s and one at 60 s: five within 60 s
        await emit(3, 59.9)
        bad.function = _nothing
        await emit(2, 0.2)
        return course, ion.observer_stats()["o0"], ion.host.record("o0").reason

    course, stats, reason = observing(main, bad, monitor, clock=clock)

    expected = [
        (4, Status.ACTIVE),
        (5, Status.QUARANTINED),
        (5, Status.QUARANTINED),
        (7, Status.ACTIVE),
    ]
    assert expected == course
    # Three events, and the news of its own quarantine, came while it was out.
    assert (5, 4) == (stats.failed, stats.dropped)
    changes = [event for event in monitor.events if isinstance(event, PluginStatusChanged)]
    assert [("o0", "active", "quarantined"), ("o0", "quarantined", "active")] == [
        (change.plugin, change.before, change.after) for change in changes
    ]
    assert "failed 5 times within 60 s in ion_observe, last: raised ValueError: no" in (
        changes[0].reason
    )
    assert "works again: let in after its quarantine" == reason


def test_failures_far_apart_do_not_quarantine():
    """Five failures, each 16 seconds after the last, are no five within a minute."""
    clock, bad = VirtualClock(), Observer(_fail)

    async def main(ion):
        for _ in range(12):
            ion.emit(EVENT)
            await asyncio.sleep(1)
            clock.advance(16)
        return ion.host.record("o0").status, ion.observer_stats()["o0"].failed

    assert (Status.ACTIVE, 12) == observing(main, bad, clock=clock)


def test_what_waits_at_the_end_is_still_delivered():
    """Closing waits, within its limit, for what the queues hold."""
    slow = Observer(lambda _: asyncio.sleep(0.1))

    async def main(ion):
        for _ in range(10):
            ion.emit(EVENT)

    observing(main, slow)

    assert 10 == len(slow.seen)


def test_closing_does_not_wait_for_ever():
    """An observer that hangs holds the end up for no more than its limits."""
    stuck = Observer(_hang)

    async def run():
        loop = asyncio.get_running_loop()
        plugin = make_plugin("stuck", stuck, "monitor")
        async with running_ion(plugin, clock=loop) as ion:
            ion.emit(EVENT)
            ion.emit(EVENT)
            await asyncio.sleep(0)
            began = loop.time()
        return loop.time() - began, ion.observer_stats()["stuck"].dropped

    took_s, dropped = run_virtual(run())

    assert took_s <= 4.0
    assert 1 == dropped


def test_an_observer_that_recovers_is_not_held_to_its_past():
    """After its quarantine an observer starts with a clean slate."""
    clock, bad = VirtualClock(), Observer(_fail)

    async def main(ion):
        for _ in range(5):
            ion.emit(EVENT)
        await asyncio.sleep(1)
        clock.advance(61)
        bad.function = _nothing
        ion.emit(EVENT)
        await asyncio.sleep(1)
        bad.function = _fail
        for _ in range(4):
            ion.emit(EVENT)
        await asyncio.sleep(1)
        return ion.host.record("o0").status

    assert Status.ACTIVE is observing(main, bad, clock=clock)
