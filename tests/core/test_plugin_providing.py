"""Provide hooks and ion_startup: one that fails costs its own plugin and nobody else's."""

from __future__ import annotations

from contextlib import contextmanager

import pytest

from ion_framework import Ion, Settings
from ion_framework.plugin_host.discovery import installed
from ion_framework.plugin_host.record import Status
from ion_framework.settings.model import PluginSettings
from ion_framework.testing import PluginPackage, installed_on_path
from ion_framework.testing.packages import MANIFEST

BUDGET_S = 0.5
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


# what a provide hook does -> what the reason names
PROVIDE = {
    "wrong type": (
        "ion_provide_cache",
        "return 3",
        "ion_provide_cache returned int instead of TurnCache",
    ),
    "raises": (
        "ion_provide_cache",
        "raise OSError('no disk')",
        "ion_provide_cache raised OSError: no disk",
    ),
    "exits": ("ion_provide_cache", "raise SystemExit(1)", "ion_provide_cache raised SystemExit: 1"),
    "interrupts": ("ion_provide_cache", "raise KeyboardInterrupt", "raised KeyboardInterrupt"),
    "hangs": (
        "ion_provide_cache",
        "__import__('time').sleep(30)",
        "ion_provide_cache took longer than 0.5 s",
    ),
    "no store": ("ion_provide_store", "return []", "returned list instead of Store"),
    "no secrets": ("ion_provide_secrets", "return {}.items()", "instead of SecretSource"),
    "no routes": ("ion_provide_routes", "return 'GET /'", "returned str instead of list or tuple"),
    "no list": ("ion_provide_personas", "return {}", "returned dict instead of list or tuple"),
    "no personas": ("ion_provide_personas", "return [3]", "ion_provide_personas returned a int"),
}
KIND_OF = {"ion_provide_cache": "cache", "ion_provide_store": "store"}


@pytest.mark.parametrize(("hook", "body", "words"), PROVIDE.values(), ids=PROVIDE)
def test_a_provide_hook_that_fails_makes_its_plugin_failed(tmp_path, hook, body, words):
    """What a provide hook raises, returns wrongly or never returns makes FAILED with the reason."""
    bad = package(
        "bad",
        kind=KIND_OF.get(hook, "extension") + '", "monitor',
        body=f"@hookimpl\n    def {hook}(self):\n        {body}\n",
    )
    with ion_with(tmp_path, bad, package("zoe")) as ion:
        ion.activate()
        record = ion.host.record("bad")
        assert Status.FAILED is record.status
        assert words in record.reason
        assert Status.ACTIVE is ion.host.record("zoe").status
        assert ["zoe"] == [item.plugin for item in ion.host.table()["ion_observe"]]
        assert () == ion.host.provided(hook)


PERSONAS = """
from ion_framework.testing import make_persona
NAMES = {names!r}
"""
BRINGS = "@hookimpl\n    def ion_provide_personas(self): return [make_persona(n) for n in NAMES]\n"


def bringing(name, *personas):
    """An extension that brings personas."""
    code = PERSONAS.format(names=personas)
    return package(name, code, kind='extension", "monitor', body=BRINGS)


def test_a_persona_name_can_be_had_once(tmp_path):
    """A plugin that brings a persona whose name is taken is INVALID, and the reason names both."""
    packages = (bringing("ann", "owl", "sage"), bringing("ben", "bard", "sage"))
    with ion_with(tmp_path, *packages, bringing("cleo", "bard"), PluginPackage(name="muse")) as ion:
        ion.activate()
        status = {record.name: record.status for record in ion.plugins}
        assert {
            "ann": Status.ACTIVE,
            "ben": Status.INVALID,
            "cleo": Status.ACTIVE,
            "muse": Status.ACTIVE,
        } == status
        assert "the persona 'sage', which ann brings" in ion.host.record("ben").reason
        assert ["bard", "muse", "owl", "sage"] == [persona.name for persona in ion.personas]


STARTUP = {
    "raises": ("raise OSError('no disk')", "ion_startup raised OSError: no disk"),
    "exits": ("raise SystemExit(2)", "ion_startup raised SystemExit"),
    "hangs": ("await __import__('asyncio').sleep(30)", "ion_startup took longer than 0.5 s"),
    "cancels": ("raise __import__('asyncio').CancelledError", "ion_startup raised CancelledError"),
}


@pytest.mark.parametrize(("body", "words"), STARTUP.values(), ids=STARTUP)
async def test_a_plugin_that_does_not_start_is_failed_and_not_called(tmp_path, body, words):
    """A failing or hanging ion_startup makes FAILED, and no hook of the plugin is called again."""
    bad = package("bad", body=f"@hookimpl\n    async def ion_startup(self):\n        {body}\n")
    with ion_with(tmp_path, bad, package("zoe")) as ion:
        async with ion:
            record = ion.host.record("bad")
            assert Status.FAILED is record.status
            assert words in record.reason
            assert Status.ACTIVE is ion.host.record("zoe").status
            assert ["zoe"] == [item.plugin for item in ion.host.table()["ion_observe"]]
