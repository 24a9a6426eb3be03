"""Who is not accused of holding the event loop: what is not its own fault, and not twice."""

import asyncio
import logging
import os
import sys
import threading
import time

import pytest
from structlog.testing import capture_logs

from ion_framework.line_stream import LineStream
from ion_framework.pipeline import at_work
from ion_framework.pipeline.events import LoopHeld
from ion_framework.pipeline.loop_watch import LoopWatch, stack_of
from ion_framework.pipeline.markers import hookimpl
from ion_framework.pipeline.quarantine import FAILURES, WINDOW_S, Quarantine, Standing
from ion_framework.pipeline.run_queue import RunQueue
from ion_framework.testing import RecordingMonitor, VirtualClock, make_plugin, running_ion
from ion_framework.watching import LOG, watched_loop

LIMIT_S = 0.05
HOLD_S = 0.2
PATIENCE_S = 30.0
HOOK = "ion_gather_context"


async def watched(work, limit_s=LIMIT_S, **seams):
    """What a watch notices of the running loop while something runs on it."""
    noticed = []
    loop = asyncio.get_running_loop()
    watch = LoopWatch(loop, limit_s, noticed.append, lambda _: None, **seams)
    watch.start()
    try:
        await asyncio.sleep(2 * limit_s)
        await work()
        await asyncio.sleep(limit_s)
    finally:
        watch.stop()
    return noticed


async def until_noticed(work, **seams):
    """Have something done again until a watch notices it: a busy machine may hide it."""
    async with asyncio.timeout(PATIENCE_S):
        while not await watched(work, **seams):
            pass


async def hold():
    """Sleep as nobody should."""
    time.sleep(HOLD_S)  # noqa: ASYNC251  that is what is watched for


async def test_of_a_loop_that_answers_no_stack_is_taken():
    """Stacks are taken of one that gives no sign of life, and of no other."""
    taken = []

    def stack(thread):
        taken.append(thread)
        return stack_of(thread)

    async def turn():
        for _ in range(10):
            await asyncio.sleep(0.01)

    await watched(turn, limit_s=0.5, stack=stack)
    assert [] == taken
    await until_noticed(hold, stack=stack)
    assert {threading.get_ident()} == set(taken)


async def test_time_in_which_others_had_the_processor_is_nobodys_hold():
    """A thread that waited for a processor all the time has held nothing in it."""
    assert [] == await watched(hold, queued_s=time.monotonic)
    await until_noticed(hold, queued_s=lambda: 0.0)


def test_waiting_for_a_processor_is_read_from_the_system(tmp_path):
    """The second number counts, in nanoseconds, and where there is none it is not known."""
    (tmp_path / "7").mkdir()
    file = tmp_path / "7" / "schedstat"
    queue = RunQueue(7, tmp_path)

    assert queue.waited_s() == 0.0
    file.write_text("27152854 1500000000 11\n", "ascii")
    assert queue.waited_s() == pytest.approx(1.5)
    file.write_text("?", "ascii")
    assert queue.waited_s() == 0.0


@pytest.mark.skipif(sys.platform != "linux", reason="no other system tells of it")
def test_waiting_of_this_thread_can_be_asked_for():
    """Of a thread that runs it is known, and never less than before."""
    queue = RunQueue(threading.get_native_id())
    before = queue.waited_s()

    assert 0 <= before <= queue.waited_s()


def test_what_was_seen_keeps_no_task():
    """A look at a loop names its task as the same one each time, and lets go of it."""

    async def main():
        loop = asyncio.get_running_loop()
        first, second = (at_work.seen(loop, threading.get_ident()) for _ in range(2))
        assert first.running is second.running
        assert asyncio.current_task() is first.running()
        return first

    assert asyncio.run(main()).running() is None


class FullPipe:
    """A pipe that takes nothing before its reader has come."""

    def __init__(self):
        self._reader, writer = os.pipe()
        os.set_blocking(writer, False)
        try:
            while os.write(writer, bytes(1024)):
                pass
        except BlockingIOError:
            os.set_blocking(writer, True)
        self.stream = os.fdopen(writer, "w")

    def read_later(self):
        """Let the reader come when the loop has been held by who writes."""
        threading.Timer(2 * HOLD_S, os.read, (self._reader, 65536)).start()

    def close(self):
        """Close both of its ends."""
        self.stream.close()
        os.close(self._reader)


def by_logging(stream):
    """What writes a line by the standard library's logging."""
    handler = logging.StreamHandler(stream)
    return lambda line: handler.handle(logging.makeLogRecord({"msg": line}))


class Telling:
    """Writes a log line, when nobody reads any."""

    def __init__(self, pipe, writer):
        self._pipe = pipe
        self._write = writer(pipe.stream)

    @hookimpl
    async def ion_gather_context(self):
        """Write it."""
        self._pipe.read_later()
        self._write("hello")


async def held(monitor):
    """The first hold that is told of."""
    async with asyncio.timeout(PATIENCE_S):
        while not (found := [e for e in monitor.events if isinstance(e, LoopHeld)]):  # noqa: ASYNC110  no event stands for it
            await asyncio.sleep(LIMIT_S)
    return found[0]


@pytest.mark.once
@pytest.mark.parametrize(
    "writer", [lambda stream: LineStream(stream).write, by_logging], ids=["ours", "logging"]
)
async def test_a_log_that_is_read_too_slowly_is_nobodys_fault(writer):
    """Who writes a line when the stream takes none is not named: the stream is."""
    pipe, monitor = FullPipe(), RecordingMonitor()
    bad = make_plugin("bad", Telling(pipe, writer), "extension")
    with capture_logs() as logs:
        async with running_ion(bad, make_plugin("watch", monitor, "monitor")) as ion:
            with watched_loop(ion, LIMIT_S):
                await asyncio.sleep(2 * LIMIT_S)
                await ion.respond("x")
                told = await held(monitor)
                known = ion.containments()["bad"]
    pipe.close()

    assert ("", "", LOG) == (told.plugin, told.hook, told.distribution)
    assert 0 == known.held
    (line,) = [line for line in logs if line["event"] == "the event loop was held"]
    assert (LOG, "") == (line["distribution"], line["plugin"])
    assert line["advice"].startswith("whatever reads the log lines is too slow")


class Dozing:
    """Holds the loop again and again in one call, which goes well in the end."""

    @hookimpl
    async def ion_gather_context(self):
        """Sleep as nobody should."""
        for _ in range(FAILURES + 1):
            await asyncio.sleep(LIMIT_S / 10)
            time.sleep(HOLD_S)  # noqa: ASYNC251  that is what is watched for


@pytest.mark.once
async def test_one_call_that_holds_again_and_again_counts_once():
    """However often the loop was held within a call, that is one call that failed."""
    async with running_ion(make_plugin("bad", Dozing(), "extension")) as ion:
        with capture_logs(), watched_loop(ion, LIMIT_S):
            await asyncio.sleep(2 * LIMIT_S)
            known = ion.containments()["bad"]
            await ion.respond("x")
            await asyncio.sleep(2 * LIMIT_S)

    assert 1 <= known.held
    assert Standing.IN is known.standing


def hold_then_fail(subject):
    """The call raises before the end of its hold is told."""
    subject.holds(HOOK, "held")
    subject.failed(subject.admit(), HOOK, "raised")
    subject.held(HOOK, "held")


def fail_then_hold(subject):
    """The end of its hold is told before the call raises."""
    ticket = subject.admit()
    subject.holds(HOOK, "held")
    subject.held(HOOK, "held")
    subject.failed(ticket, HOOK, "raised")


@pytest.mark.parametrize("call", [hold_then_fail, fail_then_hold])
def test_a_call_that_holds_and_raises_counts_once(call):
    """Five such calls put a plugin out, and four do not, whichever of the two is told first."""
    subject = Quarantine(VirtualClock(), lambda *_: None)
    for _ in range(FAILURES - 1):
        call(subject)
    assert Standing.IN is subject.standing

    call(subject)
    assert Standing.OUT is subject.standing


@pytest.mark.parametrize(("hook", "later_s"), [("ion_route", 0.0), (HOOK, WINDOW_S + 1.0)])
def test_a_hold_makes_up_for_no_other_failure(hook, later_s):
    """What fails in another hook, or long afterwards, counts."""
    clock = VirtualClock()
    subject = Quarantine(clock, lambda *_: None)
    subject.holds(HOOK, "held")
    subject.held(HOOK, "held")
    clock.advance(later_s)
    for _ in range(FAILURES - (later_s == 0)):
        assert Standing.IN is subject.standing
        subject.failed(subject.admit(), hook, "raised")

    assert Standing.OUT is subject.standing
