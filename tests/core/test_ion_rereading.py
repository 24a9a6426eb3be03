"""A data-only persona read again while turns run: texts, version, and whether it is trusted."""

import re
from types import SimpleNamespace

import pytest

from ion_framework.errors import PluginChangeError
from ion_framework.ion import Ion
from ion_framework.pipeline.markers import hookimpl
from ion_framework.pipeline.receipt import CacheStatus
from ion_framework.pipeline.turn import TurnRequest
from ion_framework.plugin_host.discovery import Candidate, installed
from ion_framework.plugin_host.record import Status
from ion_framework.plugin_host.trust_freeze import freeze
from ion_framework.plugin_host.trust_pins import pins_text
from ion_framework.settings.model import PluginSettings, Settings, Trust
from ion_framework.testing import (
    DictCache,
    PluginPackage,
    installed_on_path,
    make_plugin,
    running_ion,
)
from ion_framework.testing.builders import standard_parts

MANIFEST = """\
name = "sage"
summary = "Made for a test."
provides = ["persona"]
ion_api = 1
[persona]
description = {{ en = "Made for a test." }}
[persona.voice.opening]
any = {opening}
[persona.affinities.tone]
calm = {calm}
[persona.prompts.system]
en = {{ file = "prompt.md" }}
"""


class Files:
    """The files of a data-only persona.

    Args:
        folder: where they lie.
    """

    def __init__(self, folder):
        self.folder = folder
        self.write()

    def write(self, prompt="You are a sage.", opening='{ en = ["Well."] }', calm="0.9"):
        """Write both files."""
        manifest = MANIFEST.format(opening=opening, calm=calm)
        (self.folder / "ion-plugin.toml").write_text(manifest, "utf-8")
        (self.folder / "prompt.md").write_text(prompt, "utf-8")

    def ion(self, *plugins, target="sage_package"):
        """An `Ion` with this persona, another one, and plugins."""
        own = Candidate("sage", target, "ion-sage", "1.0", self.folder)
        found = (own, *standard_parts(), *plugins)
        return Ion(Settings(), source=lambda: found, environ={})


@pytest.fixture
def files(tmp_path):
    """The files of a persona called sage."""
    return Files(tmp_path)


class Shelf:
    """Provides a cache."""

    @hookimpl
    def ion_provide_cache(self):
        """The cache."""
        return DictCache()


async def test_a_persona_is_read_again(files):
    """Texts, routing and version are new at once, and no answer of the old persona is served."""
    async with files.ion(make_plugin("shelf", Shelf(), "cache")) as ion:
        request = TurnRequest(text="hello")
        for status in (CacheStatus.MISS, CacheStatus.HIT):
            assert status is (await ion.respond(request)).receipt.cache.status
        files.write(opening='{ en = ["Oh."] }', calm="0.1")
        await ion.changes.reload("sage")
        reply = await ion.respond(request)
        persona = ion.persona("sage")
        assert CacheStatus.MISS is reply.receipt.cache.status
        assert persona.version.startswith("1.0+")
        assert "0.1" == str(next(iter(persona.affinities.tone.values())))
        files.write()
        await ion.changes.reload("sage")
        assert "1.0" == ion.persona("sage").version
        assert CacheStatus.HIT is (await ion.respond(request)).receipt.cache.status


async def test_a_persona_that_has_not_changed_stays(files):
    """Reading the same files again changes nothing, not even the version."""
    async with files.ion() as ion:
        before = ion.persona("sage")
        await ion.changes.reload("sage")
        assert before is ion.persona("sage")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"calm": '"very"'}, r"ion-plugin\.toml: persona\.affinities\.tone\.calm"),
        ({"prompt": "You are {{nobody}}."}, "persona.prompts.system.en: unknown placeholder"),
        ({"calm": "]"}, "is not valid TOML"),
    ],
)
async def test_a_wrong_file_changes_nothing(files, wrong, words):
    """What is wrong is named with file and key, and the old persona goes on answering."""
    async with files.ion() as ion:
        before = ion.persona("sage")
        files.write(**wrong)
        with pytest.raises(PluginChangeError, match=words) as caught:
            await ion.changes.reload("sage")
        assert "invalid" == caught.value.code
        assert before is ion.persona("sage")
        assert "sage" == (await ion.respond("x")).persona
        assert Status.ACTIVE is ion.host.record("sage").status


@pytest.fixture
def pinned_sage(tmp_path):
    """An installed data-only persona with pins of it: its folder, its pins, and an `Ion`."""
    package, pins = PluginPackage(name="sage"), tmp_path / "pins.toml"

    def found():
        return tuple(c for c in installed() if c.distribution == package.distribution)

    with installed_on_path(tmp_path / "site", package):
        pins.write_text(pins_text(freeze(found()).pins), "utf-8")
        settings = Settings(plugins=PluginSettings(trust=Trust.PINNED, pins=pins))
        ion = Ion(settings, source=lambda: (*found(), *standard_parts()), environ={})
        yield SimpleNamespace(folder=found()[0].folder, pins=pins, ion=ion)


async def test_what_is_not_as_it_was_pinned_is_not_read_again(pinned_sage):
    """With pins a changed file is refused and the old persona answers; as pinned it is read."""
    file = pinned_sage.folder / "ion-plugin.toml"
    text = file.read_text("utf-8")
    async with pinned_sage.ion as ion:
        before = ion.persona("sage")
        await ion.changes.reload("sage")
        file.write_text(text + '\n[persona.traits]\nen = ["sly"]\n', "utf-8")
        with pytest.raises(PluginChangeError, match=r"ion-plugin\.toml is not the file") as caught:
            await ion.changes.reload("sage")
        assert "untrusted" == caught.value.code
        assert before is ion.persona("sage")
        assert "sage" == (await ion.respond("x")).persona
        file.write_text(text, "utf-8")
        await ion.changes.reload("sage")


async def test_without_its_pins_nothing_is_read_again(pinned_sage):
    """A file of pins that is gone is no reason to trust anybody, and is named."""
    async with pinned_sage.ion as ion:
        pinned_sage.pins.unlink()
        with pytest.raises(PluginChangeError, match=re.escape(str(pinned_sage.pins))) as caught:
            await ion.changes.reload("sage")
        assert "untrusted" == caught.value.code


async def test_who_began_later_stays_apart_for_good(files):
    """A process that began after a change gives its own first persona a digest ever after."""
    async with files.ion() as ion:
        await ion.changes.reload("sage", is_later=True)
        late = ion.persona("sage").version
        files.write(calm="0.1")
        await ion.changes.reload("sage")
        files.write()
        await ion.changes.reload("sage")
        assert late.startswith("1.0+")
        assert late == ion.persona("sage").version


async def test_another_name_takes_a_restart(files):
    """A manifest that says that the plugin is another is refused."""
    async with files.ion() as ion:
        file = files.folder / "ion-plugin.toml"
        file.write_text(file.read_text("utf-8").replace('"sage"', '"other"'), "utf-8")
        with pytest.raises(PluginChangeError, match="name: changed from sage to other"):
            await ion.changes.reload("sage")


async def test_only_data_can_be_read_again(files):
    """Code, plugins that are no persona, and those without files are refused with the reason."""
    living = make_plugin("living", object(), "extension")
    async with files.ion(living) as ion:
        with pytest.raises(PluginChangeError, match="is no persona"):
            await ion.changes.reload("living")
    async with running_ion() as ion:
        with pytest.raises(PluginChangeError, match="has no files"):
            await ion.changes.reload("sage")
