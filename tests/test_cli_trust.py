"""``ion plugins freeze``, ``verify`` and ``why``, and what ``ion doctor`` says of trust."""

from __future__ import annotations

import json
import tomllib
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest

from ion_framework.cli.texts import counted
from ion_framework.testing.packages import PERSONA_MANIFEST, PluginPackage
from tests.test_cli_process import EXTENSION, Ran, ion, write

_ORIGIN = json.loads(distribution("ion-persona-lua").read_text("direct_url.json") or "{}")
LUA_IS_IN_PLACE = bool(_ORIGIN.get("dir_info", {}).get("editable"))
"""Whether our distributions are installed from source trees; elsewhere they come from wheels."""

GREET = "import click\n@click.command()\ndef greet(): click.echo('hello')\n"
GREETER = PluginPackage(
    name="greeter",
    manifest=EXTENSION.format("greeter")
    + '[commands.greet]\nrun = "ion_test_greeter.commands:greet"\nsummary = "Greets."\n',
    code="class plugin:\n    def __init__(self, context): pass\n",
    files={"commands.py": GREET},
    issues_url="https://example.org/issues",
)
SAGE = PluginPackage(name="sage", requires=("nowhere-to-be-found>=2",))
KEYED = PluginPackage(
    name="keyed",
    manifest=EXTENSION.format("keyed").replace("ion_api = 1", 'ion_api = 1\nneeds = [["key"]]')
    + '[settings.key]\ntype = "secret"\nenv = ["KEYED_KEY"]\ndescription = "Key."\n',
    code="class plugin:\n    def __init__(self, context): pass\n",
)


def frozen(folder: Path, pins: Path) -> dict[str, Any]:
    """Pin what is installed; gives the variables that let nothing else run."""
    ran = ion("plugins", "freeze", "--out", str(pins), folder=folder)
    assert (0, "") == (ran.code, ran.out), ran.err
    return {"ION_PLUGINS_TRUST": "pinned", "ION_PLUGINS_PINS": str(pins)}


def explained(name: str, **options: Any) -> dict[str, Any]:
    """What ``ion plugins why --json`` says of a plugin, its decisions by subject."""
    ran = ion("plugins", "why", name, "--json", **options)
    found: dict[str, Any] = ran.json()[0]
    assert (found["status"] not in ("ready", "idle", "disabled")) == ran.code, ran.err
    found["decisions"] = {
        item["subject"]: (item["outcome"], item["text"]) for item in found["decisions"]
    }
    return found


def test_freeze_writes_toml_with_core_and_plugins(tmp_path: Path) -> None:
    """Standard output is the file: form, core, and each plugin with its two digests."""
    ran = ion("plugins", "freeze", folder=write(tmp_path, SAGE))

    document = tomllib.loads(ran.out)
    sage = next(pin for pin in document["plugin"] if pin["name"] == "sage")
    assert (0, 1) == (ran.code, document["format"])
    assert "ion-framework" == document["core"]["distribution"]
    assert {"name", "distribution", "version", "files", "manifest"} == set(sage)
    assert {"lua", "resonance", "aiohttp"} <= {pin["name"] for pin in document["plugin"]}


def test_freeze_says_what_it_cannot_vouch_for(tmp_path: Path) -> None:
    """Source trees installed in place, and files that every Python runs, are warned of by name."""
    package = PluginPackage(name="sage", beside={"sage.pth": "import os\n"})

    ran = ion("plugins", "freeze", folder=write(tmp_path, package))

    in_place = "warning: ion-persona-lua 0.1.0 is a source tree, installed in place" in ran.err
    assert in_place == LUA_IS_IN_PLACE
    assert "warning: ion-test-sage 1.0 brings sage.pth" in ran.err


def test_freeze_refuses_what_was_changed(tmp_path: Path) -> None:
    """A file that is not as it was installed keeps anything from being written; the code is 1."""
    folder, pins = write(tmp_path / "site", SAGE), tmp_path / "pins.toml"
    (folder / "ion_test_sage/__init__.py").write_text("X = 1\n", "utf-8")

    ran = ion("plugins", "freeze", "--out", str(pins), folder=folder)

    assert (1, False) == (ran.code, pins.exists())
    assert "changed: ion-test-sage 1.0: ion_test_sage/__init__.py is not the file" in ran.err


def test_freeze_writes_lines_for_pip(tmp_path: Path) -> None:
    """``--requirements`` has name and version, and says where no hash is known."""
    ran = ion("plugins", "freeze", "--requirements", folder=write(tmp_path, SAGE))

    assert "ion-test-sage==1.0  # hash not known: it was not installed from a file" in ran.out
    (lua,) = [line for line in ran.out.splitlines() if "ion-persona-lua" in line]
    assert ("0.1.0 is a source tree" if LUA_IS_IN_PLACE else "--hash=sha256:") in lua


def test_freeze_as_json_has_what_the_file_has(tmp_path: Path) -> None:
    """``--json`` writes the same pins as an object."""
    folder = write(tmp_path, SAGE)

    pins = ion("plugins", "freeze", "--json", folder=folder).json()

    written = tomllib.loads(ion("plugins", "freeze", folder=folder).out)
    assert [p["files"] for p in written["plugin"]] == [p["files"] for p in pins["plugin"]]


def test_verify_finds_nothing_where_nothing_changed(tmp_path: Path) -> None:
    """The code is 0 and the sentence is in the reader's language."""
    folder = write(tmp_path / "site", SAGE)
    frozen(folder, tmp_path / "pins.toml")

    ran = ion("plugins", "verify", str(tmp_path / "pins.toml"), "--lang", "ko", folder=folder)

    assert 0 == ran.code
    assert ran.out.startswith("모두 고정해 둔 그대로입니다")


def test_one_difference_is_counted_in_the_singular(tmp_path: Path) -> None:
    """A single difference is one difference, and a single warning one warning."""
    site, pins = tmp_path / "site", str(tmp_path / "pins.toml")
    write(site, SAGE)
    frozen(site, tmp_path / "pins.toml")
    write(site, KEYED)

    assert "\n1 difference from what" in ion("plugins", "verify", pins, folder=site).out
    assert ("1 warning", "0 warnings") == (counted(1, "warning"), counted(0, "warning"))


def test_verify_shows_every_difference(tmp_path: Path) -> None:
    """Changed, missing and extra plugins stand in a table and in JSON; the code is 1."""
    site, pins = tmp_path / "site", str(tmp_path / "pins.toml")
    write(site, SAGE, GREETER)
    frozen(site, tmp_path / "pins.toml")
    (site / "ion_test_greeter/commands.py").write_text("", "utf-8")
    for file in SAGE.info(site).iterdir():
        file.unlink()
    SAGE.info(site).rmdir()
    write(site, KEYED)

    shown = ion("plugins", "verify", pins, folder=site)
    listed = ion("plugins", "verify", pins, "--json", folder=site)

    assert (1, 1) == (shown.code, listed.code)
    assert not listed.json()["same"]
    assert [
        ("greeter", "changed file", "ion_test_greeter/commands.py"),
        ("keyed", "extra", ""),
        ("sage", "missing", ""),
    ] == [(r["name"], r["difference"], r["file"]) for r in listed.json()["differences"]]
    assert "ion_test_greeter/commands.py is not the file that was installed" in shown.out
    assert "3 differences from what was pinned" in shown.out


def test_verify_tells_what_is_wrong_with_its_file(tmp_path: Path) -> None:
    """A list in another form is an error that says how to write one."""
    pins = tmp_path / "pins.toml"
    pins.write_text("format = 7\n", "utf-8")

    ran = ion("plugins", "verify", str(pins))

    assert 1 == ran.code
    assert f"{pins}: format: must be 1, is 7; write it with: ion plugins freeze" in ran.err


def test_command_of_an_untrusted_plugin_is_not_imported(tmp_path: Path) -> None:
    """A command runs while its plugin is as pinned, and is refused once a file has changed."""
    site = write(tmp_path / "site", GREETER)
    variables = frozen(site, tmp_path / "pins.toml")

    before = ion("greet", folder=site, **variables)
    (site / "ion_test_greeter/commands.py").write_text(f"print('spy')\n{GREET}", "utf-8")
    after = ion("greet", folder=site, **variables)

    assert (0, "hello\n") == (before.code, before.out), before.err
    assert (1, "") == (after.code, after.out)
    assert "is untrusted: ion-test-greeter 1.0 is not as it was pinned" in after.err
    assert "spy" not in after.err


@pytest.mark.parametrize(
    ("file", "variables"),
    [
        ('[plugins]\ntrust = "pinned"\nno_such_key = 1\n', {}),
        ('[plugins\ntrust = "pinned"\n', {}),
        ("[server]\nprot = 1\n", {"ION_PLUGINS_TRUST": "pined"}),
    ],
    ids=["wrong key", "no TOML", "misspelt"],
)
def test_settings_that_cannot_be_read_trust_nobody(
    tmp_path: Path, file: str, variables: dict[str, Any]
) -> None:
    """Where the settings may have asked for pins, neither a command nor the doctor imports."""
    site, config = tmp_path / "site", tmp_path / "ion.toml"
    code = "from pathlib import Path\nPath(__file__).with_name('imported').touch()\n"
    write(site, PluginPackage(name="spy", manifest=EXTENSION.format("spy"), code=code))
    write(site, GREETER)
    config.write_text(file, "utf-8")
    variables |= {"ION_CONFIG": str(config)}

    ran = ion("greet", folder=site, **variables)
    doctor = ion("doctor", "--json", "--no-trial", folder=site, **variables)

    assert (1, "") == (ran.code, ran.out)
    found = {f["check"]: f for f in doctor.json()["findings"]}
    assert "no plugin was tested, because none may run" == found["trust"]["message"]
    assert not (site / "ion_test_spy/imported").exists()


def test_plan_leaves_the_untrusted_out_and_names_the_pins(tmp_path: Path) -> None:
    """The plan says whose plugins may run, and lists the others with their reason."""
    site = write(tmp_path / "site", SAGE)
    variables = frozen(site, tmp_path / "pins.toml")
    (site / "ion_test_sage/__init__.py").write_text("X = 1\n", "utf-8")

    plan = ion("plugins", "plan", "--json", folder=site, **variables).json()
    shown = ion("plugins", "plan", folder=site, **variables).out

    left = {item["plugin"]: item for item in plan["left_out"]}
    assert ("pinned", variables["ION_PLUGINS_PINS"]) == (plan["trust"], plan["pins"])
    assert "untrusted" == left["sage"]["status"]
    assert f"trust: only what is pinned in {variables['ION_PLUGINS_PINS']}" in shown


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
