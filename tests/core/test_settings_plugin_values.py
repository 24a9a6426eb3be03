"""Settings of plugins: checked against the manifest's schema, without importing the plugin."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import attrs
import pytest

from ion_framework import Ion
from ion_framework.clock import SystemClock
from ion_framework.errors import SettingsError
from ion_framework.manifest.model import SettingSpec, SettingType
from ion_framework.plugin_host.context import PluginContext
from ion_framework.plugin_host.discovery import installed
from ion_framework.plugin_host.record import Status
from ion_framework.settings.loading import CommandLine, load_settings
from ion_framework.settings.plugin_values import resolve, variables_of
from ion_framework.testing import PluginPackage, installed_on_path
from ion_framework.testing.packages import MANIFEST


def spec(kind, **more):
    """One setting of a type."""
    return SettingSpec(SettingType(kind), "Any.", **more)


def settled(setting, given=None, environ=None):
    """The value of a single setting, which nothing is wrong with."""
    table = {} if given is None else {"x": given}
    found = resolve("echo", {"x": setting}, table, environ or {})
    assert () == found.problems
    return found.values["x"]


ENV = {"env": ("ION_X", "X")}

VALUES = [
    (spec("string"), None, {}, None),
    (spec("string", default="d"), None, {}, "d"),
    (spec("string", default="d"), "f", {}, "f"),
    (spec("string", default="d", **ENV), "f", {"X": "second"}, "second"),
    (spec("string", default="d", **ENV), "f", {"ION_X": " first ", "X": "second"}, "first"),
    (spec("string", default="d", **ENV), "f", {"ION_X": "  "}, "f"),
    (spec("string", choices=("a", "b")), "b", {}, "b"),
    (spec("integer", minimum=1, maximum=3), 3, {}, 3),
    (spec("integer", **ENV), None, {"X": "-7"}, -7),
    (spec("number"), Decimal("0.25"), {}, 0.25),
    (spec("number"), 2, {}, 2.0),
    (spec("number", **ENV), None, {"X": "1e3"}, 1000.0),
    (spec("boolean"), False, {}, False),
    *((spec("boolean", **ENV), None, {"X": text}, True) for text in ("1", "true", "Yes")),
    *((spec("boolean", default=True, **ENV), None, {"X": t}, False) for t in ("0", "FALSE", "no")),
    (spec("list"), ["a", "b"], {}, ("a", "b")),
    (spec("list", **ENV), ["a"], {"X": "b, c,"}, ("b", "c")),
    (spec("secret"), "s", {}, "s"),
    (spec("secret", **ENV), "s", {"X": "t"}, "t"),
]


@pytest.mark.parametrize(("setting", "given", "environ", "wanted"), VALUES)
def test_a_value_is_read_by_its_type(setting, given, environ, wanted):
    """Default, file and environment, in rising order, become a value of the schema's type."""
    value = settled(setting, given, environ)
    assert (wanted, type(wanted)) == (value, type(value))


WRONG = [
    (spec("string"), 3, {}, "plugin.echo.x: must be a string"),
    (spec("string"), {"file": "/x"}, {}, "plugin.echo.x: must be a string"),
    (spec("string", choices=("a", "b")), "c", {}, "plugin.echo.x: must be one of a, b"),
    (spec("string", choices=("a",), **ENV), None, {"X": "c"}, "X: must be one of a"),
    (spec("integer"), "3", {}, "plugin.echo.x: must be an integer"),
    (spec("integer"), True, {}, "plugin.echo.x: must be an integer"),
    (spec("integer"), Decimal("1.5"), {}, "plugin.echo.x: must be an integer"),
    (spec("integer", **ENV), 1, {"ION_X": "1.5"}, "ION_X: must be an integer"),
    (spec("integer", **ENV), 1, {"ION_X": "9" * 5000}, "ION_X: must be an integer"),
    (spec("integer", minimum=2), 1, {}, "plugin.echo.x: must be at least 2, is 1"),
    (spec("integer", maximum=2, **ENV), 1, {"X": "3"}, "X: must be at most 2, is 3"),
    (spec("number"), "1", {}, "plugin.echo.x: must be a number"),
    (spec("number"), False, {}, "plugin.echo.x: must be a number"),
    (spec("number"), Decimal("nan"), {}, "plugin.echo.x: must be a finite number"),
    (spec("number", minimum=0.5), Decimal("0.25"), {}, "plugin.echo.x: must be at least 0.5"),
    (spec("number", **ENV), None, {"X": "inf"}, "X: must be a finite number"),
    (spec("number", **ENV), None, {"X": "much"}, "X: must be a number"),
    (spec("number"), 10**400, {}, "plugin.echo.x: must be a number"),
    (spec("boolean"), 1, {}, "plugin.echo.x: must be true or false"),
    (spec("boolean", **ENV), None, {"X": "on"}, "X: must be true or false"),
    (spec("list"), "a", {}, "plugin.echo.x: must be a list of strings"),
    (spec("list"), ["a", 1], {}, "plugin.echo.x: must be a list of strings"),
    (spec("secret"), 12345, {}, "plugin.echo.x: must be a string"),
    (spec("secret"), {"file": "/nowhere/key"}, {}, "plugin.echo.x: [Errno 2] No such file"),
    (spec("secret", **ENV), None, {"X_FILE": "/nowhere/key"}, "X_FILE: [Errno 2] No such file"),
    (spec("secret", choices=("a",)), "s3cret", {}, "plugin.echo.x: must be one of a"),
]


@pytest.mark.parametrize(("setting", "given", "environ", "start"), WRONG)
def test_a_wrong_value_names_its_place(tmp_path, setting, given, environ, start):
    """The problem begins with the key or the variable, and never shows a secret."""
    table = {} if given is None else {"x": given}
    found = resolve("echo", {"x": setting}, table, environ)
    (problem,) = found.problems
    assert start == problem[: len(start)]
    assert None is found.values["x"]
    if setting.type is SettingType.SECRET and not isinstance(given, dict):
        assert str(given) not in problem
    file = tmp_path / "ion.toml"
    (with_file,) = resolve("echo", {"x": setting}, table, environ, file).problems
    assert (f"{file}: {problem}" if start.startswith("plugin.") else problem) == with_file


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"size": spec("integer")}, "plugin.echo.sise: unknown key; did you mean size?"),
        ({"colour": spec("string")}, "plugin.echo.sise: unknown key; known are: colour"),
        ({}, "plugin.echo.sise: unknown key; this plugin has no settings"),
    ],
)
def test_an_unknown_key_says_what_there_is(schema, words):
    """A key that the manifest does not describe is a problem that names the nearest."""
    assert (words,) == resolve("echo", schema, {"sise": "s3cret-value"}, {}).problems


def test_a_secret_may_lie_in_a_file(tmp_path):
    """A secret is read from the file that a variable or the settings name, without its line end."""
    file = tmp_path / "key"
    file.write_text("s3cret-value\n", "utf-8")
    setting = spec("secret", env=("ION_X",))
    assert "s3cret-value" == settled(setting, {"file": str(file)})
    assert "s3cret-value" == settled(setting, "other", {"ION_X_FILE": str(file)})
    assert "direct" == settled(setting, None, {"ION_X": "direct", "ION_X_FILE": str(file)})


def test_a_secret_file_may_lie_in_the_home_folder(tmp_path, monkeypatch):
    """A path that begins with ~ is looked up in the user's home, in the file and in a variable."""
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "key").write_text("s3cret-value\n", "utf-8")
    setting = spec("secret", env=("ION_X",))
    assert "s3cret-value" == settled(setting, {"file": "~/key"})
    assert "s3cret-value" == settled(setting, None, {"ION_X_FILE": "~/key"})


def test_a_home_folder_that_does_not_exist_is_a_problem():
    """The home of a user who does not exist is named, as any other wrong path."""
    found = resolve("echo", {"x": spec("secret")}, {"x": {"file": "~nobody-of-this-name/k"}}, {})
    (problem,) = found.problems
    assert problem.startswith("plugin.echo.x: ~nobody-of-this-name/k begins with a home folder")


def test_the_variables_of_a_setting():
    """The _FILE form counts among the variables of a secret, and of nothing else."""
    assert ("ION_X", "ION_X_FILE") == variables_of(spec("secret", env=("ION_X",)))
    assert ("ION_X",) == variables_of(spec("string", env=("ION_X",)))


def test_a_secret_file_in_another_encoding_shows_nothing_of_it(tmp_path):
    """A file that is not UTF-8 is named, and no byte of it is shown."""
    file = tmp_path / "key"
    file.write_bytes(b"s3cret-\xff\xfe")
    found = resolve("echo", {"x": spec("secret")}, {"x": {"file": str(file)}}, {})
    assert (f"plugin.echo.x: {file} is not UTF-8 text",) == found.problems


def test_a_file_is_for_secrets_only(tmp_path):
    """The _FILE form of a variable belongs to secrets; another setting does not read it."""
    assert None is settled(spec("string", env=("ION_X",)), None, {"ION_X_FILE": str(tmp_path)})


def test_values_are_not_shown():
    """The outcome's repr holds no value."""
    found = resolve("echo", {"x": spec("secret")}, {"x": "s3cret-value"}, {})
    assert "s3cret-value" == found.values["x"]
    assert "s3cret-value" not in repr(found)


SCHEMA = """
[settings.size]
type = "integer"
description = "Size."
default = 7
minimum = 1
env = ["ION_ECHO_SIZE"]
[settings.key]
type = "secret"
description = "Key."
"""
ECHO = PluginPackage(
    name="echo",
    manifest=MANIFEST.format(name="echo", kind="extension") + SCHEMA,
    init="raise SystemExit('imported')",
    code="raise SystemExit('imported')",
)


@contextmanager
def ion_with(folder, text, environ=None):
    """An `Ion` with one plugin whose import would be noticed, and a settings file."""
    config = folder / "ion.toml"
    config.write_text(text, "utf-8")
    settings = load_settings({}, CommandLine(config=config))
    with installed_on_path(folder / "site", ECHO):
        yield Ion(
            settings,
            source=lambda: tuple(c for c in installed() if c.distribution == ECHO.distribution),
            environ=environ or {},
        )


def test_values_are_settled_without_an_import(tmp_path):
    """File and environment are checked and settled before anything of the plugin is imported."""
    text = '[plugin.echo]\nkey = "s3cret-value"\n'
    with ion_with(tmp_path, text, {"ION_ECHO_SIZE": "9"}) as ion:
        (record,) = ion.plugins
        assert Status.READY is record.status
        assert {"size": 9, "key": "s3cret-value"} == record.settings
        assert "ion_test_echo" not in sys.modules


@pytest.mark.parametrize(
    ("text", "environ", "words"),
    [
        ("[plugin.echo]\nsise = 1\n", {}, "{file}: plugin.echo.sise: unknown key; did you mean si"),
        ("[plugin.echo]\nsize = 0\n", {}, "{file}: plugin.echo.size: must be at least 1, is 0"),
        ("", {"ION_ECHO_SIZE": "big"}, "ION_ECHO_SIZE: must be an integer"),
        ("[plugin.ecko]\nsize = 1\n", {}, "{file}: plugin.ecko: no plugin of this name is instal"),
    ],
)
def test_wrong_settings_of_a_plugin_stop_the_start(tmp_path, text, environ, words):
    """The start stops before any import, and the error names the file or variable and the key."""
    with ion_with(tmp_path, text, environ) as ion:
        with pytest.raises(SettingsError) as caught:
            ion.activate()
        assert words.format(file=tmp_path / "ion.toml") in str(caught.value)
        assert "ion_test_echo" not in sys.modules


def test_settings_of_a_disabled_plugin_are_kept_for_later(tmp_path):
    """A table of a plugin that is disabled stops nothing, and is not checked."""
    text = '[plugins]\ndisable = ["echo"]\n[plugin.echo]\nsise = 1\n'
    with ion_with(tmp_path, text) as ion:
        ion.activate()
        assert Status.DISABLED is ion.plugins[0].status


def test_variables_of_manifests_are_known(tmp_path):
    """A variable that a manifest names does not warn, a misspelt one suggests it."""
    with ion_with(tmp_path, "", {"ION_ECHO_SIZE": "1", "ION_ECHO_SIZ": "1"}) as ion:
        (warning,) = ion.warnings()
        assert "ION_ECHO_SIZ is not known" in warning
        assert "did you mean ION_ECHO_SIZE?" in warning


@attrs.frozen
class Own:
    """A plugin's own settings."""

    size: int
    names: tuple[str, ...] = ()


def context(**settings):
    """A context with these settings."""
    return PluginContext("echo", "1.0", settings, SystemClock(), Path("data"))


def test_a_plugin_may_have_its_settings_as_a_class():
    """The validated settings become an instance of the plugin's own class."""
    assert Own(3, ("a",)) == context(size=3, names=("a",)).settings_as(Own)


@pytest.mark.parametrize("settings", [{"size": 3, "colour": "red"}, {}])
def test_a_class_that_does_not_fit_the_schema_names_the_key(settings):
    """A field too many or too few is an error that names plugin and key."""
    with pytest.raises(SettingsError) as caught:
        context(**settings).settings_as(Own)
    assert "plugin.echo" in str(caught.value)
    assert ("colour" if settings else "size") in str(caught.value)


@attrs.frozen
class Checked:
    """Settings that depend on each other."""

    low: int
    high: int = attrs.field()

    @high.validator
    def _above(self, _, value):
        if value < self.low:
            raise ValueError(f"high ({value}) must not be below low ({self.low})")


def test_a_class_that_refuses_a_value_is_quoted():
    """What a check of the plugin's own class says stands in the error, with the plugin's name."""
    with pytest.raises(SettingsError) as caught:
        context(low=3, high=2).settings_as(Checked)
    assert "high (2) must not be below low (3) @ plugin.echo" in str(caught.value)


def test_a_context_does_not_show_settings():
    """The context's repr holds no value."""
    assert "s3cret-value" not in repr(context(key="s3cret-value"))
