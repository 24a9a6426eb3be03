"""How ``ion replay`` ends where there is no result, or nothing that was compared."""

from __future__ import annotations

from pathlib import Path

import pytest

from ion_framework.testing.packages import PluginPackage
from tests.test_cli_process import EXTENSION, ion, write
from tests.test_cli_record import recorded

ENDING = "import os, signal\nclass plugin:\n    def __init__(self, context): {}\n"


def ending(folder: Path, how: str) -> Path:
    """A folder in which a plugin is installed that ends its process when it is made."""
    package = PluginPackage(
        name="ending", manifest=EXTENSION.format("ending"), code=ENDING.format(how)
    )
    return write(folder / "site", package)


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    """A recording of two messages."""
    return recorded(tmp_path_factory.mktemp("endings"), "How do I read it?", "안녕하세요")


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("os._exit(0)", "exit code 0"),
        ("os._exit(7)", "exit code 7"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "signal 9"),
    ],
)
def test_a_plugin_that_ends_the_process_leaves_no_result(recording, tmp_path, how, said):
    """Whatever code a plugin ends the process with, replay says that and exits with 2."""
    ran = ion("replay", str(recording), folder=ending(tmp_path, how))

    assert (2, "") == (ran.code, ran.out)
    assert f"A plugin ended the process in which the turns were played ({said})" in ran.err


def test_the_missing_result_is_told_in_korean(recording, tmp_path):
    """The sentence is in the language that was asked for."""
    ran = ion("replay", str(recording), "--lang", "ko", folder=ending(tmp_path, "os._exit(0)"))

    assert 2 == ran.code
    assert "프로세스를 끝내(종료 코드 0) 결과가 없습니다" in ran.err


def test_a_plugin_that_ends_the_process_later_changes_no_exit_code(recording, tmp_path):
    """What a plugin does at the end of the interpreter comes too late for the result."""
    how = "__import__('atexit').register(os._exit, 0)"
    folder = ending(tmp_path, how)
    ran = ion("replay", str(recording), "--without", "lua", "--without", "riri", folder=folder)
    same = ion("replay", str(recording), folder=folder)

    assert (1, 0) == (ran.code, same.code)
    assert "Routing:" in ran.out


def test_a_recording_without_turns_compares_nothing(recording, tmp_path):
    """A header alone is played without complaint by no one: the exit code is 2."""
    alone = tmp_path / "alone"
    alone.write_text(recording.read_text("utf-8").splitlines()[0] + "\n", "utf-8")
    ran = ion("replay", str(alone))

    assert 2 == ran.code
    assert "holds no turns, so nothing was compared" in ran.err


def test_an_aspect_that_was_not_compared_has_not_stayed_the_same(tmp_path):
    """Prompts that are not known before and after make --fail-on prompt exit with 2."""
    file = tmp_path / "r"
    ran = ion("record", str(file), "--messages", "-", "--disable", "resonance", stdin=b"hello")
    played = ion("replay", str(file), "--fail-on", "prompt", "--disable", "resonance")

    assert 0 == ran.code, ran.err
    assert 2 == played.code
    assert "--fail-on prompt: in none of the turns is it known before and after" in played.err
