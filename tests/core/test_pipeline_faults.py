"""Every hook of the turn against everything that a third party's implementation may do wrong."""

import asyncio
from collections.abc import Awaitable, Callable

import attrs
import pytest

from ion_framework.errors import HookError, TurnRefusedError
from ion_framework.pipeline import supervision
from ion_framework.pipeline.chunks import Finish, TextChunk
from ion_framework.pipeline.incoming import IncomingRequest
from ion_framework.pipeline.markers import Family, hookimpl
from ion_framework.pipeline.receipt import Outcome
from ion_framework.plugin_host.discovery import inline
from ion_framework.plugin_host.inspection import RULES
from ion_framework.plugin_host.record import Status
from ion_framework.settings.model import Settings, TurnSettings
from ion_framework.slo.notifying import NOTIFY_S, notify
from ion_framework.testing import make_ion, make_manifest, make_notice, run_virtual
from ion_framework.testing.builders import standard_parts
from tests.support.faults import (
    Release,
    UnrulyError,
    cancel_own_task,
    cancel_own_task_and_return,
    exhaust_stack,
    hang,
    hang_stubbornly,
    raise_at_once,
    raise_it,
    recurse,
    return_wrong_type,
)

TURN_HOOKS = tuple(
    hook for hook, rules in RULES.items() if rules.family is not Family.PROVIDE and rules.kinds
)
DEADLINE_S = 60.0
NOTIFY = "ion_notify"
NOTICE = make_notice()

ASYNC_FAULTS = {
    "exception": (lambda _: raise_it(ValueError("boom")), "raised ValueError: boom"),
    "system exit": (lambda _: raise_it(SystemExit(3)), "raised SystemExit"),
    "keyboard interrupt": (lambda _: raise_it(KeyboardInterrupt()), "raised KeyboardInterrupt"),
    "cancelled": (lambda _: raise_it(asyncio.CancelledError()), "raised CancelledError"),
    "generator exit": (lambda _: raise_it(GeneratorExit()), "raised GeneratorExit"),
    "stop iteration": (lambda _: raise_it(StopAsyncIteration()), "raised StopAsyncIteration"),
    "base exception": (lambda _: raise_it(UnrulyError()), "raised UnrulyError"),
    "timeout of its own": (lambda _: raise_it(TimeoutError("upstream")), "TimeoutError: upstream"),
    "self-cancel": (cancel_own_task, "raised CancelledError"),
    "self-cancel and return": (cancel_own_task_and_return, "cancelled itself"),
    "recursion": (recurse, "raised RecursionError"),
    "wrong type": (return_wrong_type, "returned object instead of"),
    "hang": (hang, "took longer than"),
    "hang that swallows its cancellation": (hang_stubbornly, "took longer than"),
}
SYNC_FAULTS = {
    "sync exception": (lambda: raise_at_once(ValueError("boom")), "raised ValueError: boom"),
    "sync system exit": (lambda: raise_at_once(SystemExit(3)), "raised SystemExit"),
    "sync cancelled": (lambda: raise_at_once(asyncio.CancelledError()), "raised CancelledError"),
    "sync generator exit": (lambda: raise_at_once(GeneratorExit()), "raised GeneratorExit"),
    "sync base exception": (lambda: raise_at_once(UnrulyError()), "raised UnrulyError"),
    "sync self-cancel": (lambda: asyncio.current_task().cancel(), "cancelled the task"),
    "sync recursion": (exhaust_stack, "raised RecursionError"),
    "sync wrong type": (object, "returned object instead of"),
}


@attrs.define
class Culprit:
    """A plugin whose one hook misbehaves while it is armed, and has nothing to say otherwise."""

    hook: str
    candidate: object
    switch: dict
    release: Release


def build_culprit(hook, implementation_of):
    """A culprit with the implementation that a function makes."""
    switch, release = {"armed": True}, Release()
    function = implementation_of(switch, release)
    function.__name__ = hook
    target = type("Culprit", (), {hook: hookimpl(function)})()
    manifest = make_manifest("culprit", RULES[hook].kinds[0])
    return Culprit(hook, inline(manifest, lambda _: target), switch, release)


def async_culprit(hook, fault: Callable[[Release], Awaitable[object]]):
    """A culprit whose coroutine goes wrong."""

    def implementation_of(switch, release):
        async def implementation(self):
            return await fault(release) if switch["armed"] else None

        return implementation

    return build_culprit(hook, implementation_of)


def sync_culprit(hook, fault: Callable[[], object]):
    """A culprit whose plain function goes wrong."""

    def implementation_of(switch, _):
        def implementation(self):
            return fault() if switch["armed"] else None

        return implementation

    return build_culprit(hook, implementation_of)


def generate_culprit(fault, before=()):
    """A generator whose stream goes wrong after some pieces."""

    def implementation_of(switch, release):
        async def implementation(self):
            if not switch["armed"]:
                yield TextChunk("well again")
                yield Finish()
                return
            for piece in before:
                yield TextChunk(piece)
            yield await fault(release)

        return implementation

    return build_culprit("ion_generate", implementation_of)


def transform_culprit(fault):
    """A transformation that goes wrong at the second chunk, after passing on the first."""

    def implementation_of(switch, release):
        async def implementation(self, chunks):
            count = 0
            async for chunk in chunks:
                count += 1
                if switch["armed"] and count == 2:
                    yield await fault(release)
                yield chunk

        return implementation

    return build_culprit("ion_transform_stream", implementation_of)


def ion_with(culprit):
    """An Ion with the culprit first, and good plugins behind it."""
    return make_ion(
        culprit.candidate,
        *standard_parts(),
        settings=Settings(
            turn=TurnSettings(deadline_s=DEADLINE_S), order={culprit.hook: ("culprit",)}
        ),
        clock=asyncio.get_running_loop(),
    )


@attrs.define
class Course:
    """What came of a turn with a culprit, and of the next one without its fault."""

    first: object
    took_s: float
    second: object
    stats: dict
    status: Status
    left: int
    told: tuple[HookError, ...]
    told_s: float


async def asked(ion, text):
    """A turn as a host has it: its request is guarded, too."""
    request = IncomingRequest(method="POST", path="/chat")
    await ion.hooks.guard_request(request, asyncio.get_running_loop())
    return await ion.respond(text)


async def failures_of_notifiers(ion):
    """What comes of a notice, as a host gives it beside its turns."""
    found = []
    await notify(ion.hooks.of(NOTIFY), NOTICE, found.append)
    return tuple(found)


def run_course(culprit_of):
    """A notice and a turn with the culprit armed, and the next turn with its fault gone."""

    async def main():
        culprit = culprit_of()
        loop = asyncio.get_running_loop()
        try:
            async with ion_with(culprit) as ion:
                notified = loop.time()
                told = await failures_of_notifiers(ion)
                began = loop.time()
                try:
                    first = await asked(ion, "hello")
                except TurnRefusedError as error:
                    first = error
                took_s = loop.time() - began
                await asyncio.sleep(30)
                stats = ion.observer_stats()
                culprit.switch["armed"] = False
                second = await asked(ion, "hello again")
                assert not await failures_of_notifiers(ion)
                status = ion.host.record("culprit").status
        finally:
            culprit.release.event.set()
        await asyncio.sleep(1)
        left = len(asyncio.all_tasks()) - 1 + supervision.abandoned()
        return Course(first, took_s, second, stats, status, left, told, began - notified)

    return run_virtual(main())


def failures(reply):
    """Who failed, with hook and provenance."""
    return [
        (item.hook, item.plugin, item.distribution, item.version)
        for item in reply.receipt.plugins
        if item.outcome is Outcome.FAILED
    ]


def details(reply):
    """What went wrong, in the receipt's words."""
    return "; ".join(
        item.detail for item in reply.receipt.plugins if item.outcome is Outcome.FAILED
    )


def check_course(hook, course, reason, content="You said: hello"):
    """The family's promise, the next turn's health, and that nothing stays behind."""
    assert course.took_s <= DEADLINE_S
    family = RULES[hook].family
    if hook == NOTIFY:
        assert ["culprit"] == [error.plugin for error in course.told]
        assert reason in course.told[0].reason
        # What swallows its cancellation is given up a little later.
        assert course.told_s <= 2 * NOTIFY_S
        assert [] == failures(course.first)
    elif family is Family.GUARD:
        assert isinstance(course.first, TurnRefusedError)
        assert ("culprit", "guard_failed") == (course.first.guard, course.first.code)
        assert reason in str(course.first.__cause__)
    elif family is Family.OBSERVE:
        assert [] == failures(course.first)
        assert 1 == course.stats["culprit"].failed
    else:
        assert [(hook, "culprit", "(inline culprit)", "0")] == failures(course.first)
        assert reason in details(course.first)
        assert content == course.first.content
    assert [] == failures(course.second)
    assert "" == course.second.degraded
    assert Status.ACTIVE is course.status
    assert 0 == course.left


def matrix(faults):
    """Every hook with every fault."""
    return [
        pytest.param(hook, *fault, id=f"{hook}-{name}")
        for hook in TURN_HOOKS
        for name, fault in faults.items()
        # An observer and a notifier may return anything: nobody looks at it.
        if not ("wrong type" in name and hook in ("ion_observe", NOTIFY))
    ]


@pytest.mark.parametrize(("hook", "fault", "reason"), matrix(ASYNC_FAULTS))
def test_a_fault_of_an_async_hook_stays_within_its_family_policy(hook, fault, reason):
    """Whatever an async implementation does, the turn ends in time as its family says."""
    check_course(hook, run_course(lambda: async_culprit(hook, fault)), reason)


@pytest.mark.parametrize(("hook", "fault", "reason"), matrix(SYNC_FAULTS))
def test_a_fault_of_a_sync_hook_stays_within_its_family_policy(hook, fault, reason):
    """Whatever a plain implementation raises or returns, the turn ends as its family says."""
    check_course(hook, run_course(lambda: sync_culprit(hook, fault)), reason)


STREAM_FAULTS = {
    name: (fault, reason.replace("returned", "yielded").replace("took longer than", "gave nothing"))
    for name, (fault, reason) in ASYNC_FAULTS.items()
    # Python makes a RuntimeError of the first within an async generator; a stream yields where
    # the second returns.
    if name not in ("stop iteration", "self-cancel and return")
}


def stream_table():
    """Every fault of a stream."""
    return [pytest.param(*fault, id=name) for name, fault in STREAM_FAULTS.items()]


@pytest.mark.parametrize(("fault", "reason"), stream_table())
def test_a_stream_that_fails_before_its_first_text_falls_through(fault, reason):
    """A generator that fails before its first piece of text is followed by the next one."""
    course = run_course(lambda: generate_culprit(fault))

    check_course("ion_generate", course, reason)
    assert "culprit" in course.first.degraded
    assert "test-generator" == course.first.generator
    assert [False, True] == [attempt.succeeded for attempt in course.first.receipt.attempts]


@pytest.mark.parametrize(("fault", "reason"), stream_table())
def test_a_stream_that_fails_after_its_first_text_is_truncated(fault, reason):
    """A generator that fails in the middle keeps what it said, and the answer is truncated."""
    course = run_course(lambda: generate_culprit(fault, before=("so ", "far")))

    check_course("ion_generate", course, reason, content="so far")
    assert "truncated" == course.first.finish_reason
    assert "culprit" == course.first.generator


@pytest.mark.parametrize(("fault", "reason"), stream_table())
def test_a_transformation_that_fails_in_the_middle_loses_no_text(fault, reason):
    """A transformation that fails in the middle is skipped, and every word still arrives."""
    course = run_course(lambda: transform_culprit(fault))

    check_course("ion_transform_stream", course, reason)
    assert "stop" == course.first.finish_reason
    assert "" == course.first.degraded


@pytest.mark.parametrize("hook", TURN_HOOKS)
def test_an_exception_with_hostile_text_is_still_told(hook):
    """An exception whose str() raises, or that holds a lone surrogate, ends no turn."""

    class MuteError(Exception):
        def __str__(self):
            raise RuntimeError("no words")

    mute = run_course(lambda: async_culprit(hook, lambda _: raise_it(MuteError())))
    odd = run_course(lambda: async_culprit(hook, lambda _: raise_it(ValueError("\ud800" * 9999))))

    check_course(hook, mute, "raised MuteError: (its text cannot be read")
    check_course(hook, odd, "raised ValueError: \\ud800\\ud800")
    if RULES[hook].family in (Family.DECIDE, Family.TRANSFORM):
        assert len(details(odd.first)) < 1000
