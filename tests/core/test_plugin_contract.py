"""The contract of hook implementations: what breaks it is INVALID and says how to mend it."""

from __future__ import annotations

from contextlib import contextmanager

import pytest

from ion_framework import Ion, Settings, hookimpl
from ion_framework.plugin_host.discovery import installed
from ion_framework.plugin_host.record import Status
from ion_framework.settings.model import PluginSettings
from ion_framework.testing import PluginPackage, installed_on_path
from ion_framework.testing.packages import MANIFEST, PERSONA_MANIFEST


@contextmanager
def ion_with(folder, *packages):
    """An `Ion` that sees these packages and nothing else that is installed."""
    names = {package.distribution for package in packages}
    with installed_on_path(folder, *packages):
        yield Ion(
            Settings(plugins=PluginSettings(import_budget_s=2)),
            source=lambda: tuple(c for c in installed() if c.distribution in names),
            environ={},
        )


CODE = """
import functools

import pluggy

from ion_framework import hookimpl

raw = pluggy.HookimplMarker("ion")

class Plugin:
    @property
    def treasure(self):
        raise RuntimeError("a property must not be read by looking at the plugin")

{body}

def plugin(context):
    return Plugin()
"""


def plugin(name, body, provides="extension"):
    """A package whose object has these methods."""
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    persona = provides == "persona"
    return PluginPackage(
        name=name,
        manifest=(
            PERSONA_MANIFEST.format(name=name)
            if persona
            else MANIFEST.format(name=name, kind='", "'.join(provides.split()))
        ),
        code=CODE.format(body=lines),
    )


def broken(case, body, *words, provides="extension"):
    """A case: methods that break the contract, and what the reason has to name."""
    return pytest.param(body, provides, words, id=case)


BROKEN = [
    broken(
        "misspelt",
        "@hookimpl\ndef ion_analyse(self, turn): ...",
        "ion_analyse is no hook",
        "did you mean ion_analyze?",
        provides="analyzer",
    ),
    broken(
        "unlike any",
        "@hookimpl\ndef ion_qqqqqqqq(self): ...",
        "is no hook; hooks are:",
        "ion_generate",
    ),
    broken("no prefix", "@hookimpl\ndef generate(self, turn): ...", "generate is no hook"),
    broken("unmarked", "def ion_finish(self, reply): ...", "ion_finish is not marked", "@hookimpl"),
    broken(
        "unmarked beside marked",
        "@hookimpl\ndef ion_finish(self, reply): ...\ndef ion_observe(self, event): ...",
        "ion_observe is not marked",
    ),
    broken("no hook at all", "def help(self): ...", "without a hook", "@hookimpl"),
    broken(
        "wrong argument",
        "@hookimpl\ndef ion_finish(self, answer): ...",
        "ion_finish takes 'answer'",
        "it passes: reply",
    ),
    broken(
        "argument of another hook",
        "@hookimpl\ndef ion_finish(self, reply, trace): ...",
        "ion_finish takes 'trace'",
    ),
    broken(
        "argument with a default",
        "@hookimpl\ndef ion_finish(self, reply, extra=1): ...",
        "ion_finish takes 'extra'",
    ),
    broken(
        "argument where none is",
        "@hookimpl\ndef ion_startup(self, app): ...",
        "ion_startup takes 'app'",
        "it passes: none",
    ),
    broken(
        "keyword only",
        "@hookimpl\ndef ion_finish(self, *, reply): ...",
        "ion_finish takes reply as keyword-only",
        "remove the *",
    ),
    broken(
        "star args",
        "@hookimpl\ndef ion_finish(self, *reply): ...",
        "*reply",
        "name the arguments that it uses",
    ),
    broken(
        "star kwargs",
        "@hookimpl\ndef ion_finish(self, **values): ...",
        "**values",
        "name the arguments that it uses",
    ),
    broken(
        "no self",
        "@hookimpl\ndef ion_finish(reply): ...",
        "ion_finish lacks self",
        "def ion_finish(self, …)",
    ),
    broken("nothing at all", "@hookimpl\ndef ion_startup(): ...", "ion_startup lacks self"),
    *(
        broken(
            option,
            f"@raw({option}=True)\ndef ion_finish(self, reply):\n    yield",
            f"pluggy's {option}",
            "before/after",
            "manifest",
        )
        for option in ("wrapper", "hookwrapper")
    ),
    *(
        broken(
            option,
            f"@raw({option}=True)\ndef ion_finish(self, reply): ...",
            f"pluggy's {option}",
            "before/after",
            "manifest",
        )
        for option in ("tryfirst", "trylast", "optionalhook")
    ),
    broken(
        "specname",
        "@raw(specname='ion_finish')\ndef ion_other(self, reply): ...",
        "pluggy's specname",
    ),
    broken(
        "async generator for a value",
        "@hookimpl\nasync def ion_finish(self, reply):\n    yield reply",
        "ion_finish is an async generator",
        "return one value",
    ),
    broken(
        "generator for a value",
        "@hookimpl\ndef ion_finish(self, reply):\n    yield reply",
        "ion_finish is a generator",
        "return one value",
    ),
    broken(
        "generator for a stream",
        "@hookimpl\ndef ion_generate(self, turn):\n    yield 1",
        "ion_generate is a generator",
        "yield from an async def",
        provides="generator",
    ),
    broken(
        "async provide",
        "@hookimpl\nasync def ion_provide_cache(self): ...",
        "ion_provide_cache is async",
        "use def",
        provides="cache",
    ),
    broken(
        "async generator provide",
        "@hookimpl\nasync def ion_provide_routes(self):\n    yield 1",
        "ion_provide_routes is an async generator",
    ),
    broken(
        "foreign kind",
        "@hookimpl\ndef ion_generate(self, turn): ...",
        "ion_generate needs 'generator' in the manifest's provides",
    ),
    broken(
        "one of several kinds",
        "@hookimpl\ndef ion_provide_routes(self): ...",
        "ion_provide_routes needs 'extension' or 'monitor'",
        provides="cache",
    ),
    broken(
        "second kind missing",
        "@hookimpl\ndef ion_guard(self, turn): ...\n@hookimpl\ndef ion_analyze(self, turn): ...",
        "ion_guard needs 'guard'",
        provides="analyzer",
    ),
    broken(
        "persona observes",
        "@hookimpl\ndef ion_observe(self, event): ...",
        "ion_observe is no hook of a persona",
        "ion_build_prompt",
        "ion_transform_stream",
        provides="persona",
    ),
    broken(
        "persona starts",
        "@hookimpl\nasync def ion_startup(self): ...",
        "ion_startup is no hook of a persona, which may implement: ion_build_prompt",
        provides="persona",
    ),
    broken(
        "persona stops",
        "@hookimpl\ndef ion_shutdown(self): ...",
        "ion_shutdown is no hook of a persona",
        provides="persona",
    ),
    broken(
        "persona generates",
        "@hookimpl\ndef ion_generate(self, turn): ...",
        "ion_generate is no hook of a persona",
        provides="persona",
    ),
    broken(
        "persona provides",
        "@hookimpl\ndef ion_provide_personas(self): ...",
        "ion_provide_personas is no hook of a persona",
        provides="persona",
    ),
    broken(
        "two faults",
        "@hookimpl\ndef ion_finish(self, answer): ...\n@hookimpl\ndef ion_analyse(self): ...",
        "ion_finish takes 'answer'",
        "did you mean ion_analyze?",
    ),
]


@pytest.mark.parametrize(("body", "provides", "words"), BROKEN)
def test_a_breach_is_invalid_and_says_the_fix(tmp_path, body, provides, words):
    """The plugin is INVALID, each breach is named with what is valid, and no hook of it is left."""
    good = plugin("good", "@hookimpl\ndef ion_finish(self, reply): ...")
    with ion_with(tmp_path, plugin("bad", body, provides), good) as ion:
        ion.activate()
        record = ion.host.record("bad")
        assert (Status.INVALID, []) == (record.status, [w for w in words if w not in record.reason])
        callers = {item.plugin for items in ion.host.table().values() for item in items}
        assert {"good"} == callers
        assert () == ion.personas


SOUND = [
    ("fewer arguments", "@hookimpl\ndef ion_finish(self): ...", "extension"),
    ("a default", "@hookimpl\ndef ion_finish(self, reply=None): ...", "extension"),
    ("other order", "@hookimpl\ndef ion_route(self, personas, turn): ...", "router"),
    ("another name for self", "@hookimpl\ndef ion_finish(this, reply): ...", "extension"),
    ("static", "@staticmethod\n@hookimpl\ndef ion_finish(reply): ...", "extension"),
    ("of the class", "@classmethod\n@hookimpl\ndef ion_finish(cls, reply): ...", "extension"),
    ("async", "@hookimpl\nasync def ion_finish(self, reply): ...", "extension"),
    ("pluggy's own marker", "@raw\ndef ion_finish(self, reply): ...", "extension"),
    ("stream", "@hookimpl\nasync def ion_generate(self):\n    yield 1", "generator"),
    ("plain stream", "@hookimpl\ndef ion_generate(self, prompt): ...", "generator"),
    (
        "two kinds",
        "@hookimpl\ndef ion_guard(self): ...\n@hookimpl\ndef ion_analyze(self): ...",
        "guard analyzer",
    ),
    ("persona", "@hookimpl\ndef ion_finish(self, reply): ...", "persona"),
    (
        "wrapped",
        "@hookimpl\n@functools.wraps(lambda self, reply: None)\ndef ion_finish(self, reply): ...",
        "extension",
    ),
    (
        "inner name",
        "@hookimpl\ndef ion_finish(self, reply): ...\ndef _ion_help(self): ...",
        "extension",
    ),
]


@pytest.mark.parametrize(("body", "provides"), [c[1:] for c in SOUND], ids=[c[0] for c in SOUND])
def test_what_keeps_the_contract_is_active(tmp_path, body, provides):
    """Every permitted way to write an implementation is ACTIVE, and its property stays unread."""
    with ion_with(tmp_path, plugin("good", body, provides)) as ion:
        ion.activate()
        assert (Status.ACTIVE, "runs") == (ion.plugins[0].status, ion.plugins[0].reason)
        callers = {item.plugin for items in ion.host.table().values() for item in items}
        assert {"good"} == callers


def test_a_persona_with_code_serves_its_own_turns_before_the_standard(tmp_path):
    """Hooks of a persona's code are bound to that persona and stand before its manifest's."""
    body = "@hookimpl\ndef ion_build_prompt(self, turn): ..."
    with ion_with(tmp_path, plugin("sage", body, "persona"), PluginPackage(name="muse")) as ion:
        ion.activate()
        items = ion.host.table()["ion_build_prompt"]
        assert ["sage", "muse", "sage"] == [item.plugin for item in items]
        assert ["sage", "muse", "sage"] == [item.persona for item in items]
        assert items[0].applies_to("sage")
        assert not items[0].applies_to("muse")


def test_two_personas_that_bear_one_name_are_in_conflict(tmp_path):
    """Two distributions that bring one persona are both in CONFLICT, and the reason names both."""
    packages = [
        PluginPackage(name="sage", distribution=f"ion-test-sage-{end}") for end in ("one", "two")
    ]
    with ion_with(tmp_path, *packages) as ion:
        ion.activate()
        for record in ion.plugins:
            assert Status.CONFLICT is record.status
            assert "ion-test-sage-one 1.0 and ion-test-sage-two 1.0" in record.reason
        assert () == ion.personas


@pytest.mark.parametrize("option", ["tryfirst", "trylast", "wrapper", "hookwrapper"])
def test_our_own_marker_refuses_pluggys_options(option):
    """@hookimpl with an option of pluggy's is an error that names before/after."""
    with pytest.raises(TypeError, match=f"{option}; state the order with before/after"):

        @hookimpl(**{option: True})
        def ion_route(turn):
            """Nothing."""
