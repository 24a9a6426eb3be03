"""How a failure of an implementation is told: reason, cause, note."""

import asyncio

import pytest

from ion_framework.errors import HookError
from ion_framework.pipeline.calling import call
from ion_framework.pipeline.implementation import CallMode, Implementation
from ion_framework.testing import run_virtual
from tests.support.faults import Release, hang, raise_at_once, raise_it, return_wrong_type


def test_the_exception_carries_a_note_with_its_provenance():
    """The original exception is the cause and names hook, plugin, distribution and version."""
    item = Implementation("ion_route", "sage", "ion-sage", "1.2", lambda: 1 / 0, ())

    for _ in range(2):
        with pytest.raises(HookError) as caught:
            asyncio.run(call(item, {}, 1.0))
        assert ("ion_route", "sage") == (caught.value.hook, caught.value.plugin)
        assert isinstance(caught.value.__cause__, ZeroDivisionError)
        expected = ["in hook ion_route of plugin sage (ion-sage 1.2)"]
        assert expected == caught.value.__cause__.__notes__


def test_an_exception_raised_again_and_again_gathers_no_notes():
    """One exception object that is raised at every call is annotated once."""
    error = ValueError("the same object")
    item = Implementation("ion_route", "sage", "ion-sage", "1", lambda: raise_at_once(error), ())

    for _ in range(3):
        with pytest.raises(HookError):
            asyncio.run(call(item, {}, 1.0))

    assert 1 == len(error.__notes__)


def test_a_system_exit_carries_the_note_as_well():
    """What is no Exception is annotated like everything else."""
    error = SystemExit(3)
    item = Implementation("ion_route", "sage", "ion-sage", "1", lambda: raise_at_once(error), ())

    with pytest.raises(HookError):
        asyncio.run(call(item, {}, 1.0))

    assert ["in hook ion_route of plugin sage (ion-sage 1)"] == error.__notes__


@pytest.mark.parametrize("mode", [CallMode.DIRECT, CallMode.SUPERVISED])
@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (hang, "took longer than 2 s"),
        (lambda _: raise_it(TimeoutError("upstream")), "raised TimeoutError: upstream"),
        (lambda _: raise_it(SystemExit(1)), "SystemExit"),
        (return_wrong_type, "returned object instead of str"),
    ],
)
def test_the_reason_is_the_same_for_first_and_third_party(mode, fault, reason):
    """Awaited directly or supervised, a failure is told in the same words."""

    async def main():
        release = Release()
        item = Implementation("ion_route", "p", "d", "1", lambda: fault(release), (), (str,), mode)
        with pytest.raises(HookError) as caught:
            await call(item, {}, 2.0)
        return caught.value.reason

    assert reason in run_virtual(main())


def test_a_cancellation_from_outside_is_not_taken_for_the_plugins_own():
    """A turn that is cancelled while a plugin cancels it too ends as cancelled."""

    async def main():
        item = Implementation(
            "ion_route", "p", "d", "1", lambda: asyncio.current_task().cancel(), ()
        )
        turn = asyncio.ensure_future(call(item, {}, 2.0))
        asyncio.get_running_loop().call_soon(turn.cancel)
        with pytest.raises(asyncio.CancelledError):
            await turn

    run_virtual(main())
