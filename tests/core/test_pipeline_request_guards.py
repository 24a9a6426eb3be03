"""Guards of requests: a plain one of a trusted plugin is called directly, and contained as any."""

import asyncio

import attrs
import pytest

from ion_framework.errors import TurnRefusedError
from ion_framework.pipeline.families import GUARD_FAILED
from ion_framework.pipeline.incoming import IncomingRequest
from ion_framework.pipeline.markers import hookimpl
from ion_framework.pipeline.verdict import Refusal
from ion_framework.settings.model import Settings, TurnSettings
from ion_framework.testing import make_plugin, run_virtual, running_ion
from tests.support.faults import UnrulyError, exhaust_stack, raise_at_once

REQUEST = IncomingRequest(method="POST", path="/chat")
NO = Refusal("no", "Not like this.")
LIMIT_S = 2.0


async def said(verdict):
    """A verdict that comes later."""
    await asyncio.sleep(0.1)
    return verdict


async def hang():
    """Never comes to an end."""
    await asyncio.sleep(60)


PLAIN = {
    "allows": lambda: None,
    "refuses": lambda: NO,
    "allows later": lambda: said(None),
    "refuses later": lambda: said(NO),
    "returns nonsense": lambda: 7,
    "returns nonsense later": lambda: said(7),
    "hangs": hang,
    "raises": lambda: raise_at_once(ValueError("boom")),
    "ends the process": lambda: raise_at_once(SystemExit(3)),
    "pretends to be cancelled": lambda: raise_at_once(asyncio.CancelledError()),
    "is unruly": lambda: raise_at_once(UnrulyError()),
    "exhausts the stack": exhaust_stack,
    "cancels its caller": lambda: asyncio.current_task().cancel(),
}


class Says:
    """A guard that does what a function does."""

    def __init__(self, function):
        self.function = function
        self.calls = 0

    @hookimpl
    def ion_guard_request(self, request):
        """Whatever the function does."""
        assert request is REQUEST
        self.calls += 1
        return self.function()


class SaysAtLeisure:
    """The same as a coroutine."""

    def __init__(self, function):
        self.function = function

    @hookimpl
    async def ion_guard_request(self):
        """Whatever the function does; it takes no argument."""
        return await self.function()


def guard(name, target, *, trusted):
    """A plugin, of our own or of somebody else."""
    plugin = make_plugin(name, target, "guard")
    return attrs.evolve(plugin, distribution="ion-guard") if trusted else plugin


def outcome(*guards):
    """What came of a request, what was counted against the guards, and the seconds it took."""

    async def main():
        loop = asyncio.get_running_loop()
        options = {"settings": Settings(turn=TurnSettings(guard_s=LIMIT_S)), "clock": loop}
        async with running_ion(*guards, **options) as ion:
            began, told = loop.time(), None
            try:
                await ion.hooks.guard_request(REQUEST, loop)
            except TurnRefusedError as error:
                told = (error.guard, error.code, str(error), getattr(error.__cause__, "reason", ""))
            await asyncio.sleep(0)
            items = ion.hooks.of("ion_guard_request")
            return told, [item.containment.failures for item in items], loop.time() - began

    return run_virtual(main())


@pytest.mark.parametrize("name", PLAIN)
def test_a_trusted_plain_guard_is_heard_as_any_other(name):
    """Verdict, failure, what is counted and the time that it may take do not depend on trust."""
    first, third = Says(PLAIN[name]), Says(PLAIN[name])
    found = outcome(guard("one", first, trusted=True))

    assert found == outcome(guard("one", third, trusted=False))
    assert first.calls == third.calls == 1


def test_a_failure_of_a_plain_guard_refuses():
    """It is told as a guard's failure, with the reason, and counted once."""
    told, failures, _ = outcome(guard("one", Says(PLAIN["raises"]), trusted=True))

    assert told is not None
    assert told[:2] == ("one", GUARD_FAILED)
    assert told[3] == "raised ValueError: boom"
    assert failures == [1]


def test_all_must_agree():
    """The guard after one that allows is asked, and the one after one that refuses is not."""
    guards = [Says(PLAIN["allows"]), Says(PLAIN["refuses"]), Says(PLAIN["allows"])]
    told, _, _ = outcome(
        *(guard(f"g{number}", each, trusted=True) for number, each in enumerate(guards))
    )

    assert told == ("g1", "no", "Not like this.", "")
    assert [each.calls for each in guards] == [1, 1, 0]


@pytest.mark.parametrize("others", [0, 1])
def test_guards_share_their_time(others):
    """One that hangs has an equal part of what is left for those that are still to be asked."""
    after = [guard(f"z{number}", Says(PLAIN["allows"]), trusted=True) for number in range(others)]
    slow = guard("a", SaysAtLeisure(hang), trusted=True)
    told, _, took_s = outcome(guard("0", Says(PLAIN["allows"]), trusted=True), slow, *after)

    assert told is not None
    assert told[:2] == ("a", GUARD_FAILED)
    assert took_s == pytest.approx(LIMIT_S / (1 + others))
