"""What ``ion doctor`` says of plugins that fail in its turns, and where they are reported."""

from __future__ import annotations

from pathlib import Path

import pytest

from ion_framework import hookimpl
from ion_framework.cli.checks.finding import Severity, error, reportable
from ion_framework.cli.checks.holds import check_holds
from ion_framework.cli.translating import translated
from ion_framework.domain.language import Language
from ion_framework.testing import make_plugin, running_ion
from ion_framework.testing.packages import PluginPackage
from tests.test_cli_process import Ran, ion, write

MANIFEST = 'name = "bad"\nsummary = "Test."\nprovides = ["{}"]\nion_api = 1\n'
CODE = """
from ion_framework import hookimpl
class plugin:
    def __init__(self, context): pass
    @hookimpl
    def {}:
        raise RuntimeError("no ink")
"""


def examined(folder: Path, kind: str, hook: str, *options: str) -> Ran:
    """What the doctor says with a plugin that raises in a hook."""
    package = PluginPackage(
        name="bad",
        manifest=MANIFEST.format(kind),
        code=CODE.format(hook),
        issues_url="https://example.org/issues",
    )
    return ion("doctor", "--json", *options, folder=write(folder, package))


@pytest.mark.parametrize(
    ("kind", "hook", "severity"),
    [("guard", "ion_guard(self, turn)", "error"), ("analyzer", "ion_analyze(self, turn)", "")],
)
def test_a_hook_that_fails_in_the_turn_is_named_with_its_distribution(
    tmp_path: Path, kind: str, hook: str, severity: str
) -> None:
    """The finding has error, place, distribution and address, with and without an answer."""
    order = tmp_path / "ion.toml"
    order.write_text('[order]\nion_analyze = ["bad", "resonance"]\n', "utf-8")
    ran = examined(tmp_path / "site", kind, hook, "--config", str(order))

    found = [f for f in ran.json()["findings"] if f["check"].startswith("turn in")]
    assert 2 == len(found)
    for finding in found:
        name = hook.split("(", maxsplit=1)[0]
        assert finding["severity"] == (severity or "warning")
        cause, place = finding["cause"].split(" (/")
        assert f"{name} of bad (ion-test-bad 1.0) raised RuntimeError" == cause
        assert place.endswith("plugin.py:7)")
        assert "correct bad or what it needs" in finding["fix"]
        assert "https://example.org/issues" == finding["report"]
    assert "a plugin failed" not in ran.err


BLOCKING = """
import time
from ion_framework import hookimpl
class plugin:
    def __init__(self, context): pass
    @hookimpl
    async def ion_gather_context(self):
        time.sleep(1.0)
"""


def test_a_plugin_that_holds_the_loop_in_every_turn_is_a_warning(tmp_path: Path) -> None:
    """The finding says how often and for how long, and what to do, in the reader's language."""
    folder = write(
        tmp_path,
        PluginPackage(name="bad", manifest=MANIFEST.format("extension"), code=BLOCKING),
    )
    found = ion("doctor", "--json", folder=folder).json()["findings"]
    shown = ion("doctor", "--lang", "ko", folder=folder).out

    (hold,) = [each for each in found if "held the event loop" in each["message"]]
    assert ("plugin bad", "warning") == (hold["check"], hold["severity"])
    assert hold["message"].startswith("held the event loop 2 times, ")
    assert "blocking = true" in hold["fix"]
    assert "이벤트 루프를 2번" in shown


class Agreeing:
    """Lets everything pass."""

    @hookimpl
    def ion_guard(self) -> None:
        """Agree."""


class Ignorant:
    """Knows nothing."""

    @hookimpl
    def ion_gather_context(self) -> None:
        """Know nothing."""


async def test_what_becomes_of_who_holds_the_loop_is_told_as_it_is() -> None:
    """An extension is left out one day, and a guard never."""
    plugins = (
        make_plugin("bad", Ignorant(), "extension"),
        make_plugin("watch", Agreeing(), "guard"),
    )
    async with running_ion(*plugins) as ion:
        for known in ion.containments().values():
            known.held = 2
        found = {finding.check: finding for finding in check_holds(ion)}

    assert "a host leaves out who keeps doing so" in found["plugin bad"].cause
    assert "a guard is never left out" in found["plugin watch"].cause
    korean = translated(found["plugin watch"].cause, Language.KOREAN)
    assert "가드는 제외하지 않으므로" in korean


def test_places_that_lead_nowhere_are_not_shown() -> None:
    """An address under ``.invalid`` is a placeholder, and no finding shows it."""
    assert "" == error("x", "y", report="https://example.invalid/issues").report
    assert "" == reportable("https://example.INVALID./issues") == reportable("http://[")
    assert "https://example.org/invalid" == reportable("https://example.org/invalid")
    assert Severity.ERROR is error("x", "y").severity


def test_a_missing_file_is_the_command_lines_fault(tmp_path: Path) -> None:
    """A file that is not there ends record and replay with the same code, 2."""
    missing = str(tmp_path / "missing")
    recorded = ion("record", str(tmp_path / "r"), "--messages", missing)
    replayed = ion("replay", missing)

    assert (2, 2) == (recorded.code, replayed.code)
    assert f"{missing}: cannot be read" in recorded.err
    assert f"{missing}: cannot be read" in replayed.err
