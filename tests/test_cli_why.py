"""``ion plugins why``: every decision about a plugin."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ion_framework.testing.packages import PERSONA_MANIFEST, PluginPackage
from tests.test_cli_process import EXTENSION, ion, write
from tests.test_cli_trust import GREETER, KEYED, SAGE, frozen


def explained(name: str, **options: Any) -> dict[str, Any]:
    """What ``ion plugins why --json`` says of a plugin, its decisions by subject."""
    ran = ion("plugins", "why", name, "--json", **options)
    found: dict[str, Any] = ran.json()[0]
    assert (found["status"] not in ("ready", "idle", "disabled")) == ran.code, ran.err
    found["decisions"] = {
        item["subject"]: (item["outcome"], item["text"]) for item in found["decisions"]
    }
    return found


def test_why_tells_every_decision_about_a_plugin_that_runs(tmp_path: Path) -> None:
    """Where it was found, lists, manifest, trust, name, requirements and place are all there."""
    found = explained("sage", folder=write(tmp_path, SAGE))

    decisions = found["decisions"]
    assert ("ready", "ion-test-sage") == (found["status"], found["distribution"])
    assert ("ok", str(tmp_path / "ion_test_sage")) == (decisions["found"][0], found["file"])
    assert {"lists", "manifest", "plugin API", "settings", "trust", "name", "order"} <= set(
        decisions
    )
    assert "note" == decisions["requirements"][0]
    assert 'python -m pip install "nowhere-to-be-found>=2"' in decisions["requirements"][1]


STOPPED: dict[str, tuple[PluginPackage, dict[str, Any], str, str, str]] = {
    "disabled": (GREETER, {"ION_PLUGINS_DISABLE": "greeter"}, "disabled", "lists", "ION_PLUGINS_D"),
    "idle": (KEYED, {}, "idle", "needs", "KEYED_KEY"),
    "wrong setting": (
        PluginPackage(
            name="tuned",
            manifest=PERSONA_MANIFEST.format(name="tuned")
            + '[settings.size]\ntype = "integer"\nenv = ["TUNED_SIZE"]\ndescription = "Size."\n',
        ),
        {"TUNED_SIZE": "many"},
        "invalid",
        "settings",
        "TUNED_SIZE: must be an integer",
    ),
    "other API": (
        PluginPackage(name="old", manifest=EXTENSION.format("old").replace("= 1", "= 9")),
        {},
        "incompatible",
        "plugin API",
        "needs plugin API 9",
    ),
    "no manifest": (
        PluginPackage(name="bare", manifest=None), {}, "invalid", "manifest", "there is no manifest"
    ),
    "no factory": (
        PluginPackage(name="empty", manifest=EXTENSION.format("empty")),
        {},
        "invalid",
        "contract",
        "names no factory",
    ),
    "no package": (
        PluginPackage(name="lost", target="nowhere_to_be_found"),
        {},
        "invalid",
        "found",
        "is not installed; reinstall",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", STOPPED.values(), ids=STOPPED)
def test_why_names_the_decision_that_stops_a_plugin(
    tmp_path: Path, case: tuple[PluginPackage, dict[str, Any], str, str, str]
) -> None:
    """Exactly one decision stops it, of the subject at fault, and there is something to do."""
    package, variables, status, subject, told = case

    found = explained(package.name, folder=write(tmp_path, package), **variables)

    stopping = {s: text for s, (outcome, text) in found["decisions"].items() if outcome == "stops"}
    assert (status, [subject]) == (found["status"], list(stopping))
    assert told in stopping[subject]
    assert found["fix"]


def test_why_names_what_sets_a_setting_and_never_its_value(tmp_path: Path) -> None:
    """A secret's variable is named, its value is nowhere."""
    ran = ion("plugins", "why", "keyed", folder=write(tmp_path, KEYED), KEYED_KEY="s3cret-value")

    assert "key by KEYED_KEY" in ran.out
    assert "s3cret-value" not in ran.out + ran.err


def test_why_tells_of_both_plugins_of_one_name(tmp_path: Path) -> None:
    """Two distributions with one name are both explained, each naming the other."""
    twin = PluginPackage(name="sage", distribution="ion-other-sage")

    ran = ion("plugins", "why", "sage", "--json", folder=write(tmp_path, SAGE, twin))

    assert ["ion-other-sage", "ion-test-sage"] == [item["distribution"] for item in ran.json()]
    assert {"conflict"} == {item["status"] for item in ran.json()}


def test_why_under_pins_names_the_changed_file_and_where_to_report(tmp_path: Path) -> None:
    """The table for people has the decision, what to do in their language, and the address."""
    site = write(tmp_path / "site", GREETER)
    variables = frozen(site, tmp_path / "pins.toml")
    (site / "ion_test_greeter/commands.py").write_text("", "utf-8")

    ran = ion("plugins", "why", "ion-test-greeter", "--lang", "ko", folder=site, **variables)

    assert ran.out.startswith("greeter: untrusted, ion-test-greeter 1.0이 ")
    assert "고정한 것과 다릅니다" in ran.out.splitlines()[0]
    assert "할 일: 고정해 둔 배포 패키지를 다시 설치하세요" in ran.out
    assert ran.out.endswith("신고할 곳: https://example.org/issues\n")


def test_why_of_an_unknown_name_names_the_nearest() -> None:
    """A misspelt name is a usage error with what may have been meant."""
    ran = ion("plugins", "why", "resonanc")

    assert 2 == ran.code
    assert "no plugin and no distribution 'resonanc' is installed; did you mean" in ran.err
