"""``ion plugins freeze`` and ``verify``, and what only pinned plugins may do."""

from __future__ import annotations

import json
import tomllib
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest

from ion_framework.cli.texts import counted
from ion_framework.testing.packages import PluginPackage
from tests.test_cli_process import EXTENSION, ion, write

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
