"""An `Ion` from its making to its end: starting, stopping, and two of them side by side."""

import asyncio
import subprocess
import sys

import attrs
import pytest
from structlog.testing import capture_logs

from ion_framework.errors import PluginOrderError, RequiredPluginError
from ion_framework.pipeline.markers import hookimpl
from ion_framework.plugin_host.discovery import inline
from ion_framework.plugin_host.record import Status
from ion_framework.settings.model import PluginSettings, Settings
from ion_framework.testing import (
    FakeGenerator,
    MappingSecrets,
    make_ion,
    make_manifest,
    make_persona,
    make_plugin,
    run_virtual,
    running_ion,
)


class Living:
    """Notes when it is started and stopped."""

    def __init__(self, name, diary, startup=None, shutdown=None):
        self.name, self.diary = name, diary
        self.faults = {"start": startup, "stop": shutdown}

    async def _note(self, what):
        self.diary.append(f"{what} {self.name}")
        if self.faults[what] is not None:
            await self.faults[what]()

    @hookimpl
    async def ion_startup(self):
        """Note the start."""
        await self._note("start")

    @hookimpl
    async def ion_shutdown(self):
        """Note the stop."""
        await self._note("stop")


def living(name, diary, faults=(None, None), **changes):
    """A plugin that notes its life in a diary."""
    return make_plugin(name, Living(name, diary, *faults), "extension", **changes)


async def _raise():
    raise ConnectionError("no route")


async def _exit():
    raise SystemExit(1)


async def _cancel():
    raise asyncio.CancelledError


async def _hang():
    await asyncio.sleep(3600)


FAULTS = {
    "raises": (_raise, "raised ConnectionError: no route"),
    "exits": (_exit, "raised SystemExit"),
    "cancels": (_cancel, "raised CancelledError"),
    "hangs": (_hang, "took longer than 2.5 s"),
}


def test_plugins_are_started_in_order_and_stopped_in_reverse():
    """Starting follows names, before and after; stopping goes the other way round."""
    diary = []

    async def main():
        plugins = (living("a", diary, after=("c",)), living("b", diary), living("c", diary))
        async with running_ion(*plugins):
            diary.append("turns")

    asyncio.run(main())

    expected = ["start b", "start c", "start a", "turns", "stop a", "stop c", "stop b"]
    assert expected == diary


@pytest.mark.parametrize(("fault", "reason"), FAULTS.values(), ids=FAULTS)
def test_a_plugin_that_fails_to_start_is_taken_out(fault, reason):
    """A startup that fails makes its plugin FAILED; the rest runs, and its hooks are not called."""
    diary = []

    async def main():
        loop = asyncio.get_running_loop()
        plugins = (living("a", diary), living("b", diary, (fault, None)), living("c", diary))
        async with running_ion(*plugins, clock=loop) as ion:
            took_s = loop.time()
            reply = await ion.respond("hello")
            return ion.host.record("b"), reply.content, took_s

    record, content, took_s = run_virtual(main())

    assert (Status.FAILED, "You said: hello") == (record.status, content)
    assert f"ion_startup {reason}" == record.reason
    assert ["start a", "start b", "start c", "stop c", "stop a"] == diary
    assert took_s <= 10.0


@pytest.mark.parametrize(("fault", "reason"), FAULTS.values(), ids=FAULTS)
def test_a_plugin_that_fails_to_stop_stops_nobody_else(fault, reason):
    """A shutdown that fails is logged with its plugin, within two seconds, and the rest goes on."""
    diary = []

    async def main():
        loop = asyncio.get_running_loop()
        plugins = (living("a", diary), living("b", diary, (None, fault)), living("c", diary))
        async with running_ion(*plugins, clock=loop):
            pass
        return loop.time()

    with capture_logs() as logs:
        took_s = run_virtual(main())

    assert ["stop c", "stop b", "stop a"] == diary[3:]
    assert took_s <= 2.0
    (entry,) = [entry for entry in logs if entry["event"].startswith("a plugin failed")]
    assert ("b", reason.replace("2.5 s", "2 s")) == (entry["plugin"], entry["reason"])


def test_a_required_plugin_that_fails_to_start_stops_the_start():
    """The error names the plugin and why; what was started before it is stopped again."""
    diary = []

    async def main():
        plugins = (living("a", diary), living("b", diary, (_raise, None)))
        settings = Settings(plugins=PluginSettings(required=("b",)))
        async with running_ion(*plugins, settings=settings):
            pass

    with pytest.raises(RequiredPluginError, match="'b' is failed: ion_startup raised Connection"):
        asyncio.run(main())

    assert ["start a", "start b", "stop a"] == diary


def test_a_start_that_is_cancelled_stops_what_was_started():
    """Ctrl-C during the start closes what is open by then."""
    diary = []

    async def main():
        plugins = (living("a", diary), living("b", diary, (_hang, None)))
        ion = make_ion(*plugins, clock=asyncio.get_running_loop())
        task = asyncio.ensure_future(ion.__aenter__())
        await asyncio.sleep(1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run_virtual(main())

    assert "stop a" in diary


def test_closing_twice_or_unstarted_does_nothing():
    """Shutdown is called once, and closing what never started is no error."""
    diary = []

    async def main():
        ion = make_ion(living("a", diary))
        await ion.close()
        async with ion:
            pass
        await ion.close()

    asyncio.run(main())

    assert ["start a", "stop a"] == diary


def test_two_ions_live_in_one_process():
    """Two differently configured Ions know nothing of each other."""

    async def main():
        one = make_plugin("gen", FakeGenerator(("one",)), "generator")
        two = make_plugin("gen", FakeGenerator(("two",)), "generator")
        async with running_ion(one, personas=(make_persona("ann"),)) as first:
            async with running_ion(two, personas=(make_persona("bob"),)) as second:
                replies = await asyncio.gather(first.respond("x"), second.respond("x"))
            after = await first.respond("x")
        return [(reply.persona, reply.content) for reply in (*replies, after)]

    assert [("ann", "one"), ("bob", "two"), ("ann", "one")] == asyncio.run(main())


def test_two_deciders_need_an_order():
    """Two equals for one decision stop the start, with the line to write."""
    plugins = [make_plugin(name, FakeGenerator(), "generator") for name in ("one", "two")]

    with pytest.raises(PluginOrderError, match=r'ion_generate = \["one", "two"\]'):
        make_ion(*plugins).activate()


def test_what_plugins_provide_is_found():
    """Personas, stores, routes and secrets of plugins are there after activation."""

    class Provider:
        @hookimpl
        def ion_provide_personas(self):
            return [make_persona("echo", rank=5)]

        @hookimpl
        def ion_provide_secrets(self):
            return MappingSecrets({"jwt": "s3cret"})

    ion = make_ion(make_plugin("provider", Provider(), "extension"))
    ion.activate()

    assert ["echo", "sage"] == [persona.name for persona in ion.personas]
    assert ("s3cret", None) == (ion.provisions.secret("jwt"), ion.provisions.secret("other"))
    assert "s3cret" not in repr(ion.provisions)
    assert 216 == len(ion.table.decisions())


def test_a_generator_that_cannot_name_its_model_is_taken_out():
    """A property that raises makes its plugin FAILED and does not stop the activation."""

    class Odd(FakeGenerator):
        @property
        def model(self):
            raise RuntimeError("not yet")

        @model.setter
        def model(self, _):
            """The fake sets it; this one forgets it."""

    plugins = (
        make_plugin("odd", Odd(), "generator"),
        make_plugin("spare", FakeGenerator(), "generator", fallback=True),
    )
    ion = make_ion(*plugins)
    ion.activate()

    record = ion.host.record("odd")
    assert Status.FAILED is record.status
    assert "its attribute model raised RuntimeError: not yet" in record.reason
    assert "spare@fake-1" == ion.hooks.generator


def test_a_generator_that_brings_personas_keeps_its_model_in_the_cache_key():
    """The persona that a plugin provides does not hide the plugin's own model."""

    class Both(FakeGenerator):
        @hookimpl
        def ion_provide_personas(self):
            return [make_persona("echo")]

    ion = make_ion(make_plugin("both", Both(), "generator", "extension"))
    ion.activate()

    assert "both@fake-1" == ion.hooks.generator


def test_making_an_ion_imports_no_plugin():
    """Until it is activated an Ion has called no factory."""
    called = []
    ion = make_ion(inline(make_manifest("lazy", "extension"), called.append))

    assert ([], Status.READY) == (called, ion.host.record("lazy").status)


def test_a_bare_installation_says_what_is_missing():
    """With nothing installed beside the core an Ion runs, and a turn says what to install."""
    code = (
        "import asyncio\n"
        "from ion_framework import Ion\n"
        "from ion_framework.errors import NoAnswerError\n"
        "async def main():\n"
        "    async with Ion(source=lambda: ()) as ion:\n"
        "        try:\n"
        "            await ion.respond('hello')\n"
        "        except NoAnswerError as error:\n"
        "            print(error.stage, '|', error, '|', error.retry_after_s)\n"
        "asyncio.run(main())\n"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True
    )

    expected = (
        "analyze | no analyser is active: install ion-resonance, or give the resonance key "
        "yourself | None"
    )
    assert expected == done.stdout.strip()


def test_a_plugins_status_is_its_own_record():
    """Every plugin is listed with status, reason, distribution and version, none is left out."""

    def broken(_):
        raise OSError("no library")

    plugins = (
        inline(make_manifest("broken", "extension"), broken),
        attrs.evolve(living("fine", []), version="2.5"),
    )
    ion = make_ion(*plugins, settings=Settings(plugins=PluginSettings(disable=("test-router",))))
    ion.activate()

    found = {record.name: record.status for record in ion.plugins}
    assert {
        "broken": Status.FAILED,
        "fine": Status.ACTIVE,
        "sage": Status.ACTIVE,
        "test-analyzer": Status.ACTIVE,
        "test-generator": Status.ACTIVE,
        "test-router": Status.DISABLED,
    } == found
    assert "2.5" == ion.host.record("fine").version
    assert all(record.reason for record in ion.plugins)
