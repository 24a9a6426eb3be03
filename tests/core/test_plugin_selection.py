"""Which plugins run: lists by plugin and distribution, required plugins, safe mode."""

from __future__ import annotations

from contextlib import contextmanager

import pytest

from ion_framework import Ion, Settings
from ion_framework.errors import RequiredPluginError
from ion_framework.plugin_host.discovery import installed
from ion_framework.plugin_host.record import Status
from ion_framework.settings.loading import CommandLine, load_settings
from ion_framework.settings.model import PluginSettings
from ion_framework.testing import PluginPackage, installed_on_path
from ion_framework.testing.packages import MANIFEST


@contextmanager
def ion_with(folder, *packages, settings=None):
    """An `Ion` that sees these packages and nothing else that is installed."""
    names = {package.distribution for package in packages}
    with installed_on_path(folder, *packages):
        yield Ion(
            settings,
            source=lambda: tuple(c for c in installed() if c.distribution in names),
            environ={},
        )


PERSONAS = tuple(PluginPackage(name=name) for name in ("ann", "ben", "cleo"))

# what the file says, what the environment says, what the command line says -> who runs
LISTS = [
    ("", {}, CommandLine(), "ann ben cleo"),
    ('disable = ["ann"]', {}, CommandLine(), "ben cleo"),
    ('disable = ["Ion_Test.Ann"]', {}, CommandLine(), "ben cleo"),
    ('enable = ["ann"]', {}, CommandLine(), "ann"),
    ('enable = ["ion-test-ann", "ben"]\ndisable = ["ben"]', {}, CommandLine(), "ann"),
    ("", {"ION_PLUGINS_DISABLE": "ann, ion-test-ben"}, CommandLine(), "cleo"),
    ("", {"ION_PLUGINS_ENABLE": "ann,,"}, CommandLine(), "ann"),
    ('disable = ["ann"]', {"ION_PLUGINS_ENABLE": "ann"}, CommandLine(), "ann"),
    ('enable = ["ann"]', {"ION_PLUGINS_DISABLE": "ion-test-ann"}, CommandLine(), ""),
    ('disable = ["ion-test-ann"]', {}, CommandLine(enable=("ann",)), "ann"),
    ("", {"ION_PLUGINS_DISABLE": "ann"}, CommandLine(enable=("ion-test-ann",)), "ann"),
    ("", {"ION_PLUGINS_ENABLE": "ann,ben"}, CommandLine(disable=("ann",)), "ben"),
    ('enable = ["ann"]', {"ION_PLUGINS_DISABLE": "ann"}, CommandLine(enable=("ann",)), "ann"),
]


@pytest.mark.parametrize(("file", "environ", "command_line", "running"), LISTS)
def test_lists_rise_from_file_to_environment_to_command_line(
    tmp_path, file, environ, command_line, running
):
    """The highest source that names a plugin or its distribution decides whether it runs."""
    config = tmp_path / "ion.toml"
    config.write_text(f"[plugins]\n{file}\n", "utf-8")
    settings = load_settings({"ION_CONFIG": str(config), **environ}, command_line)
    with ion_with(tmp_path / "site", *PERSONAS, settings=settings) as ion:
        ready = [record.name for record in ion.plugins if record.status is Status.READY]
        assert running.split() == ready
        rest = [record for record in ion.plugins if record.name not in ready]
        assert {Status.DISABLED} >= {record.status for record in rest}
        assert all(record.reason for record in rest)


@pytest.mark.parametrize(
    ("environ", "command_line", "source"),
    [
        ({}, CommandLine(disable=("ann",)), "the command line"),
        ({"ION_PLUGINS_DISABLE": "ann"}, CommandLine(), "ION_PLUGINS_DISABLE"),
        ({"ION_PLUGINS_ENABLE": "ben"}, CommandLine(), "not on the list of enabled plugins"),
    ],
)
def test_a_disabled_plugin_says_who_disabled_it(tmp_path, environ, command_line, source):
    """The reason of DISABLED names the source of the list."""
    settings = load_settings(environ, command_line)
    with ion_with(tmp_path, *PERSONAS, settings=settings) as ion:
        assert source in ion.host.record("ann").reason


def test_names_on_lists_that_nobody_has_are_warned_of(tmp_path):
    """A misspelt name on a list is a warning that names list and name."""
    settings = load_settings({"ION_PLUGINS_DISABLE": "anne"}, CommandLine(enable=("ben", "bob")))
    with ion_with(tmp_path, *PERSONAS, settings=settings) as ion:
        warnings = "\n".join(ion.warnings())
    assert "ION_PLUGINS_DISABLE names 'anne', which is not installed" in warnings
    assert "the command line names 'bob', which is not installed" in warnings
    assert "'ben'" not in warnings


STARTUP = """
from ion_framework import hookimpl

class Plugin:
    @hookimpl
    async def ion_startup(self):
        {startup}

def plugin(context):
    {factory}
    return Plugin()
"""


def starting(name, startup="pass", factory="pass", extra=""):
    """A package with a factory and an ``ion_startup``."""
    return PluginPackage(
        name=name,
        manifest=MANIFEST.format(name=name, kind="extension") + extra,
        code=STARTUP.format(startup=startup, factory=factory),
    )


NEEDY = 'needs = [["key"]]\n[settings.key]\ntype = "string"\ndescription = "Any."\n'

REQUIRED = [
    pytest.param("ghost", (), ("'ghost'", "is not installed", "plugins.required"), id="absent"),
    pytest.param(
        "needy", (starting("needy", extra=NEEDY),), ("'needy' is idle", "key in"), id="not-ready"
    ),
    pytest.param(
        "ion-test-needy",
        (starting("needy", extra=NEEDY),),
        ("'ion-test-needy' is idle",),
        id="by-distribution",
    ),
    pytest.param(
        "bad",
        (starting("bad", factory="raise OSError('no disk')"),),
        ("'bad' is failed", "its factory raised OSError: no disk"),
        id="fails-at-activation",
    ),
    pytest.param(
        "bad",
        (starting("bad", startup="raise OSError('no disk')"),),
        ("'bad' is failed", "ion_startup raised OSError: no disk"),
        id="fails-at-startup",
    ),
    pytest.param(
        "ann",
        (PluginPackage(name="ann"), PluginPackage(name="ann", distribution="ion-test-other")),
        ("'ann' is conflict", "ion-test-other"),
        id="conflict",
    ),
]


@pytest.mark.parametrize(("name", "packages", "words"), REQUIRED)
async def test_a_required_plugin_that_does_not_run_stops_the_start(tmp_path, name, packages, words):
    """Whatever keeps a required plugin from running is told by the error that stops the start."""
    settings = Settings(plugins=PluginSettings(required=(name,)))
    site = ion_with(tmp_path, *packages, starting("good"), settings=settings)
    with site as ion, pytest.raises(RequiredPluginError) as caught:
        async with ion:
            pass
    assert [] == [word for word in words if word not in str(caught.value)]


async def test_required_plugins_that_run_stop_nothing(tmp_path):
    """A required plugin, by name or by distribution, that runs lets the start go on."""
    settings = Settings(plugins=PluginSettings(required=("good", "Ion_Test-Ann")))
    bad = starting("bad", startup="raise OSError")
    packages = (starting("good"), bad, PluginPackage(name="ann"))
    with ion_with(tmp_path, *packages, settings=settings) as ion:
        async with ion:
            wanted = {"ann": Status.ACTIVE, "bad": Status.FAILED, "good": Status.ACTIVE}
            assert wanted == {record.name: record.status for record in ion.plugins}


@pytest.mark.parametrize("layer", ["file", "command line"])
def test_safe_mode_runs_first_party_plugins_only(tmp_path, layer):
    """In safe mode a third party's plugin is DISABLED, even where every list enables it."""
    config = tmp_path / "ion.toml"
    mode = "safe_mode = true\n" if layer == "file" else ""
    config.write_text(f'[plugins]\nenable = ["guest", "lua"]\n{mode}', "utf-8")
    environ = {"ION_CONFIG": str(config), "ION_PLUGINS_ENABLE": "guest,lua"}
    command_line = CommandLine(enable=("guest", "lua"), safe_mode=layer == "command line")
    own = PluginPackage(name="lua", distribution="ion-persona-lua", version="9.9")
    settings = load_settings(environ, command_line)
    with ion_with(tmp_path / "site", own, PluginPackage(name="guest"), settings=settings) as ion:
        ion.activate()
        guest, lua = ion.plugins
        assert (Status.DISABLED, Status.ACTIVE) == (guest.status, lua.status)
        assert "safe mode" in guest.reason
        assert lua.candidate.first_party
