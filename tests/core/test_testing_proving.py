"""A test of a contract that somebody skips, in whatever way, fails and is named."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.once

HEAD = "import pytest\nfrom ion_framework.testing import PersonaContract, cannot_run\n"
SAGE = f"{HEAD}class TestSage(PersonaContract):\n    plugin = 'sage'\n"
FIXTURE = (
    "    @pytest.fixture(autouse=True)\n    def server(self):\n        pytest.skip('no server')\n"
)
EVERYWHERE = (
    "import pytest\n@pytest.fixture(autouse=True)\ndef server():\n    pytest.skip('no server')\n"
)
AT_THE_CALL = "import pytest\ndef pytest_runtest_call(item):\n    pytest.skip('no server')\n"
METHOD = "    def setup_method(self):\n        pytest.skip('no server')\n"
CLASS = "    @classmethod\n    def setup_class(cls):\n        pytest.skip('no server')\n"
ONE = ("-k", "can_be_reached")


def said_of(folder, text, *options, **beside):
    """What pytest says of a file with this text."""
    file = folder / "test_of_a_plugin.py"
    file.write_text(text, "utf-8")
    (folder / "conftest.py").write_text(beside.get("conftest", ""), "utf-8")
    arguments = ("-P", "-m", "pytest", "-q", "-p", "ion_framework.testing", "-c", "/dev/null")
    done = subprocess.run(
        (sys.executable, *arguments, *options, str(file)),
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("text", "conftest"),
    [
        (SAGE + METHOD, ""),
        (SAGE + CLASS, ""),
        (SAGE + FIXTURE, ""),
        (SAGE, EVERYWHERE),
        (SAGE, AT_THE_CALL),
    ],
    ids=("setup_method", "setup_class", "fixture", "conftest", "hook"),
)
def test_a_skip_of_somebody_elses_is_a_failure(text, conftest, tmp_path):
    """What a method, a fixture or a hook skips of a contract fails, with the reason that it had."""
    code, output = said_of(tmp_path, text, *ONE, conftest=conftest)

    assert 1 == code
    assert "test_it_can_be_reached: a test of a contract was skipped (no server)" in output


def test_processes_side_by_side_tell_it_too(tmp_path):
    """Where tests are spread over processes a skip fails in the same words."""
    code, output = said_of(tmp_path, SAGE + METHOD, *ONE, "-n", "1")

    assert 1 == code
    assert "a test of a contract was skipped (no server)" in output


@pytest.mark.parametrize("options", [(), ("-n", "1")], ids=("alone", "side by side"))
def test_what_cannot_run_is_listed(options, tmp_path):
    """What the machine lacks skips a contract by the kit's own word, and every run says so."""
    text = SAGE + FIXTURE.replace("pytest.skip", "cannot_run")
    code, output = said_of(tmp_path, text, *ONE, *options)

    assert 0 == code
    assert "tests of contracts that could not run here" in output
    assert "1 tests, because no server:\n" in output
    assert "  test_of_a_plugin.py::TestSage::test_it_can_be_reached\n" in output


def test_a_waived_test_may_be_skipped_by_anybody(tmp_path):
    """What a class does without, with a reason, is skipped and no failure."""
    waiver = "    waived = {'test_it_can_be_reached': 'it is hidden'}\n"

    assert 0 == said_of(tmp_path, SAGE + waiver + METHOD, *ONE)[0]


def test_a_slow_class_is_not_skipped(tmp_path):
    """A mark that calls a whole contract slow takes none of its tests away."""
    text = SAGE.replace("class Test", "@pytest.mark.slow\nclass Test")
    _, output = said_of(tmp_path, text, *ONE, "-W", "ignore")

    assert "skipped" not in output
    assert "1 failed" in output


def test_a_reason_does_not_make_a_skip_the_kits(tmp_path):
    """A skip whose reason reads like that of the kit is one of somebody else's."""
    conftest = (
        "import pytest\ndef pytest_collection_modifyitems(items):\n"
        "    [i.add_marker(pytest.mark.skip(reason='slow: runs with ION_SLOW=1')) for i in items]\n"
    )
    code, output = said_of(tmp_path, SAGE, *ONE, conftest=conftest)

    assert 0 != code
    assert "is marked as skipped" in output


@pytest.mark.parametrize(
    "statement",
    ["pytest.skip('no server', allow_module_level=True)", "pytest.importorskip('no_such_module')"],
)
def test_a_module_does_not_skip_itself(statement, tmp_path):
    """A module that skips itself and a contract with it is an error that names the contract."""
    code, output = said_of(tmp_path, SAGE + statement + "\n")

    assert 0 != code
    assert "the module skips itself, and its contracts TestSage with it" in output
    assert 5 == said_of(tmp_path, f"import pytest\n{statement}\n")[0]


@pytest.mark.parametrize(
    "statement",
    [
        "PersonaContract.test_it_can_be_reached = lambda self: None",
        "del PersonaContract.test_it_can_be_reached",
        "PersonaContract.languages = ()",
        "PersonaContract.setup_method = lambda self: pytest.skip()",
        "PersonaContract.__mro__[1].waived = {'test_it_is_graded_gold': 'no'}",
    ],
    ids=("a test", "a test gone", "a helper", "a method more", "waivers"),
)
def test_the_kit_itself_is_not_changed(statement, tmp_path):
    """What a test module puts into a contract, or takes out of it, stops pytest."""
    code, output = said_of(tmp_path, f"{SAGE}{statement}\n", "--collect-only")

    assert 0 != code
    assert "of the kit was replaced from outside" in output
