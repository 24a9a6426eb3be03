"""Activation: whatever a plugin does while it is brought to life, it harms only itself."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager

import pytest

from ion_framework import Ion, Settings
from ion_framework.errors import PluginError
from ion_framework.plugin_host.discovery import installed
from ion_framework.plugin_host.record import Status
from ion_framework.settings.model import PluginSettings
from ion_framework.testing import PluginPackage, installed_on_path
from ion_framework.testing.packages import MANIFEST

BUDGET_S = 5.0
QUICK = Settings(plugins=PluginSettings(import_budget_s=BUDGET_S, startup_budget_s=BUDGET_S))


@contextmanager
def ion_with(folder, *packages, settings=QUICK):
    """An `Ion` that sees these packages and nothing else that is installed."""
    names = {package.distribution for package in packages}
    with installed_on_path(folder, *packages):
        yield Ion(
            settings,
            source=lambda: tuple(c for c in installed() if c.distribution in names),
            environ={},
        )


CODE = """
from ion_framework import hookimpl

class Plugin:
    def __init__(self, context=None):
        pass

    {body}

    @hookimpl
    def ion_observe(self, event):
        return None

def plugin(context):
    {factory}
"""


def package(name, code="", kind="monitor", body="", factory="return Plugin()", **fields):
    """A package whose import, class body or factory does something."""
    text = code + CODE.format(body=body, factory=factory)
    return PluginPackage(
        name=name, manifest=MANIFEST.format(name=name, kind=kind), code=text, **fields
    )


# name -> the package, the status, what the reason names besides
BAD = {
    "import error": (
        package("bad", "import no_such_module_anywhere\n"),
        Status.FAILED,
        ("its import raised ModuleNotFoundError", "no_such_module_anywhere", "plugin.py, line 1"),
    ),
    "syntax error": (
        package("bad", "def (\n"),
        Status.FAILED,
        ("SyntaxError", "plugin.py, line 1"),
    ),
    "exit": (
        package("bad", "raise SystemExit(3)\n"),
        Status.FAILED,
        ("its import raised SystemExit: 3", "plugin.py, line 1"),
    ),
    "sys.exit deep inside": (
        package("bad", "import sys\nsys.exit()\n"),
        Status.FAILED,
        ("SystemExit", "plugin.py, line 2"),
    ),
    "interrupt": (
        package("bad", "raise KeyboardInterrupt\n"),
        Status.FAILED,
        ("KeyboardInterrupt",),
    ),
    "cancellation": (
        package("bad", "import asyncio\nraise asyncio.CancelledError\n"),
        Status.FAILED,
        ("CancelledError",),
    ),
    "library error": (
        package("bad", "import json\njson.loads('?')\n"),
        Status.FAILED,
        ("JSONDecodeError", "plugin.py, line 2"),
    ),
    "no message": (
        package("bad", "class E(Exception):\n    def __str__(self): raise E\nraise E('x')\n"),
        Status.FAILED,
        ("raised E",),
    ),
    "no module": (
        PluginPackage(
            name="bad",
            manifest=MANIFEST.format(name="bad", kind="monitor"),
            target="ion_test_bad.gone:plugin",
        ),
        Status.FAILED,
        ("ModuleNotFoundError", "ion_test_bad.gone"),
    ),
    "no attribute": (
        package("bad", target="ion_test_bad.plugin:made"),
        Status.FAILED,
        ("AttributeError", "made"),
    ),
    "not callable": (
        package("bad", target="ion_test_bad.plugin:instance", factory="return 1\ninstance = 3"),
        Status.FAILED,
        ("ion_test_bad.plugin:instance is int, not a factory", "takes the plugin"),
    ),
    "factory raises": (
        package("bad", factory="raise ValueError('no luck')"),
        Status.FAILED,
        ("its factory raised ValueError: no luck", "plugin.py, line"),
    ),
    "factory exits": (package("bad", factory="raise SystemExit"), Status.FAILED, ("SystemExit",)),
    "factory takes nothing": (
        package("bad", target="ion_test_bad.plugin:none", factory="return 1\ndef none(): return 1"),
        Status.FAILED,
        ("its factory raised TypeError",),
    ),
    "factory returns None": (
        package("bad", factory="return None"),
        Status.INVALID,
        ("its factory returned None", "return the object"),
    ),
    "factory returns a class": (
        package("bad", factory="return Plugin"),
        Status.INVALID,
        ("returned the class Plugin", "return an instance"),
    ),
    "factory returns a number": (
        package("bad", factory="return 42"),
        Status.INVALID,
        ("returned a int without a hook", "@hookimpl"),
    ),
    "import sleeps": (
        package("bad", "import time\ntime.sleep(30)\n", distribution="ion-test-sleeper"),
        Status.FAILED,
        ("its import took longer than 5 s", "plugin.py, line 2"),
    ),
    "import computes": (
        package("bad", "while True:\n    pass\n", distribution="ion-test-busy"),
        Status.FAILED,
        ("its import took longer than 5 s", "plugin.py, line"),
    ),
    "factory sleeps": (
        package("bad", "import time\n", factory="time.sleep(30)"),
        Status.FAILED,
        ("its factory took longer than 5 s", "plugin.py, line"),
    ),
    "dir raises": (
        package("bad", body="def __dir__(self): raise OSError('no entry')"),
        Status.FAILED,
        ("OSError: no entry",),
    ),
    "comparison raises": (
        package("bad", body="def __eq__(self, other): raise OSError('equal?')"),
        Status.INVALID,
        ("cannot be registered", "OSError: equal?"),
    ),
}


@pytest.mark.parametrize(("bad", "status", "words"), BAD.values(), ids=BAD)
def test_a_bad_plugin_is_contained_and_named(tmp_path, bad, status, words):
    """The culprit is FAILED or INVALID with kind, file and line; the plugins beside it run."""
    with ion_with(tmp_path, package("ann"), bad, package("zoe")) as ion:
        started = time.monotonic()
        ion.activate()
        assert time.monotonic() - started < BUDGET_S + 8.0
        record = ion.host.record("bad")
        assert (status, []) == (record.status, [w for w in words if w not in record.reason])
        assert "\n" not in record.reason
        others = [ion.host.record(name).status for name in ("ann", "zoe")]
        assert [Status.ACTIVE] * 2 == others
        calls = [item.plugin for item in ion.host.table()["ion_observe"]]
        assert ["ann", "zoe"] == calls


def test_hangs_overlap(tmp_path):
    """Ten plugins that hang cost about one budget together, and good ones among them run."""
    sleepers = [package(f"bad-{n}", "import time\ntime.sleep(30)\n") for n in range(10)]
    settings = Settings(plugins=PluginSettings(import_budget_s=BUDGET_S))
    packages = (package("ann"), *sleepers, package("zoe"))
    with ion_with(tmp_path, *packages, settings=settings) as ion:
        started = time.monotonic()
        ion.activate()
        assert time.monotonic() - started < BUDGET_S + 8.0
        failed = [r.name for r in ion.plugins if "plugin.py, line 2" in r.reason]
        assert [f"bad-{n}" for n in range(10)] == failed
        active = [r.name for r in ion.plugins if r.status is Status.ACTIVE]
        assert ["ann", "zoe"] == active


def test_an_import_that_computes_is_ended(tmp_path):
    """A plugin that computes for ever takes no share of the time after its budget."""
    with ion_with(tmp_path, package("endless", "while True:\n    pass\n")) as ion:
        ion.activate()
        threads = [t for t in threading.enumerate() if t.name == "ion-import-endless"]
        for thread in threads:
            thread.join(5)
        assert [] == [thread for thread in threads if thread.is_alive()]


def test_a_slow_import_within_the_budget_is_no_failure(tmp_path):
    """An import that takes longer than the host's patience, but not its budget, is ACTIVE."""
    settings = Settings(plugins=PluginSettings(import_budget_s=10))
    slow = package("slow", "import time\ntime.sleep(0.8)\n")
    with ion_with(tmp_path, slow, package("zoe"), settings=settings) as ion:
        ion.activate()
        assert [Status.ACTIVE] * 2 == [record.status for record in ion.plugins]
        assert 800 <= ion.host.record("slow").import_ms < 3000


def test_neighbours_are_not_blamed_for_a_hang(tmp_path):
    """The place of a hang is in the plugin's own package, not in one whose name it begins."""
    longer = package("side-by", "def wait(call):\n    call()\n")
    hanging = package(
        "side",
        "import time\nfrom ion_test_side_by.plugin import wait\nwait(lambda: time.sleep(30))\n",
    )
    with ion_with(tmp_path, longer, hanging) as ion:
        ion.activate()
        assert (
            f"{tmp_path / 'ion_test_side' / 'plugin.py'}, line 3" in ion.host.record("side").reason
        )


def test_a_plugin_that_prints_runs(tmp_path):
    """Printing at import is bad manners, not a failure."""
    with ion_with(tmp_path, package("loud", "print('hello')\n")) as ion:
        ion.activate()
        assert Status.ACTIVE is ion.plugins[0].status


def test_one_object_for_two_plugins_is_refused(tmp_path):
    """An object that another factory has returned already makes its plugin INVALID."""
    shared = "from ion_test_ann.plugin import SHARED\n"
    packages = (
        package("ann", factory="return SHARED\nSHARED = Plugin()"),
        package("ben", shared, factory="return SHARED"),
    )
    with ion_with(tmp_path, *packages) as ion:
        ion.activate()
        assert [Status.ACTIVE, Status.INVALID] == [record.status for record in ion.plugins]
        assert "the object that ann has returned already" in ion.plugins[1].reason


def test_a_plugin_gets_its_own_settings(tmp_path):
    """The factory's context holds name, version, folder and the settings by the schema."""
    manifest = MANIFEST.format(name="echo", kind="monitor") + (
        '[settings.size]\ntype = "integer"\ndescription = "Size."\ndefault = 7\n'
        '[settings.names]\ntype = "list"\ndescription = "Names."\ndefault = ["a"]\n'
    )
    echo = package("echo", factory="made = Plugin(); made.context = context; return made")
    echo = PluginPackage(name="echo", manifest=manifest, code=echo.code, version="3.2")
    settings = Settings(plugin={"echo": {"size": 9}}, data_dir=tmp_path / "data")
    with ion_with(tmp_path / "site", echo, settings=settings) as ion:
        ion.activate()
        context = ion.host.registrations()[0].target.context
        assert ("echo", "3.2") == (context.name, context.version)
        assert {"size": 9, "names": ("a",)} == context.settings
        assert tmp_path / "data" / "echo" == context.data_dir
        assert ion.clock is context.clock


async def test_two_differently_configured_objects_share_nothing(tmp_path):
    """Two `Ion` objects in one process differ in plugins and settings, and stop on their own."""
    make = "made = Plugin(); made.context = context; return made"
    packages = (package("ann", factory=make), package("ben", factory=make))
    names = {item.distribution for item in packages}

    def source():
        return tuple(c for c in installed() if c.distribution in names)

    with installed_on_path(tmp_path, *packages):
        only_ann = Settings(plugins=PluginSettings(disable=("ben",)))
        async with (
            Ion(only_ann, source=source, environ={}) as first,
            Ion(QUICK, source=source, environ={}) as second,
        ):
            assert ["ann"] == [r.record.name for r in first.host.registrations()]
            assert ["ann", "ben"] == [r.record.name for r in second.host.registrations()]
            assert Status.DISABLED is first.host.record("ben").status
            one, two = (ion.host.registrations()[0].target for ion in (first, second))
            assert type(one) is type(two)
            assert one is not two
        second.host.fail("ann", "for a test")
        assert Status.ACTIVE is first.host.record("ann").status


def test_nothing_is_called_before_activation(tmp_path):
    """Asking for the table of hooks before activation is an error that says what to call."""
    with ion_with(tmp_path, package("ann")) as ion, pytest.raises(PluginError) as caught:
        ion.host.table()
    assert "call activate() first" in str(caught.value)
