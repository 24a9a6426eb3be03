"""A plugin that keeps holding the event loop is left out like one that keeps failing."""

import asyncio
import time
from pathlib import Path

import attrs
import pytest
from structlog.testing import capture_logs

from ion_framework.pipeline.events import LoopHeld
from ion_framework.pipeline.loop_watch import LoopWatch
from ion_framework.pipeline.markers import hookimpl
from ion_framework.pipeline.quarantine import FAILURES, Quarantine, Standing
from ion_framework.plugin_host.record import Status
from ion_framework.testing import RecordingMonitor, VirtualClock, make_plugin, running_ion
from ion_framework.watching import watched_loop
from tests.support.parties import of_party

LIMIT_S = 0.1
HOLD_S = 0.35
PATIENCE_S = 60.0
REASON = "held the event loop for more than 0.1 s"


class Blocking:
    """Blocks the loop in a coroutine as long as it is broken, and counts its calls."""

    def __init__(self):
        self.broken = True
        self.calls = 0

    @hookimpl
    async def ion_gather_context(self):
        """Sleep as nobody should."""
        await asyncio.sleep(0)
        self.hold()

    def hold(self):
        """Sleep, while it is broken."""
        self.calls += 1
        if self.broken:
            time.sleep(HOLD_S)


class PlainBlocking(Blocking):
    """Blocks the loop in a plain function."""

    @hookimpl
    def ion_gather_context(self):
        """Sleep as nobody should."""
        self.hold()


class Observing(Blocking):
    """Blocks the loop when it is told that a turn is answered."""

    ion_gather_context = None

    @hookimpl
    def ion_observe(self, event):
        """Sleep as nobody should."""
        if type(event).__name__ == "TurnCompleted":
            self.hold()


class Guarding(Blocking):
    """A guard that blocks the loop."""

    ion_gather_context = None

    @hookimpl
    async def ion_guard(self):
        """Sleep as nobody should."""
        self.hold()


async def turns_until(ion, clock, is_reached):
    """Take turns, a second apart, until something is reached."""
    async with asyncio.timeout(PATIENCE_S):
        number = 0
        while not is_reached():
            number += 1
            held = sum(known.held for known in ion.containments().values())
            await ion.respond(f"{clock.time()} {number}")
            clock.advance(1.0)
            await settled(ion, held)


async def settled(ion, held):
    """Wait until the watch has told of a hold of this turn, or has had the time to."""
    for _ in range(4):
        await asyncio.sleep(LIMIT_S / 2)
        if sum(known.held for known in ion.containments().values()) > held:
            return


@pytest.mark.once
@pytest.mark.parametrize(
    ("target", "kind", "hook", "party"),
    [
        (Blocking(), "extension", "ion_gather_context", "third"),
        (PlainBlocking(), "extension", "ion_gather_context", "first"),
        (Observing(), "monitor", "ion_observe", "third"),
    ],
    ids=["coroutine", "plain", "observer"],
)
async def test_who_keeps_holding_the_loop_is_left_out_and_let_in_again(target, kind, hook, party):
    """After five holds it is in quarantine, where a probe that holds leaves it, and another not."""
    clock, monitor = VirtualClock(), RecordingMonitor()
    bad = of_party(make_plugin("bad", target, kind), party)
    with capture_logs() as logs:
        async with running_ion(bad, make_plugin("watch", monitor, "monitor"), clock=clock) as ion:
            with watched_loop(ion, LIMIT_S):
                record = lambda: ion.host.record("bad")  # noqa: E731  asked anew each time
                await turns_until(ion, clock, lambda: record().status is not Status.ACTIVE)
                first = record()
                calls = target.calls
                await ion.respond("left out")
                skipped = target.calls == calls

                clock.advance(60)
                await turns_until(ion, clock, lambda: record() is not first)
                again = record()

                target.broken = False
                clock.advance(60)
                await turns_until(ion, clock, lambda: record().status is Status.ACTIVE)

    assert (Status.QUARANTINED, True) == (first.status, skipped)
    assert f"failed 5 times within 60 s in {hook}, last: {REASON}; left out for 60 s" == (
        first.reason
    )
    assert f"failed again in {hook} after its quarantine: {REASON}; left out for 60 s" == (
        again.reason
    )
    changes = [line["after"] for line in logs if line["event"] == "a plugin's status changed"]
    assert ["quarantined", "quarantined", "active"] == changes
    assert 5 <= len([event for event in monitor.events if isinstance(event, LoopHeld)])


@pytest.mark.once
async def test_a_guard_that_holds_the_loop_is_named_and_stays():
    """Guards are never left out, whatever they do."""
    clock = VirtualClock()
    async with running_ion(make_plugin("bad", Guarding(), "guard"), clock=clock) as ion:
        with capture_logs(), watched_loop(ion, LIMIT_S):
            known = ion.containments()["bad"]
            await turns_until(ion, clock, lambda: known.held > FAILURES)
            assert Status.ACTIVE is ion.host.record("bad").status


HERE = Path(__file__).parent


def of_ours(target, **changes):
    """A plugin of ours whose code lies in the folder of this file."""
    plugin = make_plugin("sleepy", target, "extension")
    return attrs.evolve(plugin, distribution="ion-notify", folder=HERE, **changes)


@pytest.mark.once
async def test_a_coroutine_of_ours_is_known_by_its_folder_and_left_out():
    """Code of ours that is awaited directly counts by the hook that its stack shows."""
    clock = VirtualClock()
    async with running_ion(of_ours(Blocking()), clock=clock) as ion:
        with capture_logs(), watched_loop(ion, LIMIT_S):
            record = ion.host.record
            await turns_until(ion, clock, lambda: record("sleepy").status is not Status.ACTIVE)

            assert Status.QUARANTINED is record("sleepy").status
            assert "in ion_gather_context, last: held" in record("sleepy").reason


@pytest.mark.once
async def test_a_task_of_a_plugins_own_is_named_and_counts_for_nothing():
    """Quarantine leaves calls out, and a task that a plugin began itself is none."""

    class Dozing:
        @hookimpl
        async def ion_startup(self):
            self.task = asyncio.ensure_future(doze())

        @hookimpl
        async def ion_shutdown(self):
            self.task.cancel()

    async def doze():
        while True:
            await asyncio.sleep(LIMIT_S / 10)
            time.sleep(HOLD_S)  # noqa: ASYNC251  that is what is watched for

    async with running_ion(of_ours(Dozing())) as ion:
        with capture_logs(), watched_loop(ion, LIMIT_S):
            known = ion.containments()["sleepy"]
            async with asyncio.timeout(PATIENCE_S):
                while known.held < FAILURES:  # noqa: ASYNC110  no event stands for it
                    await asyncio.sleep(LIMIT_S)
            assert Standing.IN is known.standing


def holds_of(work):
    """What a watch has told of while something ran on its loop: at once, and at the end."""
    noticed, told = [], []

    async def main():
        watch = LoopWatch(asyncio.get_running_loop(), LIMIT_S, noticed.append, told.append)
        watch.start()
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not told:
                    await work()
                    await asyncio.sleep(LIMIT_S)
        finally:
            watch.stop()

    asyncio.run(main())
    return noticed, told


def test_a_hold_is_noticed_before_it_ends_and_told_of_afterwards():
    """Of one that holds the loop all the time both looks have the stack, and the end the time."""

    async def sleep():
        time.sleep(HOLD_S)  # noqa: ASYNC251  that is what is watched for

    (early, *_), (late, *_) = holds_of(sleep)

    assert (False, True) == (early.is_over, late.is_over)
    assert early.seconds < late.seconds
    for frames in (early.before, late.frames):
        assert frames[0].endswith(" sleep")


def test_many_that_take_a_little_each_are_nobodys_hold():
    """Where one task after the other used the time up, none of them held the loop for all of it."""

    async def little():
        time.sleep(LIMIT_S / 5)  # noqa: ASYNC251  that is what is watched for

    async def many():
        await asyncio.gather(*(little() for _ in range(30)))

    noticed, _ = holds_of(many)

    assert () == noticed[0].before


def quarantine():
    """A quarantine on a clock that stands still, out and due for a probe, with what it tells."""
    clock, told = VirtualClock(), []
    subject = Quarantine(clock, lambda standing, reason: told.append((standing, reason)))
    for _ in range(FAILURES):
        subject.holds("ion_route", REASON)
        subject.held("ion_route", REASON)
    assert Standing.OUT is subject.standing
    clock.advance(60)
    return subject, told


@pytest.mark.parametrize("end", ["succeeded", "withdrawn"])
def test_a_probe_that_holds_the_loop_has_failed_whatever_comes_of_it(end):
    """It is out again, and what is told of the hold afterwards does not count once more."""
    subject, told = quarantine()
    probe = subject.admit()
    subject.holds("ion_route", REASON)
    getattr(subject, end)(probe)
    subject.held("ion_route", REASON)

    assert [Standing.OUT, Standing.OUT] == [standing for standing, _ in told]
    assert told[-1][1].startswith(f"failed again in ion_route after its quarantine: {REASON}")


def test_a_hold_from_before_a_probe_does_not_count_against_it():
    """A probe is judged by what happens while it lasts."""
    subject, _ = quarantine()
    subject.holds("ion_route", REASON)
    subject.succeeded(subject.admit())

    assert Standing.IN is subject.standing
