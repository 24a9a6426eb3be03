"""Quarantine: who keeps failing is left out, tried again, and at last left out for good."""

import asyncio

import pytest
from structlog.testing import capture_logs

from ion_framework.domain.language import Language
from ion_framework.domain.prompt import Prompt
from ion_framework.errors import (
    FailureCause,
    GenerationError,
    NoAnswerError,
    PluginChangeError,
    TurnRefusedError,
)
from ion_framework.pipeline.events import PluginStatusChanged
from ion_framework.pipeline.markers import hookimpl
from ion_framework.pipeline.quarantine import LeftOutError, Quarantine, Standing
from ion_framework.pipeline.turn import TurnRequest
from ion_framework.plugin_host.discovery import inline
from ion_framework.plugin_host.record import Status
from ion_framework.settings.model import Settings, TurnSettings
from ion_framework.testing import (
    FakeGenerator,
    RecordingMonitor,
    VirtualClock,
    make_manifest,
    make_persona,
    make_plugin,
    make_resonance,
    run_virtual,
    running_ion,
)

PROMPT = Prompt("own", "1", "system", (), "user", Language.ENGLISH)


def quarantine():
    """A quarantine on a clock that stands still, with what it tells."""
    clock, told = VirtualClock(), []
    return Quarantine(clock, lambda standing, reason: told.append((standing, reason))), clock, told


def fail(subject, times=1):
    """Let calls through that fail."""
    for _ in range(times):
        subject.failed(subject.admit(), "ion_route", "raised ValueError")


def hook(name, function):
    """An object with one implementation."""
    function.__name__ = name
    return type("Single", (), {name: hookimpl(function)})()


class Faulty:
    """Raises as long as it is broken, and counts how often it is called."""

    def __init__(self):
        self.broken = True
        self.calls = 0

    def __call__(self, value=None):
        """The value, or an error."""
        self.calls += 1
        if self.broken:
            raise ValueError("no")
        return value


def test_the_course_of_a_quarantine():
    """After five failures it is out for 60 s, then one probe decides whether it is in again."""
    subject, clock, told = quarantine()
    fail(subject, 4)
    assert Standing.IN is subject.standing
    fail(subject)
    assert Standing.OUT is subject.standing
    with pytest.raises(LeftOutError, match="in quarantine for another 60 s"):
        subject.admit()
    clock.advance(60)
    probe = subject.admit()
    assert (1, Standing.PROBING) == (probe, subject.standing)
    with pytest.raises(LeftOutError, match="another call tries"):
        subject.admit()
    subject.succeeded(0)
    assert Standing.PROBING is subject.standing
    subject.succeeded(probe)
    assert Standing.IN is subject.standing
    assert [Standing.OUT, Standing.IN] == [standing for standing, _ in told]
    fail(subject, 4)
    assert Standing.IN is subject.standing


def test_failures_further_apart_than_a_minute_are_no_reason():
    """Five failures count only within 60 seconds."""
    subject, clock, told = quarantine()
    for _ in range(20):
        fail(subject)
        clock.advance(15.1)
    assert [] == told


def test_three_times_out_within_an_hour_is_out_for_good():
    """The third time out deactivates, and only a hand lets in again, with a clean slate."""
    subject, clock, told = quarantine()
    fail(subject, 5)
    for _ in range(2):
        clock.advance(60)
        fail(subject)
    assert Standing.DEACTIVATED is subject.standing
    assert "deactivated until a restart or `ion plugins enable`" in told[-1][1]
    clock.advance(100_000)
    with pytest.raises(LeftOutError, match="deactivated"):
        subject.admit()
    subject.let_in("by hand")
    fail(subject, 5)
    assert Standing.OUT is subject.standing


def test_times_out_that_are_further_apart_than_an_hour_do_not_deactivate():
    """Who is put out once an hour is let in again every time."""
    subject, clock, _ = quarantine()
    for _ in range(5):
        fail(subject, 5)
        assert Standing.OUT is subject.standing
        clock.advance(1801)
        subject.succeeded(subject.admit())


def test_a_probe_that_shows_nothing_leaves_it_to_the_next():
    """Whose caller leaves proves nothing, and of a probe that is never heard of another is made."""
    subject, clock, _ = quarantine()
    fail(subject, 5)
    clock.advance(60)
    subject.withdrawn(subject.admit())
    assert 2 == subject.admit()
    clock.advance(120)
    assert 3 == subject.admit()
    subject.succeeded(2)
    assert Standing.PROBING is subject.standing


def contained(main, *plugins, **options):
    """Run something with an `Ion` on virtual time; gives its result, the log and the events."""
    monitor = RecordingMonitor()

    async def run():
        clock = asyncio.get_running_loop()
        extra = make_plugin("watch", monitor, "monitor")
        async with running_ion(*plugins, extra, clock=clock, **options) as ion:
            result = await main(ion)
            await asyncio.sleep(0.1)
            return result

    with capture_logs() as logs:
        result = run_virtual(run())
    changes = [one for one in monitor.events if isinstance(one, PluginStatusChanged)]
    lines = [line for line in logs if line["event"] == "a plugin's status changed"]
    return result, lines, changes


@pytest.mark.parametrize(
    ("name", "kind", "value"),
    [
        ("ion_gather_context", "extension", None),
        ("ion_render_prompt", "extension", None),
        ("ion_finish", "extension", None),
        ("ion_analyze", "analyzer", make_resonance()),
        ("ion_transform_stream", "extension", None),
    ],
)
def test_every_family_is_left_out_and_let_in(name, kind, value):
    """After five failures it is skipped and not called, a minute later a probe lets it in."""
    faulty = Faulty()
    plugins = [make_plugin("bad", hook(name, lambda self: faulty(value)), kind)]
    if kind == "analyzer":
        good = hook("ion_analyze", lambda self: make_resonance())
        plugins.append(make_plugin("spare", good, "analyzer", fallback=True))

    def outcome(reply):
        found = [i for i in reply.receipt.plugins if i.plugin == "bad" and i.hook == name]
        return found[0].outcome.value

    async def main(ion):
        seen = [outcome(await ion.respond(f"q{n}")) for n in range(6)]
        status = ion.host.record("bad").status
        calls = faulty.calls
        faulty.broken = False
        await asyncio.sleep(60)
        seen.append(outcome(await ion.respond("again")))
        return seen, status, calls, ion.host.record("bad").status

    (seen, status, calls, after), lines, changes = contained(main, *plugins)

    assert ["failed"] * 5 + ["skipped"] == seen[:6]
    assert seen[6] in ("passed", "answered")
    assert (Status.QUARANTINED, 5, Status.ACTIVE) == (status, calls, after)
    for told in ([one.after for one in changes], [line["after"] for line in lines]):
        assert ["quarantined", "active"] == told


def test_a_generator_in_quarantine_is_passed_over():
    """The fallback answers at once, and the answer is told to be second best."""
    faulty = Faulty()
    plugins = (
        make_plugin("bad", hook("ion_generate", lambda self: faulty()), "generator"),
        make_plugin("spare", FakeGenerator(), "generator", fallback=True),
    )

    async def main(ion):
        return [await ion.respond(f"q{n}") for n in range(7)]

    replies, _, _ = contained(main, *plugins)

    assert 5 == faulty.calls
    assert {"spare"} == {reply.generator for reply in replies}
    assert "not called: it is in quarantine" in replies[-1].receipt.attempts[0].error


def test_a_generator_is_let_in_by_an_answer_that_is_whole():
    """A stream that is read to its end ends the quarantine of its generator."""
    broken = [True]

    class Flaky(FakeGenerator):
        @hookimpl
        async def ion_generate(self, prompt):
            if broken[0]:
                raise ValueError("no")
            async for chunk in FakeGenerator.ion_generate(self, prompt):
                yield chunk

    async def main(ion):
        for n in range(5):
            with pytest.raises(NoAnswerError):
                await ion.respond(f"q{n}")
        broken[0] = False
        with pytest.raises(NoAnswerError):
            await ion.respond("too early")
        await asyncio.sleep(60)
        return (await ion.respond("x")).content, ion.host.record("bad").status

    found, _, _ = contained(main, make_plugin("bad", Flaky(), "generator"))

    assert ("You said: x", Status.ACTIVE) == found


def test_a_persona_in_quarantine_speaks_by_its_manifest():
    """Its own hooks are left out, and the standard prompt of its manifest takes their place."""
    faulty = Faulty()
    persona = make_persona("own")
    target = hook("ion_build_prompt", lambda self: faulty(PROMPT))
    plugin = inline(make_manifest("own", "persona", persona=persona), lambda _: target)

    async def main(ion):
        replies = [await ion.respond(f"q{n}") for n in range(6)]
        return {reply.receipt.prompt for reply in replies}, ion.persona("own").name

    (prompts, name), _, _ = contained(main, plugin, personas=())

    assert 5 == faulty.calls
    assert ({"own/standard@1"}, "own") == (prompts, name)


def test_a_guard_is_never_left_out():
    """A guard that fails refuses every turn, however often, and its status stays."""
    faulty = Faulty()
    plugin = make_plugin("bad", hook("ion_guard", lambda self: faulty()), "guard")

    async def main(ion):
        for n in range(20):
            with pytest.raises(TurnRefusedError):
                await ion.respond(f"q{n}")
        return ion.host.record("bad").status

    assert Status.ACTIVE is contained(main, plugin)[0]
    assert 20 == faulty.calls


def test_what_the_turn_brings_with_it_is_no_failure():
    """Neither a deadline that the caller set short nor a typed refusal of a service counts."""

    async def slow(self):
        await asyncio.sleep(1)

    async def refuse(self, prompt):
        raise GenerationError(FailureCause.UNAVAILABLE, "down")
        yield

    plugins = (
        make_plugin("slow", hook("ion_gather_context", slow), "extension"),
        make_plugin("down", hook("ion_generate", refuse), "generator"),
    )

    async def main(ion):
        for n in range(10):
            with pytest.raises(NoAnswerError):
                await ion.respond(TurnRequest(text=f"q{n}", deadline_s=0.5))
        for n in range(10):
            with pytest.raises(NoAnswerError):
                await ion.respond(f"r{n}")
        return {record.status for record in ion.plugins}

    found, lines, _ = contained(main, *plugins)

    assert ({Status.ACTIVE}, []) == (found, lines)


def test_one_that_hangs_is_left_out():
    """Whoever takes all the time that the settings give it, five times, is in quarantine."""

    async def hang(self):
        await asyncio.sleep(3600)

    plugin = make_plugin("stuck", hook("ion_gather_context", hang), "extension")

    async def main(ion):
        began = asyncio.get_running_loop().time()
        for n in range(20):
            await ion.respond(f"q{n}")
        return asyncio.get_running_loop().time() - began

    settings = Settings(turn=TurnSettings(context_s=2.0))
    assert 10.0 == pytest.approx(contained(main, plugin, settings=settings)[0])


def test_a_deactivated_plugin_is_let_in_by_hand():
    """Three times out makes it FAILED with the reason, and enabling it makes it ACTIVE."""
    faulty = Faulty()
    plugin = make_plugin("bad", hook("ion_finish", lambda self: faulty()), "extension")

    async def main(ion):
        for n in range(5):
            await ion.respond(f"q{n}")
        for n in range(2):
            await asyncio.sleep(60)
            await ion.respond(f"r{n}")
        record = ion.host.record("bad")
        faulty.broken = False
        await asyncio.sleep(10_000)
        await ion.respond("still out")
        calls = faulty.calls
        enabled = await ion.changes.enable("bad")
        await ion.respond("in")
        with pytest.raises(PluginChangeError, match="no plugin 'nobody' is installed"):
            await ion.changes.enable("nobody")
        return record, calls, enabled.status, faulty.calls

    (record, calls, enabled, after), lines, changes = contained(main, plugin)

    assert Status.FAILED is record.status
    assert "left out 3 times within 60 minutes" in record.reason
    assert (7, Status.ACTIVE, 8) == (calls, enabled, after)
    expected = ["quarantined", "quarantined", "failed", "active"]
    assert expected == [line["after"] for line in lines]
    assert expected == [change.after for change in changes]
