"""Blocking plugins' threads: whose they are, what is seen in them, and what a closed loop costs."""

import asyncio
import threading
from contextvars import ContextVar

from ion_framework.pipeline.markers import hookimpl
from ion_framework.pipeline.supervision import Overrun
from ion_framework.pipeline.threads import THREADS, Threads, in_thread
from ion_framework.settings.model import Settings, TurnSettings
from ion_framework.testing import make_plugin, running_ion

REQUEST = ContextVar("REQUEST", default="none")
WAIT_S = 5.0


class Waiting:
    """A blocking extension that waits for an event."""

    def __init__(self, release):
        self._release = release

    @hookimpl
    def ion_gather_context(self):
        """Wait."""
        self._release.wait(WAIT_S)


def test_a_blocking_function_sees_its_callers_context():
    """A context variable that the caller has set has its value in the thread."""

    async def main():
        REQUEST.set("r1")
        return await in_thread(Threads(), REQUEST.get, (), WAIT_S)

    assert "r1" == asyncio.run(main())


def test_what_a_blocking_function_sets_stays_in_its_thread():
    """A context variable that a plugin sets is none of the caller's."""

    async def main():
        await in_thread(Threads(), REQUEST.set, ("theirs",), WAIT_S)
        return REQUEST.get()

    assert "none" == asyncio.run(main())


def test_a_function_that_outlives_its_loop_gives_its_thread_back():
    """A call whose event loop is closed when it ends leaves the thread to the next call."""
    threads, release, done = Threads(), threading.Event(), threading.Barrier(THREADS + 1)

    def outlive():
        release.wait(WAIT_S)
        done.wait(WAIT_S)

    async def leave():
        calls = (in_thread(threads, outlive, (), 0.01) for _ in range(THREADS))
        return await asyncio.gather(*calls, return_exceptions=True)

    assert [Overrun] * THREADS == [type(error) for error in asyncio.run(leave())]
    release.set()
    done.wait(WAIT_S)

    assert "next" == asyncio.run(in_thread(threads, lambda: "next", (), WAIT_S))


def test_blocked_threads_of_one_ion_starve_no_other():
    """A plugin that uses up its threads in one Ion still runs in another of the same process."""
    stuck, free = threading.Event(), threading.Event()
    free.set()

    def plugin(release):
        return make_plugin("waiting", Waiting(release), "extension", blocking=True)

    async def main():
        settings = Settings(turn=TurnSettings(context_s=0.05))
        async with (
            running_ion(plugin(stuck), settings=settings) as one,
            running_ion(plugin(free)) as other,
        ):
            await asyncio.gather(*(one.respond(f"q{n}") for n in range(THREADS)))
            reply = await other.respond("hello")
        return [item for item in reply.receipt.plugins if item.hook == "ion_gather_context"]

    try:
        (part,) = asyncio.run(main())
    finally:
        stuck.set()

    assert ("passed", "") == (part.outcome.value, part.detail)
