"""Changing plugins while turns run: out, and in again."""

import asyncio

import pytest
from structlog.testing import capture_logs

from ion_framework.domain.language import Language
from ion_framework.domain.routing import decide
from ion_framework.errors import LastPluginError, NoAnswerError, PluginChangeError
from ion_framework.pipeline.chunks import Finish, TextChunk
from ion_framework.pipeline.events import PluginStatusChanged
from ion_framework.pipeline.markers import hookimpl
from ion_framework.plugin_host.record import Status
from ion_framework.settings.model import PluginSettings, Settings
from ion_framework.testing import (
    FakeGenerator,
    FixedAnalyzer,
    RecordingMonitor,
    make_persona,
    make_plugin,
    run_virtual,
    running_ion,
)


class Living:
    """Adds a note to every turn, and keeps a diary of its life."""

    def __init__(self, starts=True):
        self.diary = []
        self.starts = starts

    @hookimpl
    async def ion_startup(self):
        """Note the start."""
        self.diary.append("start")
        if not self.starts:
            raise OSError("no connection")

    @hookimpl
    async def ion_shutdown(self):
        """Note the stop."""
        self.diary.append("stop")

    @hookimpl
    def ion_finish(self, reply):
        """Say that it was there."""
        self.diary.append("turn")


class Guarding:
    """Lets everything pass."""

    @hookimpl
    def ion_guard(self):
        """Agree."""


class Slow(FakeGenerator):
    """Takes ten seconds for an answer."""

    @hookimpl
    async def ion_generate(self, prompt):
        """The answer."""
        yield TextChunk("slowly ")
        await asyncio.sleep(10)
        yield TextChunk(prompt.user)
        yield Finish()


def changed(main, *plugins, **options):
    """What comes of something that is done with an `Ion` on virtual time."""

    async def run():
        clock = asyncio.get_running_loop()
        async with running_ion(*plugins, clock=clock, **options) as ion:
            return await main(ion)

    return run_virtual(run())


def test_a_plugin_is_taken_out_and_let_in_again():
    """It is not called while it is out, is stopped and started, and both are told once."""
    living, monitor = Living(), RecordingMonitor()
    plugins = (
        make_plugin("living", living, "extension"),
        make_plugin("watch", monitor, "monitor"),
    )

    async def main(ion):
        await ion.respond("1")
        out = await ion.changes.disable("living")
        again = await ion.changes.disable("living")
        await ion.respond("2")
        await asyncio.sleep(1)
        back = await ion.changes.enable("living")
        await ion.respond("3")
        return out, again, back

    with capture_logs() as logs:
        out, again, back = changed(main, *plugins)

    assert ["start", "turn", "stop", "start", "turn", "stop"] == living.diary
    assert (Status.DISABLED, out, Status.ACTIVE) == (out.status, again, back.status)
    assert "until a restart or `ion plugins enable`" in out.reason
    changes = [e.after for e in monitor.events if isinstance(e, PluginStatusChanged)]
    lines = [x["after"] for x in logs if x["event"] == "a plugin's status changed"]
    assert ["disabled", "active"] == changes == lines


def test_a_turn_that_has_begun_finishes_with_what_it_began_with():
    """A plugin is stopped only when the last turn that began with it has ended."""
    living = Living()
    plugins = (make_plugin("living", living, "extension"), make_plugin("gen", Slow(), "generator"))

    async def main(ion):
        turn = asyncio.ensure_future(ion.respond("hello"))
        await asyncio.sleep(5)
        await ion.changes.disable("living")
        await asyncio.sleep(4)
        before = tuple(living.diary)
        reply = await turn
        await asyncio.sleep(1)
        return before, reply.content

    before, content = changed(main, *plugins)

    assert ("start",) == before
    assert "slowly hello" == content
    assert ["start", "turn", "stop"] == living.diary


def test_a_persona_that_is_taken_out_answers_no_more():
    """Routing and personas follow at once, and the last persona's end is told as it is."""

    async def main(ion):
        await ion.changes.disable("ann")
        left = (await ion.respond("x")).persona, len(ion.personas), len(ion.personas)
        await ion.changes.disable("ben", force=True)
        with pytest.raises(NoAnswerError):
            await ion.respond("x")
        await ion.changes.enable("ben")
        return left, (await ion.respond("x")).persona

    personas = (make_persona("ann", rank=1), make_persona("ben", rank=2))
    assert (("ben", 1, 1), "ben") == changed(main, personas=personas)


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("nobody", "unknown", "no plugin 'nobody' is installed"),
        ("needed", "required", "plugins.required"),
        ("guarding", "guard", "nobody checks what it checks"),
        ("storing", "fixed", "built upon at its start"),
        ("off", "state", "it is disabled"),
    ],
)
def test_what_cannot_be_taken_out(name, code, words):
    """A change that is refused says why, and changes nothing."""
    plugins = (
        make_plugin("needed", Living(), "extension"),
        make_plugin("guarding", Guarding(), "guard"),
        make_plugin("storing", object(), "store"),
        make_plugin("off", Living(), "extension"),
    )
    settings = Settings(plugins=PluginSettings(required=("needed",), disable=("off",)))

    async def main(ion):
        before = ion.plugins
        with pytest.raises(PluginChangeError, match=words) as caught:
            await ion.changes.disable(name)
        assert before == ion.plugins
        return caught.value.code

    assert code == changed(main, *plugins, settings=settings)


class Reading(FixedAnalyzer):
    """Reads and routes, as one plugin of two kinds does."""

    @hookimpl
    def ion_route(self, turn, personas):
        """By the core's own scores."""
        return decide(turn.resonance.key, personas)


LAST = [
    (
        "gen",
        (make_plugin("gen", FakeGenerator(), "generator"),),
        "gen is the last active generator: without it nobody can answer; also installed: no other;",
    ),
    ("sage", (), "sage is the last active persona: without it there is nobody who could answer;"),
    (
        "reading",
        (make_plugin("reading", Reading(), "analyzer", "router"),),
        "reading is the last active analyzer and router: without it callers have to name the "
        "resonance key themselves, and callers have to name the persona themselves; also "
        "installed: no other; let another one in first, or say with force that you mean it",
    ),
]


@pytest.mark.parametrize(("name", "plugins", "words"), LAST, ids=[each[0] for each in LAST])
def test_the_last_of_a_kind_that_turns_need_goes_only_by_force(name, plugins, words):
    """Without force it stays, with what would stop working; with force it is taken out."""

    async def main(ion):
        with pytest.raises(LastPluginError) as caught:
            await ion.changes.disable(name)
        stayed = ion.host.record(name).status
        gone = await ion.changes.disable(name, force=True)
        again = await ion.changes.disable(name)
        return str(caught.value), caught.value.code, stayed, gone.status, again.status

    told, code, *statuses = changed(main, *plugins)

    assert told.startswith(words)
    assert (code, statuses) == ("last", [Status.ACTIVE, Status.DISABLED, Status.DISABLED])


def test_one_of_several_is_taken_out_without_force():
    """While another active plugin of its kind is left, nothing stops working."""
    plugins = (
        make_plugin("one", FakeGenerator(), "generator", fallback=True),
        make_plugin("two", FakeGenerator(), "generator"),
    )

    async def main(ion):
        await ion.changes.disable("two")
        with pytest.raises(LastPluginError, match=r"also installed: two \(disabled\)"):
            await ion.changes.disable("one")
        return ion.host.record("two").status

    assert Status.DISABLED is changed(main, *plugins)


@pytest.mark.parametrize("name", ["ann", "ANN", " Ann ", "앤", "(INLINE ann)"])
def test_a_plugin_is_called_by_any_of_its_names(name):
    """Its own name, its distribution's and the shown names of its persona mean it in any case."""
    personas = (
        make_persona("ann", display_name={Language.ENGLISH: "Ann", Language.KOREAN: "앤"}),
        make_persona("ben"),
    )

    async def main(ion):
        out = await ion.changes.disable(name)
        back = await ion.changes.enable(name)
        return out.name, out.status, back.name, back.status

    assert ("ann", Status.DISABLED, "ann", Status.ACTIVE) == changed(main, personas=personas)


def test_a_name_that_may_mean_two_is_refused_with_the_choices():
    """A shown name that two personas share changes neither; the exact name of one means it."""
    personas = tuple(
        make_persona(name, display_name={Language.ENGLISH: "Twin"}) for name in ("ann", "ben")
    )

    async def main(ion):
        with pytest.raises(PluginChangeError, match=r"'twin' may mean any of ann \(.+\), ben") as e:
            await ion.changes.disable("twin")
        return e.value.code, (await ion.changes.disable("ben")).name

    assert ("ambiguous", "ben") == changed(main, personas=personas)


def test_a_guard_is_taken_out_by_who_says_that_he_means_it():
    """With unguarded a guard is taken out."""

    async def main(ion):
        return (await ion.changes.disable("guarding", unguarded=True)).status

    assert Status.DISABLED is changed(main, make_plugin("guarding", Guarding(), "guard"))


def test_one_that_does_not_start_again_stays_out():
    """A plugin whose ion_startup fails is not let in, with the reason in its record."""
    living = Living()

    async def main(ion):
        await ion.changes.disable("living")
        living.starts = False
        with pytest.raises(PluginChangeError, match="no connection"):
            await ion.changes.enable("living")
        failed = ion.host.record("living")
        living.starts = True
        return failed, (await ion.changes.enable("living")).status

    failed, status = changed(main, make_plugin("living", living, "extension"))

    assert (Status.DISABLED, Status.ACTIVE) == (failed.status, status)
    assert "no connection" in failed.reason


def test_observers_keep_what_waits_for_them():
    """A change of one plugin loses no event of another's, and one that goes is told to the end."""

    class Unhurried:
        def __init__(self):
            self.seen = []

        @hookimpl
        async def ion_observe(self, event):
            await asyncio.sleep(0.1)
            self.seen.append(type(event).__name__)

    first, second = Unhurried(), Unhurried()
    plugins = (make_plugin("one", first, "monitor"), make_plugin("two", second, "monitor"))

    async def main(ion):
        for n in range(5):
            await ion.respond(f"q{n}")
        await ion.changes.disable("one")
        await ion.respond("last")
        await asyncio.sleep(3)
        return tuple(ion.observer_stats())

    assert ("two",) == changed(main, *plugins)
    assert 5 == first.seen.count("TurnCompleted")
    assert 6 == second.seen.count("TurnCompleted")


def test_a_closed_ion_changes_nothing():
    """Plugins change only in an `Ion` that is open."""

    async def main():
        async with running_ion() as ion:
            pass
        with pytest.raises(PluginChangeError, match="not open"):
            await ion.changes.disable("sage")

    asyncio.run(main())
