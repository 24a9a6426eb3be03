"""What ``ion doctor`` says of trust, of pins and of personas that build on each other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ion_framework.testing.packages import PERSONA_MANIFEST, PluginPackage
from tests.test_cli_process import Ran, ion, write
from tests.test_cli_trust import SAGE, frozen


def doctors_findings(ran: Ran) -> dict[str, Any]:
    """The doctor's findings by what was looked at."""
    return {finding["check"]: finding for finding in ran.json()["findings"]}


def circle(name: str, after: str) -> PluginPackage:
    """A persona that builds on another."""
    table = f'[persona.ensemble]\nafter = ["{after}"]\n'
    manifest = PERSONA_MANIFEST.format(name=name) + table
    return PluginPackage(name=name, manifest=manifest, issues_url=f"https://example.org/{name}")


def test_doctor_finds_personas_that_build_on_each_other_in_a_circle(tmp_path: Path) -> None:
    """The circle is an error with cause, remedy and the address of a plugin in it."""
    folder = write(tmp_path, circle("ann", "ben"), circle("ben", "ann"))

    ran = ion("doctor", "--json", "--no-trial", folder=folder)

    finding = doctors_findings(ran)["ensemble"]
    assert (1, "error") == (ran.code, finding["severity"])
    assert "in a circle: " in finding["cause"]
    assert "[persona.ensemble]" in finding["fix"]
    assert finding["report"].startswith("https://example.org/")


def test_doctor_tells_of_trust_and_of_files_that_every_python_runs(tmp_path: Path) -> None:
    """A changed plugin is an error with its remedy; a ``.pth`` file is a warning of its own."""
    package = PluginPackage(
        name="sage", beside={"sage.pth": "import os\n"}, issues_url="https://example.org/issues"
    )
    site = write(tmp_path / "site", package)
    variables = frozen(site, tmp_path / "pins.toml")
    (site / "ion_test_sage/__init__.py").write_text("X = 1\n", "utf-8")

    ran = ion("doctor", "--json", "--no-trial", folder=site, **variables)

    found = doctors_findings(ran)
    sage, starter = found["plugin sage"], found["files of ion-test-sage"]
    assert (1, "error", "warning") == (ran.code, sage["severity"], starter["severity"])
    assert "untrusted: ion-test-sage 1.0 is not as it was pinned" in sage["message"]
    assert "ion plugins verify FILE" in sage["fix"]
    assert ["https://example.org/issues"] * 2 == [sage["report"], starter["report"]]
    assert "1 plugins do not" in found["trust"]["message"]


def test_doctor_warns_of_pins_that_have_no_effect(tmp_path: Path) -> None:
    """Pins without the trust that heeds them are a warning, not a false sense of safety."""
    ran = ion("doctor", "--json", "--no-trial", ION_PLUGINS_PINS=str(tmp_path / "pins.toml"))

    finding = doctors_findings(ran)["trust"]
    assert (0, "warning") == (ran.code, finding["severity"])
    assert "ION_PLUGINS_TRUST" in finding["fix"]


def test_doctor_gives_cause_or_message_and_remedy_for_all_it_finds(tmp_path: Path) -> None:
    """Every warning and error says what to do."""
    ran = ion(
        "doctor", "--json", "--disable", "resonance", "--disable", "offline", "--disable",
        "two-tier-cache", folder=write(tmp_path, SAGE), ION_PROT="1",
    )  # fmt: skip

    bad = [f for f in ran.json()["findings"] if f["severity"] != "ok"]
    assert 6 <= len(bad)
    assert not [finding for finding in bad if not finding["fix"]]
