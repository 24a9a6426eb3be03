"""Whoever fails is named in the log: one line for each failure by a plugin's own fault."""

import asyncio

import pytest
from structlog.testing import capture_logs

from ion_framework.errors import NoAnswerError, TurnRefusedError
from ion_framework.pipeline.markers import hookimpl
from ion_framework.pipeline.turn import TurnRequest
from ion_framework.testing import FakeGenerator, make_plugin, run_virtual, running_ion

KINDS = {
    "ion_guard": "guard",
    "ion_gather_context": "extension",
    "ion_render_prompt": "extension",
    "ion_transform_stream": "extension",
    "ion_generate": "generator",
    "ion_finish": "extension",
    "ion_observe": "monitor",
}


class Living:
    """Fails in every turn, and notes its end."""

    def __init__(self):
        self.ended = False

    @hookimpl
    async def ion_finish(self, reply):
        """Fail."""
        raise ValueError("no")

    @hookimpl
    async def ion_shutdown(self):
        """Note the end."""
        self.ended = True


def raising(hook):
    """An object that raises in a hook."""

    async def fail(self):
        raise ValueError("no")

    fail.__name__ = hook
    return type("Raising", (), {hook: hookimpl(fail)})()


def lines(main, *plugins):
    """The lines that name a culprit while something is done with an `Ion` on virtual time."""

    async def run():
        async with running_ion(*plugins, clock=asyncio.get_running_loop()) as ion:
            await main(ion)
            await asyncio.sleep(1)

    with capture_logs() as logs:
        run_virtual(run())
    return [line for line in logs if line["event"] == "a plugin failed"]


@pytest.mark.parametrize("hook", KINDS)
def test_a_failure_is_one_line_with_plugin_and_hook(hook):
    """Whatever the hook, the log says which plugin failed in which one, how and where."""

    async def main(ion):
        refused = pytest.raises((TurnRefusedError, NoAnswerError))
        if hook in ("ion_guard", "ion_generate"):
            with refused:
                await ion.respond("hello")
        else:
            await ion.respond("hello")

    found = lines(main, make_plugin("bad", raising(hook), KINDS[hook]))

    assert {("bad", hook, "raised ValueError")} == {
        (line["plugin"], line["hook"], line["reason"]) for line in found
    }
    assert all(line["distribution"] for line in found)
    assert all(__file__ in line["at"] for line in found)
    assert 1 == len(found) or hook == "ion_observe"


def test_quarantine_bounds_the_lines():
    """After five lines a plugin is in quarantine, and there is none of calls that are not made."""

    async def main(ion):
        for number in range(20):
            await ion.respond(f"q{number}")

    assert 5 == len(lines(main, make_plugin("bad", Living(), "extension")))


def test_what_is_no_fault_of_a_plugin_is_no_line():
    """A generator that a caller gives too little time is not named as a culprit."""

    class Slow(FakeGenerator):
        @hookimpl
        async def ion_generate(self, prompt):
            await asyncio.sleep(10)
            yield

    async def main(ion):
        with pytest.raises(NoAnswerError):
            await ion.respond(TurnRequest(text="hello", deadline_s=0.5))

    assert [] == lines(main, make_plugin("slow", Slow(), "generator"))


def test_who_is_in_quarantine_is_stopped_at_the_end():
    """A plugin that is left out of turns has its ion_shutdown called as any other."""
    living = Living()

    async def main(ion):
        for number in range(5):
            await ion.respond(f"q{number}")
        assert "quarantined" == ion.host.record("bad").status.value

    lines(main, make_plugin("bad", living, "extension"))

    assert living.ended
