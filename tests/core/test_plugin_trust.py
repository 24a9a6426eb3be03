"""Trust: with pins, nothing is imported that is not exactly as it was pinned."""

from __future__ import annotations

import importlib
import json
import marshal
import sys
from contextlib import contextmanager
from importlib.util import MAGIC_NUMBER, cache_from_source
from pathlib import Path

import attrs
import pytest

from ion_framework.clock import SystemClock
from ion_framework.errors import SettingsError
from ion_framework.plugin_host.discovery import inline, installed
from ion_framework.plugin_host.host import PluginHost
from ion_framework.plugin_host.record import Status
from ion_framework.plugin_host.trust_freeze import freeze
from ion_framework.plugin_host.trust_pins import pins_text
from ion_framework.settings.model import PluginSettings, Settings, Trust
from ion_framework.testing import PluginPackage, installed_on_path
from ion_framework.testing.packages import MANIFEST

CODE = """
from pathlib import Path
Path(__file__).parent.parent.joinpath("imported").touch()
from ion_framework import hookimpl
class plugin:
    def __init__(self, context): pass
    @hookimpl
    async def ion_startup(self): pass
"""
EXTENSION = MANIFEST.format(name="tool", kind="extension")
TOOL = PluginPackage(name="tool", manifest=EXTENSION, code=CODE, files={"helper.py": "X = 1\n"})
PACKAGE = TOOL.package
SAGE = PluginPackage(name="sage", files={"notes/more.md": "Be kind.\n"})


def source(*packages):
    """The candidates of these packages alone."""
    names = {package.distribution for package in packages}
    return lambda: tuple(c for c in installed() if c.distribution in names)


def pinned(pins, **changes):
    """Settings that let only pinned plugins run."""
    return Settings(plugins=PluginSettings(trust=Trust.PINNED, pins=pins, **changes))


def judged(settings, *packages):
    """The records of these packages."""
    return PluginHost(settings, source(*packages), {}, SystemClock()).records


@contextmanager
def pinned_as_installed(folder, *packages):
    """Packages that are installed, and pins of them as they were then; gives site and settings."""
    site, pins = folder / "site", folder / "pins.toml"
    with installed_on_path(site, *packages):
        pins.write_text(pins_text(freeze(source(*packages)()).pins), "utf-8")
        yield site, pinned(pins)


def the_reason(settings, package=TOOL):
    """Why the only plugin is not trusted."""
    (record,) = judged(settings, package)
    assert Status.UNTRUSTED is record.status, record
    return record.reason


def test_what_is_as_it_was_pinned_runs(tmp_path):
    """Plugins with code and data-only personas are ready where nothing has changed."""
    with pinned_as_installed(tmp_path, TOOL, SAGE) as (_, settings):
        assert [Status.READY] * 2 == [record.status for record in judged(settings, TOOL, SAGE)]


def test_by_default_nobody_needs_pins(tmp_path):
    """Without the setting a package that was changed runs as ever."""
    with installed_on_path(tmp_path, TOOL):
        (tmp_path / PACKAGE / "helper.py").write_text("X = 2\n", "utf-8")
        (record,) = judged(Settings(), TOOL)
        assert Status.READY is record.status


def test_a_plugin_that_is_not_pinned_is_named_with_what_to_do(tmp_path):
    """One that was installed later is untrusted, and the reason says how to pin it."""
    with pinned_as_installed(tmp_path, SAGE) as (site, settings):
        TOOL.write(site)
        importlib.invalidate_caches()
        reason = the_reason(settings)
    assert f"ion-test-tool 1.0 is not pinned in {settings.plugins.pins}" in reason
    assert "ion plugins freeze --out" in reason


def test_a_pin_of_the_same_name_from_elsewhere_does_not_count(tmp_path):
    """The name of a plugin alone is no reason to trust the distribution that brings it."""
    other = attrs.evolve(TOOL, distribution="ion-other-tool", target="ion_other_tool.plugin:plugin")
    with pinned_as_installed(tmp_path, TOOL) as (_, settings):
        pass
    with installed_on_path(tmp_path / "more", other):
        assert "ion-other-tool 1.0 is not pinned" in the_reason(settings, other)


CHANGES = {
    "a changed module": ("helper.py", "X = 2\n", "helper.py is not the file that was installed"),
    "a module of the same size": ("helper.py", "X = 9\n", "helper.py is not the file that"),
    "an added module": ("spy.py", "", "spy.py was not installed with it"),
    "an added package": ("helper/__init__.py", "", "__init__.py was not installed with it"),
    "an added library": ("helper.abi3.so", "", "helper.abi3.so was not installed with it"),
    "byte code without a source": ("spy.pyc", "", "spy.pyc was not installed with it"),
    "a module in the cache": ("__pycache__/spy.py", "", "spy.py was not installed with it"),
    "a changed manifest": ("ion-plugin.toml", EXTENSION + "\n", "ion-plugin.toml is not the file"),
}


@pytest.mark.parametrize(("file", "text", "told"), CHANGES.values(), ids=CHANGES)
def test_a_changed_or_added_file_is_named_and_nothing_is_imported(tmp_path, file, text, told):
    """Activation leaves a plugin out whose package differs, and no line of it runs."""
    with pinned_as_installed(tmp_path, TOOL) as (site, settings):
        changed = site / PACKAGE / file
        changed.parent.mkdir(exist_ok=True)
        changed.write_text(text, "utf-8")
        host = PluginHost(settings, source(TOOL), {}, SystemClock())
        host.activate()
        record = host.record("tool")
        assert Status.UNTRUSTED is record.status
        assert told in record.reason
        assert PACKAGE not in sys.modules
    assert not (site / "imported").exists()


def test_a_missing_file_is_named(tmp_path):
    """A file that RECORD lists and the disk lacks makes a plugin untrusted."""
    with pinned_as_installed(tmp_path, TOOL) as (site, settings):
        (site / PACKAGE / "helper.py").unlink()
        assert f"{PACKAGE}/helper.py is missing" in the_reason(settings)


def test_changing_record_with_the_file_does_not_help(tmp_path):
    """RECORD itself is pinned: file and RECORD changed together are found all the same."""
    with pinned_as_installed(tmp_path, TOOL) as (site, settings):
        (site / PACKAGE / "helper.py").write_text("X = 2\n", "utf-8")
        TOOL.record(site)
        assert "its RECORD is not the one that was pinned" in the_reason(settings)


def test_another_version_is_told_as_such(tmp_path):
    """An upgrade is named by both versions."""
    with pinned_as_installed(tmp_path / "old", TOOL) as (_, settings):
        pass
    with installed_on_path(tmp_path / "new", attrs.evolve(TOOL, version="1.1")):
        assert "1.1 is installed, 1.0 is pinned" in the_reason(settings)


def test_data_only_personas_are_verified_too(tmp_path):
    """A text that was changed or added to a persona's package makes it untrusted."""
    with pinned_as_installed(tmp_path, SAGE) as (site, settings):
        (site / SAGE.package / "notes/more.md").write_text("Be rude.\n", "utf-8")
        assert "notes/more.md is not the file" in the_reason(settings, SAGE)


def test_a_package_in_front_of_the_installed_one_is_not_it(tmp_path):
    """A folder of the same name earlier on the path is not what was pinned, whatever it holds."""
    with pinned_as_installed(tmp_path, TOOL) as (_, settings):
        shadow = tmp_path / "shadow"
        attrs.evolve(TOOL, name="tool").write(shadow)
        for file in TOOL.info(shadow).iterdir():
            file.unlink()
        TOOL.info(shadow).rmdir()
        sys.path.insert(0, str(shadow))
        importlib.invalidate_caches()
        try:
            assert f"Python would import {shadow / PACKAGE}" in the_reason(settings)
        finally:
            sys.path.remove(str(shadow))


@pytest.mark.parametrize(
    ("trust", "status"), [(Trust.ANY, Status.FAILED), (Trust.PINNED, Status.ACTIVE)]
)
def test_byte_code_does_not_run_in_the_place_of_a_verified_source(tmp_path, trust, status):
    """Planted byte code with the right time and size is what Python runs, but not of the pinned."""
    with pinned_as_installed(tmp_path, TOOL) as (site, settings):
        plant(site / PACKAGE / "plugin.py", "raise SystemExit('planted')")
        plugins = attrs.evolve(settings.plugins, trust=trust)
        host = PluginHost(Settings(plugins=plugins), source(TOOL), {}, SystemClock())
        host.activate()
        assert status is host.record("tool").status


def plant(source_file, code):
    """Put byte code into the cache that looks as if it were that of a source."""
    status = source_file.stat()
    head = MAGIC_NUMBER + bytes(4)
    for number in (int(status.st_mtime), status.st_size):
        head += number.to_bytes(4, "little")
    cached = Path(cache_from_source(str(source_file)))
    cached.parent.mkdir(exist_ok=True)
    cached.write_bytes(head + marshal.dumps(compile(code, str(source_file), "exec")))


def test_a_file_that_changes_between_verification_and_import_is_not_run(tmp_path):
    """What is imported is hashed once more as it is loaded."""
    with pinned_as_installed(tmp_path, TOOL) as (site, settings):
        host = PluginHost(settings, source(TOOL), {}, SystemClock())
        assert Status.READY is host.record("tool").status
        (site / PACKAGE / "plugin.py").write_text(CODE + "X = 1\n", "utf-8")
        host.activate()
        record = host.record("tool")
        assert Status.FAILED is record.status
        assert "has changed since it was verified" in record.reason
    assert not (site / "imported").exists()


def test_a_file_that_appears_after_verification_is_not_run(tmp_path):
    """A module that nobody verified cannot be imported from a verified package."""
    code = CODE + "from ion_test_tool import spy\n"
    package = attrs.evolve(TOOL, code=code)
    with pinned_as_installed(tmp_path, package) as (site, settings):
        host = PluginHost(settings, source(package), {}, SystemClock())
        (site / PACKAGE / "spy.py").write_text("", "utf-8")
        importlib.invalidate_caches()
        host.activate()
        assert "not among the verified files" in host.record("tool").reason


def test_an_idle_plugin_is_verified_before_its_settings_are_completed(tmp_path):
    """One that lacks a setting is judged too, because a source of secrets may still give it."""
    manifest = EXTENSION.replace("ion_api = 1", 'ion_api = 1\nneeds = [["key"]]')
    manifest += '[settings.key]\ntype = "secret"\nenv = ["TOOL_KEY"]\ndescription = "Key."\n'
    package = attrs.evolve(TOOL, manifest=manifest)
    with pinned_as_installed(tmp_path, package) as (site, settings):
        (record,) = judged(settings, package)
        assert Status.IDLE is record.status
        (site / PACKAGE / "helper.py").write_text("X = 2\n", "utf-8")
        (record,) = judged(settings, package)
        assert Status.UNTRUSTED is record.status


def test_a_disabled_plugin_is_not_read(tmp_path):
    """What does not run costs nothing: its files are neither hashed nor judged."""
    with pinned_as_installed(tmp_path, TOOL) as (site, settings):
        (site / PACKAGE / "helper.py").unlink()
        off = pinned(settings.plugins.pins, disable=("tool",))
        (record,) = judged(off, TOOL)
        assert Status.DISABLED is record.status


def test_a_source_tree_is_verified_by_its_files(tmp_path):
    """An editable install is trusted until a file of its package changes."""
    with installed_on_path(tmp_path / "site", TOOL):
        site, pins = tmp_path / "site", tmp_path / "pins.toml"
        (TOOL.info(site) / "direct_url.json").write_text(
            json.dumps({"url": "file:///src", "dir_info": {"editable": True}}), "utf-8"
        )
        frozen = freeze(source(TOOL)())
        pins.write_text(pins_text(frozen.pins), "utf-8")
        assert any("ion-test-tool 1.0 is a source tree" in text for text in frozen.remarks)
        (record,) = judged(pinned(pins), TOOL)
        assert Status.READY is record.status
        (site / PACKAGE / "spy.py").write_text("", "utf-8")
        assert "its source tree has changed" in the_reason(pinned(pins))


def test_a_distribution_without_hashes_cannot_be_trusted(tmp_path):
    """Where RECORD lists nothing, the reason says that a wheel has to be installed."""
    with pinned_as_installed(tmp_path, TOOL) as (site, settings):
        (TOOL.info(site) / "RECORD").write_text("", "utf-8")
        assert "installed without a RECORD that has hashes" in the_reason(settings)


def test_what_lives_in_this_process_only_passes(tmp_path):
    """A plugin that the program itself brings has no distribution, and is its own affair."""
    with pinned_as_installed(tmp_path, SAGE) as (_, settings):
        (record,) = judged(Settings(), SAGE)
        own = inline(record.manifest)
        (mine,) = PluginHost(settings, lambda: (own,), {}, SystemClock()).records
        assert Status.READY is mine.status


WRONG_PINS = {
    "none named": (None, "plugins.pins names no file"),
    "missing": ("", "there is no such list of pins"),
    "no TOML": ("format = ", "cannot be read as a list of pins"),
    "another form": ("format = 2\n", "format: must be 1, is 2"),
    "no form": ("", "there is no such list"),
    "a misspelt key": ("format = 1\n[[plugins]]\n", "unknown key plugins"),
    "a pin without a name": ('format = 1\n[[plugin]]\nversion = "1"\n', "'name' is required"),
}


@pytest.mark.parametrize(("text", "told"), WRONG_PINS.values(), ids=WRONG_PINS)
def test_pins_that_cannot_be_read_stop_everything(tmp_path, text, told):
    """Without pins nobody is trusted: the settings are wrong, and the error says what to do."""
    file = tmp_path / "pins.toml"
    if text:
        file.write_text(text, "utf-8")
    with pytest.raises(SettingsError, match=told):
        judged(pinned(None if text is None else file))
