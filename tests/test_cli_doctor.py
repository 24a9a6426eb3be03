"""``ion doctor``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import attrs
import pytest

from ion_framework.cli.checks.configuration import check_data_folder
from ion_framework.cli.checks.finding import Severity
from ion_framework.cli.checks.parts import missing_texts
from ion_framework.cli.checks.plugins import check_plugins
from ion_framework.domain.language import Language
from ion_framework.plugin_host.discovery import Candidate
from ion_framework.plugin_host.record import PluginRecord, Status
from ion_framework.settings.model import Settings
from ion_framework.testing import make_persona
from ion_framework.testing.packages import PluginPackage
from tests.test_cli_process import EXTENSION, Ran, ion, write

RAISES = "raise OSError('no disk')"


def _findings(ran: Ran, severity: str) -> dict[str, Any]:
    return {f["check"]: f for f in ran.json()["findings"] if f["severity"] == severity}


def test_sound_installation_has_a_real_turn_in_both_languages() -> None:
    """Everything is examined, a message is answered in Korean and in English, and the code is 0."""
    ran = ion("doctor", "--json")

    well = _findings(ran, "ok")
    assert 0 == ran.code, ran.out
    assert {"python", "core", "settings", "plugin lua", "analyzer", "router", "generator"} <= set(
        well
    )
    for language in ("ko", "en"):
        assert "answered through offline in" in well[f"turn in {language}"]["message"]


def test_broken_plugin_is_an_error_with_cause_remedy_and_address(tmp_path: Path) -> None:
    """A plugin that fails is named, with what to do and where to report it; the code is 1."""
    package = PluginPackage(
        name="bad",
        manifest=EXTENSION.format("bad"),
        code=RAISES,
        issues_url="https://example.org/issues",
    )

    ran = ion("doctor", "--json", folder=write(tmp_path, package))

    finding = _findings(ran, "error")["plugin bad"]
    assert (1, "error") == (ran.code, ran.json()["status"])
    assert "OSError: no disk" in finding["message"]
    assert "--disable" in finding["fix"]
    assert "https://example.org/issues" == finding["report"]
    assert "turn in ko" in _findings(ran, "ok")


def test_requirements_that_are_not_met_are_errors_with_the_command_that_helps(
    tmp_path: Path,
) -> None:
    """Missing and outdated requirements are found; those of other platforms and extras are not."""
    package = PluginPackage(
        name="sage",
        requires=(
            "nowhere-to-be-found>=2",
            "attrs<1",
            "click>=8",
            "not-here; sys_platform == 'nowhere'",
            "not-wanted; extra == 'more'",
        ),
    )

    ran = ion("doctor", "--json", "--no-trial", folder=write(tmp_path, package))

    unmet = [f for f in ran.json()["findings"] if f["check"] == "requirements of ion-test-sage"]
    assert 1 == ran.code
    assert 2 == len(unmet)
    assert "nowhere-to-be-found>=2, which is not installed" in unmet[0]["message"]
    assert 'python -m pip install "nowhere-to-be-found>=2"' == unmet[0]["fix"]
    assert "needs attrs<1, but" in unmet[1]["message"]


def test_requirements_of_extras_are_followed(tmp_path: Path) -> None:
    """``helper[more]`` means what the extra of that distribution adds, too."""
    helper = PluginPackage(name="helper", requires=("nowhere-to-be-found; extra == 'more'",))
    sage = PluginPackage(name="sage", requires=("ion-test-helper[more]",))

    errors = _findings(
        ion("doctor", "--json", "--no-trial", folder=write(tmp_path, helper, sage)), "error"
    )

    assert "nowhere-to-be-found" in errors["requirements of ion-test-sage"]["message"]
    assert "requirements of ion-test-helper" not in errors


def test_wrong_settings_are_errors_and_the_rest_is_examined_all_the_same(tmp_path: Path) -> None:
    """A broken settings file does not keep the doctor from looking at the plugins."""
    config = tmp_path / "ion.toml"
    config.write_text("[server]\nprot = 1\n", "utf-8")

    ran = ion("doctor", "--json", "--no-trial", "--config", str(config))

    assert 1 == ran.code
    assert "server: unknown key prot" in _findings(ran, "error")["settings"]["message"]
    assert "plugin lua" in _findings(ran, "ok")


def test_missing_parts_are_named_with_what_brings_them() -> None:
    """Without analyser and generator there is an error for each part, and for the trial turns."""
    ran = ion("doctor", "--json", "--disable", "resonance", "--disable", "offline")

    errors = _findings(ran, "error")
    assert {"analyzer", "router", "generator", "turn in ko", "turn in en"} == set(errors)
    assert "ion-resonance" in errors["analyzer"]["fix"]


def test_start_that_would_stop_is_one_finding_with_its_cause(tmp_path: Path) -> None:
    """An ambiguous order is told as a finding, without a traceback and without false alarms."""
    code = (
        "from ion_framework import hookimpl\nclass plugin:\n    def __init__(self, context): pass\n"
        "    @hookimpl\n    async def ion_generate(self, prompt): yield\n"
    )
    manifest = 'name = "{0}"\nsummary = "Test."\nprovides = ["generator"]\nion_api = 1\n'
    folder = write(
        tmp_path,
        *(PluginPackage(name=n, manifest=manifest.format(n), code=code) for n in ("alpha", "beta")),
    )

    ran = ion("doctor", "--json", folder=folder)

    errors = _findings(ran, "error")
    assert ["start"] == list(errors)
    assert 'ion_generate = ["alpha", "beta"]' in errors["start"]["cause"]
    assert "Traceback" not in ran.err


def test_people_read_severity_cause_and_remedy_and_a_summary_in_their_language() -> None:
    """The plain form is one paragraph a finding and one line of summary."""
    ran = ion("doctor", "--no-trial", "--disable", "two-tier-cache", LANG="ko_KR.UTF-8")

    assert 0 == ran.code
    assert (
        "warning cache: 활성화된 cache 플러그인이 없습니다\n"
        "        원인: 답변을 매번 새로 생성합니다" in ran.out
    )
    assert "확인할 경고가 1건 있습니다" in ran.out.splitlines()[-1]


def test_unknown_variables_are_warnings() -> None:
    """A variable that nobody reads deserves a look and is no error."""
    ran = ion("doctor", "--json", "--no-trial", ION_PROT="1")

    assert 0 == ran.code
    assert "ION_PROT is not known" in _findings(ran, "warning")["settings"]["message"]


def test_slow_import_is_a_warning() -> None:
    """An import of more than a second is told of, with its time."""
    record = PluginRecord(
        Candidate("slow", "slow:plugin", "ion-slow", "1.0"), Status.ACTIVE, "runs", import_ms=1500.0
    )

    well, slow = check_plugins([record])

    assert (Severity.OK, Severity.WARNING) == (well.severity, slow.severity)
    assert "its import took 1.5 s" in slow.message


def test_texts_that_lack_a_language_are_found_by_their_key() -> None:
    """A persona that speaks only English in places has these places named."""
    persona = make_persona(description={Language.ENGLISH: "Speaks English."})

    assert ("description.ko",) == missing_texts(persona)
    assert () == missing_texts(make_persona())


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_folder_that_cannot_be_written_to_is_found(tmp_path: Path) -> None:
    """A data folder without the right to write is told of, with the remedy."""
    tmp_path.chmod(0o500)

    finding = check_data_folder(attrs.evolve(Settings(), data_dir=tmp_path / "ion"), ())

    assert Severity.WARNING is finding.severity
    assert "ION_DATA_DIR" in finding.fix


def test_data_folder_in_the_place_of_a_file_is_found(tmp_path: Path) -> None:
    """A data folder below a file can neither exist nor be made."""
    (tmp_path / "file").write_text("", "utf-8")

    finding = check_data_folder(Settings(data_dir=tmp_path / "file" / "ion"), ())

    assert Severity.WARNING is finding.severity
    assert "cannot be made" in finding.message
