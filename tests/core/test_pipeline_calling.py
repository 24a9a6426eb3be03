"""How implementations are called: in threads, on the loop, and what is measured."""

import asyncio
import re
import threading
import time

import attrs
import pytest
from structlog.testing import capture_logs

from ion_framework.pipeline.markers import hookimpl
from ion_framework.pipeline.threads import THREADS
from ion_framework.settings.model import Settings, TurnSettings
from ion_framework.testing import (
    make_plugin,
    run_virtual,
    running_ion,
)

QUESTION = "How do I read a query plan?"


def hook(name, function):
    """An object with one implementation."""
    function.__name__ = name
    return type("Single", (), {name: hookimpl(function)})()


def respond(*plugins, request=QUESTION, **options):
    """The reply to one turn."""

    async def main():
        clock = asyncio.get_running_loop()
        async with running_ion(*plugins, clock=clock, **options) as ion:
            return await ion.respond(request)

    return run_virtual(main())


def outcomes(reply, wanted):
    """What each plugin did in a hook."""
    return [
        (item.plugin, item.outcome.value) for item in reply.receipt.plugins if item.hook == wanted
    ]


def test_a_blocking_plugin_runs_beside_the_loop_in_bounded_threads():
    """Sync hooks of a blocking plugin run in at most eight threads; what waits is not refused."""
    lock, running, most, names = threading.Lock(), [0], [0], set()

    def slow_guard(self):
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        names.add(threading.current_thread().name)
        time.sleep(0.01)
        with lock:
            running[0] -= 1

    async def main():
        plugin = make_plugin("slow", hook("ion_guard", slow_guard), "guard", blocking=True)
        ticks = 0
        async with running_ion(plugin) as ion:
            turns = asyncio.gather(*(ion.respond(f"q{number}") for number in range(40)))
            while not turns.done():
                await asyncio.sleep(0.001)
                ticks += 1
            return len(await turns), ticks

    answered, ticks = asyncio.run(main())

    assert (40, {"ion-blocking"}) == (answered, names)
    assert 1 < most[0] <= THREADS
    assert ticks > 5


def test_blocked_threads_of_one_plugin_starve_no_other():
    """A blocking plugin whose calls never return uses up its own threads, and its turns fail."""
    release = threading.Event()

    async def main():
        settings = Settings(turn=TurnSettings(context_s=0.1))
        stuck = make_plugin(
            "stuck",
            hook("ion_gather_context", lambda self: release.wait(10) and None),
            "extension",
            blocking=True,
        )
        fine = make_plugin("fine", hook("ion_guard", lambda self: None), "guard", blocking=True)
        async with running_ion(stuck, fine, settings=settings) as ion:
            replies = await asyncio.gather(*(ion.respond(str(n)) for n in range(2 * THREADS)))
            return replies[:THREADS], replies[THREADS:]

    first, second = asyncio.run(main())
    release.set()

    assert {"took longer than 0.1 s"} == {_detail(reply, "stuck") for reply in first}
    # The stages before it may have taken some microseconds of a turn's time.
    busy = re.compile(r"no thread was free for 0\.(1|09\d*) s: all 8 are busy")
    assert all(busy.fullmatch(_detail(reply, "stuck")) for reply in second)
    assert {(("fine", "allowed"),)} == {tuple(outcomes(r, "ion_guard")) for r in [*first, *second]}


def _detail(reply, plugin):
    return next(item.detail for item in reply.receipt.plugins if item.plugin == plugin)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ValueError("boom"), "raised ValueError: boom"),
        (SystemExit(1), "raised SystemExit"),
        (KeyboardInterrupt(), "raised KeyboardInterrupt"),
        (asyncio.CancelledError(), "raised CancelledError"),
    ],
)
def test_whatever_a_thread_raises_is_contained(error, reason):
    """What a blocking hook raises fails that hook and nothing else."""

    def raising(self):
        raise error

    async def main():
        plugin = make_plugin(
            "broken", hook("ion_gather_context", raising), "extension", blocking=True
        )
        async with running_ion(plugin) as ion:
            return await ion.respond(QUESTION)

    assert reason == _detail(asyncio.run(main()), "broken")


def test_a_blocking_plugins_async_hooks_are_awaited():
    """Blocking concerns sync hooks alone: a coroutine hook of the same plugin is awaited."""
    started = []

    class Both:
        @hookimpl
        async def ion_startup(self):
            started.append(threading.current_thread() is threading.main_thread())

        @hookimpl
        async def ion_gather_context(self, turn):
            await asyncio.sleep(0)
            return attrs.evolve(turn.context, notes=("seen",))

    reply = respond(make_plugin("both", Both(), "extension", blocking=True))

    assert [True] == started
    assert [("both", "changed")] == outcomes(reply, "ion_gather_context")


def test_a_sync_hook_that_holds_the_loop_is_named_in_the_log():
    """A plain hook that takes longer than a tenth of a second is logged with what to do."""

    def slow(self):
        time.sleep(0.12)

    with capture_logs() as logs:
        respond(make_plugin("slow", hook("ion_gather_context", slow), "extension"))

    warned = [entry for entry in logs if entry["event"] == "a plugin held the event loop"]
    assert [("slow", "ion_gather_context")] == [(w["plugin"], w["hook"]) for w in warned]
    assert "blocking = true" in warned[0]["advice"]
