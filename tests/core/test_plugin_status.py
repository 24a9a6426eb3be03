"""The status of a plugin: each one reached by a real package, with a reason that helps."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from pathlib import Path

import attrs
import pytest

from ion_framework import Ion, Settings
from ion_framework.pipeline.events import PluginStatusChanged
from ion_framework.plugin_host.discovery import installed
from ion_framework.plugin_host.record import Status
from ion_framework.settings.model import PluginSettings
from ion_framework.testing import PluginPackage, VirtualClock, installed_on_path
from ion_framework.testing.packages import MANIFEST

CODE = """
from ion_framework import hookimpl

class Plugin:
    @hookimpl
    def ion_finish(self, reply):
        return None

def plugin(context):
    return Plugin()
"""


def extension(name, extra="", code=CODE, kind="extension", **fields):
    """A package of the given kind whose manifest ends with some lines."""
    manifest = MANIFEST.format(name=name, kind=kind) + extra
    return PluginPackage(name=name, manifest=manifest, code=code, **fields)


@contextmanager
def ion_with(folder: Path, *packages, settings=None, environ=None, clock=None):
    """An `Ion` that sees these packages and nothing else that is installed."""
    names = {package.distribution for package in packages}
    with installed_on_path(folder, *packages):
        yield Ion(
            settings,
            source=lambda: tuple(c for c in installed() if c.distribution in names),
            environ=environ or {},
            clock=clock,
        )


KEYED = """
needs = [["api_key", "project"], ["region"]]
[settings.api_key]
type = "secret"
description = "Key of the account."
env = ["ION_ECHO_KEY"]
[settings.project]
type = "string"
description = "Project of the account."
[settings.region]
type = "string"
description = "Where it runs."
default = "earth"
"""


def case(*values, name):
    """A package, settings, environment, the status that follows, and words of its reason."""
    return pytest.param(values, id=name)


STATIC = [
    case(extension("echo"), {}, {}, Status.READY, ("can be activated",), name="ready"),
    case(
        extension("echo", KEYED),
        {},
        {},
        Status.IDLE,
        ("api_key in [plugin.echo]", "ION_ECHO_KEY", "project in [plugin.echo]"),
        name="idle",
    ),
    case(extension("echo", KEYED), {}, {"ION_ECHO_KEY": "k"}, Status.READY, (), name="key-given"),
    case(
        extension("echo", KEYED),
        {"plugin": {"echo": {"project": "p", "region": ""}}},
        {},
        Status.IDLE,
        ("region in [plugin.echo]",),
        name="idle-second-group",
    ),
    case(
        extension("echo"),
        {"plugins": PluginSettings(disable=("echo",))},
        {},
        Status.DISABLED,
        ("the settings",),
        name="disabled",
    ),
    case(
        PluginPackage(name="echo", manifest='ion_api = 99\nname = "echo"\nnews = { a = 1 }\n'),
        {},
        {},
        Status.INCOMPATIBLE,
        ("ion-plugin.toml: ion_api", "plugin API 99", "offers 1", "upgrade ion-framework"),
        name="incompatible-newer",
    ),
    case(
        PluginPackage(name="echo", manifest="ion_api = 0\n"),
        {},
        {},
        Status.INCOMPATIBLE,
        ("plugin API 0", "ask its author for a newer release"),
        name="incompatible-older",
    ),
    case(
        PluginPackage(name="echo", manifest="ion_api = ?\n"),
        {},
        {},
        Status.INVALID,
        ("ion-plugin.toml", "not valid TOML", "line 1"),
        name="invalid-toml",
    ),
    case(
        PluginPackage(
            name="echo", manifest=MANIFEST.format(name="other", kind="extension"), code=CODE
        ),
        {},
        {},
        Status.INVALID,
        ("'echo'", "'other'", "the same name"),
        name="invalid-two-names",
    ),
    case(
        extension("echo", code=""),
        {},
        {},
        Status.INVALID,
        ("names no factory", 'echo = "ion_test_echo.plugin:plugin"'),
        name="invalid-no-factory",
    ),
    case(
        extension("echo", KEYED),
        {"plugin": {"echo": {"api_kee": "s3cret-value", "project": 3}}},
        {},
        Status.INVALID,
        ("plugin.echo.api_kee", "did you mean api_key?", "plugin.echo.project: must be a string"),
        name="invalid-settings",
    ),
]


@pytest.mark.parametrize("case", STATIC)
def test_status_before_activation(tmp_path, case):
    """The status that needs no import, and the reason that says what to do."""
    package, settings, environ, status, words = case
    with ion_with(tmp_path, package, settings=Settings(**settings), environ=environ) as ion:
        (record,) = ion.plugins
        assert (status, []) == (record.status, [w for w in words if w not in record.reason])
        assert "s3cret-value" not in record.reason


def twins():
    """Two distributions that bring one name."""
    return tuple(
        extension("echo", distribution=f"ion-test-echo-{end}", version=version)
        for end, version in (("one", "1.0"), ("two", "2.0"))
    )


def test_two_distributions_with_one_name_are_in_conflict(tmp_path):
    """Both are in CONFLICT, and the reason names both and how to choose."""
    with ion_with(tmp_path, *twins()) as ion:
        assert [Status.CONFLICT] * 2 == [r.status for r in ion.plugins]
        first, second = ion.plugins
        for record, other in ((first, second), (second, first)):
            assert "ion-test-echo-one 1.0 and ion-test-echo-two 2.0" in record.reason
            assert f"plugins.disable = ['{other.distribution}']" in record.reason
        ion.activate()
        assert [Status.CONFLICT] * 2 == [r.status for r in ion.plugins]


def test_disabling_one_distribution_resolves_a_conflict(tmp_path):
    """What the reason of a conflict says to write makes the other one run."""
    settings = Settings(plugins=PluginSettings(disable=("Ion.Test_Echo-one",)))
    with ion_with(tmp_path, *twins(), settings=settings) as ion:
        ion.activate()
        assert [Status.DISABLED, Status.ACTIVE] == [r.status for r in ion.plugins]
        assert "2.0" == ion.host.record("echo").version


def test_activation_makes_active_or_failed_and_measures(tmp_path):
    """What runs is ACTIVE, what raised is FAILED, what is IDLE stays; imports have a time."""
    packages = (
        extension("good"),
        extension("bad", code="raise RuntimeError('no luck today')"),
        extension("idle", KEYED),
        PluginPackage(name="sage"),
    )
    with ion_with(tmp_path, *packages) as ion:
        ion.activate()
        status = {record.name: record.status for record in ion.plugins}
        times = {record.name: record.import_ms for record in ion.plugins}
    wanted = {"bad": Status.FAILED, "good": Status.ACTIVE, "idle": Status.IDLE}
    assert {**wanted, "sage": Status.ACTIVE} == status
    assert times["good"] > 0
    assert (None, None) == (times["idle"], times["sage"])
    reason = next(r.reason for r in ion.plugins if r.name == "bad")
    assert "no luck today" in reason
    assert f"{tmp_path / 'ion_test_bad' / 'plugin.py'}, line 1" in reason


OBSERVER = """
from ion_framework import hookimpl

class Plugin:
    broken = True

    @hookimpl
    def ion_observe(self, event):
        if self.broken:
            raise ValueError("cannot count")

instance = Plugin()

def plugin(context):
    return instance
"""


async def settled(ion, status):
    """Wait until the only plugin has a status."""
    async with asyncio.timeout(5):
        while ion.plugins[0].status is not status:  # noqa: ASYNC110  a status sends no signal
            await asyncio.sleep(0.001)


async def test_an_observer_that_keeps_failing_is_quarantined_and_let_in_again(tmp_path):
    """Five failures make it QUARANTINED with the reason; a minute later it is ACTIVE again."""
    clock = VirtualClock()
    package = extension("echo", kind="monitor", code=OBSERVER)
    event = PluginStatusChanged(plugin="x", before="ready", after="active", reason="", at=0.0)
    with ion_with(tmp_path, package, clock=clock) as ion:
        async with ion:
            for _ in range(5):
                assert ion.plugins[0].status is Status.ACTIVE
                ion.emit(event)
            await settled(ion, Status.QUARANTINED)
            assert "failed 5 times within 60 s in ion_observe" in ion.plugins[0].reason
            assert "ValueError: cannot count" in ion.plugins[0].reason
            type(ion.host.registrations()[0].target).broken = False
            clock.advance(61)
            ion.emit(event)
            await settled(ion, Status.ACTIVE)


def test_records_do_not_show_settings(tmp_path):
    """Neither record nor settings show a secret when they are printed."""
    settings = Settings(plugin={"echo": {"api_key": "s3cret-value"}})
    with ion_with(tmp_path, extension("echo", KEYED), settings=settings) as ion:
        (record,) = ion.plugins
        assert "s3cret-value" == record.settings["api_key"]
        assert "s3cret-value" not in f"{record!r}{settings!r}{attrs.asdict(record.candidate)!r}"
