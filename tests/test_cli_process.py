"""The command ``ion`` as a process: exit codes, streams, its end; and how other tests start it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import attrs
import pytest

from ion_framework.testing.packages import PluginPackage, environment_with

ION = (sys.executable, "-P", "-m", "ion_framework.cli")
EXTENSION = 'name = "{0}"\nsummary = "Test."\nprovides = ["extension"]\nion_api = 1\n'


@attrs.frozen
class Ran:
    """What came of a run."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        """Standard output as one JSON document."""
        return json.loads(self.out)

    def objects(self) -> list[Any]:
        """Standard output as one JSON object a line."""
        return [json.loads(line) for line in self.out.splitlines()]


def environment(folder: Path | None = None, **changes: str) -> dict[str, str]:
    """The variables of a person without settings, with the packages of a folder installed."""
    own = ("ION_", "LC_", "LANG", "NO_COLOR", "PORT", "COLUMNS")
    known = {name: value for name, value in os.environ.items() if not name.startswith(own)}
    known |= {"LANG": "C.UTF-8", **changes}
    return environment_with(folder, known) if folder else known


def ion(*arguments: str, stdin: bytes = b"", folder: Path | None = None, **variables: str) -> Ran:
    """Run ``ion`` in an empty folder, its output in pipes."""
    with tempfile.TemporaryDirectory() as empty:
        done = subprocess.run(
            (*ION, *arguments),
            input=stdin,
            capture_output=True,
            cwd=empty,
            env=environment(folder, **variables),
            timeout=60,
            check=False,
        )
    return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())


def write(folder: Path, *packages: PluginPackage) -> Path:
    """Have packages installed in a folder."""
    for package in packages:
        package.write(folder)
    return folder


def test_help_lists_every_command_of_the_core() -> None:
    """``ion --help`` names the core's seven commands and the exit codes."""
    ran = ion("--help")

    assert ran.code == 0
    for name in ("chat", "analyze", "route", "personas", "plugins", "conversations", "doctor"):
        assert f"\n  {name} " in ran.out
    assert "Exit codes: 0" in ran.out


def test_h_is_help_everywhere() -> None:
    """``-h`` shows the help of a command too."""
    ran = ion("route", "-h")

    assert (0, True) == (ran.code, "resonance KEY" in ran.out)


def test_unknown_command_is_a_usage_error_with_a_hint() -> None:
    """A misspelt command exits with 2 and names the nearest one."""
    ran = ion("analyse")

    assert 2 == ran.code
    assert "there is no command 'analyse'; did you mean 'analyze'?" in ran.err


def test_settings_that_are_wrong_are_told_line_by_line(tmp_path: Path) -> None:
    """Every problem of a settings file stands on a line of its own, and the exit code is 1."""
    config = tmp_path / "ion.toml"
    config.write_text('[server]\nprot = 1\n[turn]\ndeadline_s = "a"\n', "utf-8")

    ran = ion("plugins", "--config", str(config))

    assert 1 == ran.code
    assert f"{config}: server: unknown key prot; known are: host, port, " in ran.err
    assert f"{config}: turn.deadline_s: must be a number, is 'a'\n" in ran.err


def shell(script: str, *arguments: str) -> Ran:
    """Run ``ion`` as ``"$@"`` of a bash script, in an empty folder."""
    with tempfile.TemporaryDirectory() as empty:
        done = subprocess.run(
            ("bash", "-c", f"set -o pipefail; {script}", "bash", *ION, *arguments),
            capture_output=True,
            cwd=empty,
            env=environment(),
            timeout=60,
            check=False,
        )
    return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())


def test_reader_that_goes_away_ends_the_command_quietly() -> None:
    """``ion route --all | head -1`` prints one line and no error."""
    ran = shell('"$@" | head -1', "route", "--all")

    assert (0, "") == (ran.code, ran.err)
    assert 1 == len(ran.out.splitlines())


@pytest.mark.parametrize(
    "arguments",
    [("route", "--all", "--json"), ("personas", "--json"), ("doctor",), ("--help",)],
    ids=" ".join,
)
def test_reader_that_was_never_there_is_no_failure(arguments: tuple[str, ...]) -> None:
    """Whatever a command writes into a broken pipe, it ends with 0 and without a word."""
    # ion begins after the reader has closed its end.
    ran = shell('{ sleep 0.3; "$@"; } | exec 0<&-', *arguments)

    assert (0, "") == (ran.code, ran.out)
    for word in ("Error", "Exception", "Traceback"):
        assert word not in ran.err


@pytest.mark.parametrize("argument", ["personas", "--version"])
def test_closed_streams_are_no_failure(argument: str) -> None:
    """With its streams closed, a command that succeeds ends with 0 and no traceback."""
    assert (0, False) == ((ran := shell('"$@" >&-', argument)).code, "Traceback" in ran.err)
    assert 0 == shell('"$@" <&- >&- 2>&-', argument).code


def test_error_with_closed_or_full_standard_error_keeps_its_exit_code() -> None:
    """An error that cannot be shown is still told by the exit code."""
    assert 2 == shell('"$@" 2>&-', "nonsense").code
    assert 2 == shell('"$@" 2>/dev/full', "nonsense").code


@pytest.mark.parametrize("argument", ["personas", "--version"])
def test_full_standard_output_is_told_in_one_sentence(argument: str) -> None:
    """Where nothing can be written, one sentence says why, and the exit code is 1."""
    ran = shell('"$@" >/dev/full', argument)

    assert 1 == ran.code
    assert ran.err.endswith("Error: standard output cannot be written: No space left on device\n")
    assert "Traceback" not in ran.err


LOUD = """
import os, subprocess, sys

class Plugin:
    def __init__(self, context):
        print("printed")
        os.write(1, b"written\\n")
        subprocess.run([sys.executable, "-c", "print('said by a child')"], check=True)

plugin = Plugin
"""


@pytest.mark.parametrize(
    "arguments", [("route", "calm-medium-learning"), ("plugins", "--load"), ("personas", "--load")]
)
def test_nothing_that_a_plugin_writes_gets_into_the_json(
    arguments: tuple[str, ...], tmp_path: Path
) -> None:
    """What a plugin writes to file descriptor 1, itself or by a child, goes to standard error."""
    package = PluginPackage(name="loud", manifest=EXTENSION.format("loud"), code=LOUD)

    ran = ion(*arguments, "--json", folder=write(tmp_path, package))

    assert ran.json()
    for words in ("printed", "written", "said by a child"):
        assert f"{words}\n" in ran.err


HANGING = """
import threading, time
from ion_framework import hookimpl

class Plugin:
    def __init__(self, context):
        threading.Thread(target=time.sleep, args=(120,)).start()

plugin = Plugin
"""


def test_thread_that_a_plugin_leaves_behind_does_not_hold_up_the_end(tmp_path: Path) -> None:
    """A plugin's thread that is no daemon delays the end by two seconds and not for ever."""
    package = PluginPackage(name="hang", manifest=EXTENSION.format("hang"), code=HANGING)
    began = time.monotonic()

    ran = ion("route", "calm-medium-learning", "--json", folder=write(tmp_path, package))

    assert 0 == ran.code
    assert "elro" == ran.json()["primary"]
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("option", ["--disable", "--enable"])
def test_common_options_choose_plugins(option: str) -> None:
    """``--disable`` and ``--enable`` decide which plugins run."""
    ran = ion("plugins", "--json", option, "offline")

    ready = {plugin["name"] for plugin in ran.json() if plugin["status"] == "ready"}
    assert ("offline" in ready) is (option == "--enable")
    assert ("lua" in ready) is (option == "--disable")


def test_safe_mode_leaves_third_parties_out(tmp_path: Path) -> None:
    """``--safe-mode`` disables a plugin that is not ION's own, and says so."""
    ran = ion(
        "plugins", "--json", "--safe-mode", folder=write(tmp_path, PluginPackage(name="sage"))
    )

    sage = next(plugin for plugin in ran.json() if plugin["name"] == "sage")
    assert ("disabled", False) == (sage["status"], sage["first_party"])
    assert "safe mode" in sage["reason"]
