"""Nobody switches a test of a contract off without saying so."""

from __future__ import annotations

import subprocess
import sys
from typing import ClassVar

import pytest

from ion_framework.testing import CacheContract, PersonaContract, PluginContract, StoreContract
from ion_framework.testing.contracts.guarding import ContractError

pytestmark = pytest.mark.once

HEAD = "import pytest\nfrom ion_framework.testing import PersonaContract, installed_on_path\n"
SAGE = HEAD + "class TestSage(PersonaContract):\n    plugin = 'sage'\n"


def collected(folder, text, *options):
    """What pytest says when it collects a file with this text."""
    file = folder / "test_of_a_plugin.py"
    file.write_text(text, "utf-8")
    arguments = ("-P", "-m", "pytest", "--collect-only", "-q", "-p", "ion_framework.testing")
    done = subprocess.run(
        (sys.executable, *arguments, "-c", "/dev/null", *options, str(file)),
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("value", [None, lambda self: None])
def test_a_redefined_test_is_refused(value):
    """A subclass with a test of the contract of its own, or None in its place, is not made."""
    with pytest.raises(ContractError, match="test_it_is_graded_gold is a test of the contract"):
        type("TestIt", (PluginContract,), {"test_it_is_graded_gold": value})


def test_a_mixin_cannot_redefine_either():
    """What stands before the contract among the bases counts as the subclass's own."""
    mixin = type("Mixin", (), {"test_it_can_be_reached": lambda self: None})

    with pytest.raises(ContractError, match="test_it_can_be_reached"):
        type("TestIt", (mixin, PersonaContract), {})


def test_the_class_cannot_hide_itself():
    """A subclass that pytest is told not to collect is not made."""
    with pytest.raises(ContractError, match="__test__"):
        type("TestIt", (PersonaContract,), {"__test__": False})


def test_what_is_waived_may_be_redefined():
    """A test that the class waives, with a reason, may have another in its place."""

    class TestIt(PluginContract):
        waived: ClassVar = {"test_it_is_graded_gold": "its licence is a secret"}

        def test_it_is_graded_gold(self):
            """It is not."""

    assert {"test_it_is_graded_gold"} == set(TestIt.waived)


@pytest.mark.parametrize(
    ("waived", "told"),
    [
        ({"test_nothing": "why"}, "which is no test"),
        ({"test_it_is_graded_gold": " "}, "no reason"),
    ],
)
def test_waivers_are_looked_at(waived, told):
    """A waiver of what does not exist, or without a reason, is refused."""
    with pytest.raises(ContractError, match=told):
        type("TestIt", (PluginContract,), {"waived": waived})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (SAGE + "    test_it_can_be_reached = None\n", "cannot be redefined"),
        (SAGE + "TestSage.test_it_can_be_reached = None\n", "cannot be redefined"),
        (SAGE.replace("class", "@pytest.mark.skip\nclass"), "is marked skip"),
        (SAGE + "    pytestmark = pytest.mark.xfail\n", "is marked xfail"),
    ],
    ids=("None", "None afterwards", "class skipped", "class expected to fail"),
)
def test_collection_stops(text, told, tmp_path):
    """A contract of which something is switched off stops pytest, which says what and where."""
    code, output = collected(tmp_path, text)

    assert code != 0
    assert told in output
    assert "TestSage" in output


def test_processes_side_by_side_stop_as_well(tmp_path):
    """Where tests are spread over processes, what is switched off is told in the same words."""
    text = SAGE.replace("class", "@pytest.mark.skip\nclass")
    file = tmp_path / "test_of_a_plugin.py"
    file.write_text(text, "utf-8")
    options = ("-q", "-p", "ion_framework.testing", "-n", "1", "-c", "/dev/null", str(file))
    done = subprocess.run(
        (sys.executable, "-P", "-m", "pytest", *options),
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )

    assert done.returncode != 0
    assert "TestSage is marked skip" in done.stdout
    assert "INTERNALERROR" not in done.stdout


def test_waivers_are_told_at_collection(tmp_path):
    """What is waived is listed with its reason when pytest has collected."""
    text = SAGE + "    waived = {'test_it_can_be_reached': 'it is hidden'}\n"
    _, output = collected(tmp_path, text)

    assert "waived of the contract: TestSage.test_it_can_be_reached: it is hidden" in output


class TestWaiving(PluginContract):
    """What is waived is skipped, and the reason is the skip's."""

    plugin = "nobody"
    waived: ClassVar = dict.fromkeys(
        (name for name in dir(PluginContract) if name.startswith("test_")),
        "there is no such plugin; this class is here for the waivers",
    )


@pytest.mark.parametrize("name", ["make", "record", "persona", "languages", "running"])
def test_what_the_tests_build_on_is_kept(name):
    """A helper of the kit is redefined only by a class that waives it with a reason."""
    with pytest.raises(ContractError, match=f"{name} is what the tests"):
        type("TestIt", (PersonaContract,), {name: ()})

    waived = {name: "its server is its own"}
    assert type("TestIt", (PersonaContract,), {name: (), "waived": waived})


@pytest.mark.parametrize(
    ("contract", "name"),
    [(CacheContract, "fill"), (CacheContract, "settle"), (StoreContract, "stored")],
)
def test_helpers_of_caches_and_stores_are_kept(contract, name):
    """What the contracts of caches and stores build on is redefined by a waiver alone."""
    with pytest.raises(ContractError, match=f"{name} is what the tests"):
        type("TestIt", (contract,), {name: None})


def test_a_base_cannot_hide_the_class_either():
    """A base outside of the kit that pytest is told not to collect is refused as well."""
    hidden = type("Hidden", (), {"__test__": False})

    with pytest.raises(ContractError, match="__test__"):
        type("TestIt", (hidden, PersonaContract), {})


def test_a_class_that_nothing_collects_is_refused(tmp_path):
    """A contract under a name that pytest passes over stops it, unless it is another's base."""
    code, output = collected(tmp_path, SAGE.replace("TestSage", "Sage"))
    base = SAGE.replace("TestSage", "Sage") + "class TestIt(Sage):\n    pass\n"

    assert code != 0
    assert "call it TestSage" in output
    assert 0 == collected(tmp_path, base)[0]


def test_the_plugin_of_another_project_is_refused(tmp_path):
    """In a project that brings a plugin, the contract has to test that one."""
    points = '[project]\nname = "ion-owl"\n[project.entry-points."ion.plugins"]\nowl = "ion_owl"\n'
    (tmp_path / "pyproject.toml").write_text(points, "utf-8")
    code, output = collected(tmp_path, SAGE)

    assert code != 0
    assert "plugin = 'sage' is not the plugin of this project, which is owl" in output


DROP = (
    "def pytest_collection_modifyitems(items):\n"
    "    items[:] = [i for i in items if 'gold' not in i.name]\n"
)
MARK = (
    "import pytest\ndef pytest_collection_modifyitems(items):\n"
    "    [i.add_marker(pytest.mark.xfail) for i in items if 'gold' in i.name]\n"
)


@pytest.mark.parametrize(
    ("conftest", "told"), [(DROP, "was deselected"), (MARK, "is marked")], ids=("dropped", "marked")
)
def test_a_conftest_takes_nothing_away(conftest, told, tmp_path):
    """A conftest.py that drops or marks a contract's test stops pytest, unless it is waived."""
    (tmp_path / "conftest.py").write_text(conftest, "utf-8")
    code, output = collected(tmp_path, SAGE)
    waived = SAGE + "    waived = {'test_it_is_graded_gold': 'no licence yet'}\n"

    assert code != 0
    assert f"test_it_is_graded_gold: a test of a contract {told}" in output
    assert 0 == collected(tmp_path, waived)[0]


def test_whoever_calls_pytest_may_choose(tmp_path):
    """What the command line deselects is nobody's fault."""
    code, output = collected(tmp_path, SAGE, "-k", "gold")

    assert code == 0
    assert "deselected" in output
