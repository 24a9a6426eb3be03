"""Packages as they are written, untouched: they pass their own tests, the rules and mypy strict."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from ion_framework.manifest.model import Kind
from ion_framework.scaffolding.plugins import kinds
from tests.support.scaffolds import persona_tree, plugin_tree, run_in

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]
WHAT = ("persona", "persona-with-code", *kinds())
EVERY_ONE = pytest.mark.parametrize("what", WHAT, ids=str)
USUAL = ("persona", "persona-with-code", Kind.GUARD, Kind.MONITOR)
# Kinds of plugins differ in little; all of them are tried with the reliability checks.
MOST = pytest.mark.parametrize(
    "what",
    [item if item in USUAL else pytest.param(item, marks=pytest.mark.slow) for item in WHAT],
    ids=str,
)


def tree_of(what, folder):
    """A package of each kind, with a name of two parts."""
    if isinstance(what, Kind):
        return plugin_tree(folder, what, f"my-{what.value}")
    return persona_tree(folder, f"old-{what}", code=what != "persona")


@MOST
def test_it_passes_its_own_tests(what, tmp_path):
    """Installed beside nothing but the core, the untouched package passes all of its tests."""
    ran = run_in(tree_of(what, tmp_path), "pytest", "-q", "-p", "no:cacheprovider")

    assert 0 == ran.returncode, ran.stdout + ran.stderr
    assert " passed" in ran.stdout


# Its own tests ask the same of it, by the contract.
@pytest.mark.slow
@EVERY_ONE
def test_it_is_gold(what, tmp_path):
    """The conformance kit grades the untouched package gold."""
    ran = run_in(tree_of(what, tmp_path), "ion_framework.cli", "plugins", "check", ".", "--json")

    assert 0 == ran.returncode, ran.stdout + ran.stderr
    report = json.loads(ran.stdout)
    assert "gold" == (report[0] if isinstance(report, list) else report)["grade"], ran.stdout


def every_tree(folder):
    """A package of each kind, side by side; gives the import names."""
    trees = [tree_of(what, folder / str(what)) for what in WHAT]
    return [path.name for tree in trees for path in (tree / "src").iterdir()]


def run(folder, *arguments, **variables):
    """Run a Python module on every package of a folder; gives what it says where it fails."""
    ran = subprocess.run(
        (sys.executable, "-P", "-m", *arguments),
        cwd=folder,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    return ran.stdout + ran.stderr if ran.returncode else ""


@pytest.mark.skipif(find_spec("mypy") is None, reason="mypy is not installed here")
def test_types_are_strict(tmp_path):
    """Code and tests of all packages pass mypy in strict mode."""
    every_tree(tmp_path)
    sources = sorted(map(str, tmp_path.glob("*/*/src")))
    tests = sorted(map(str, tmp_path.glob("*/*/tests")))
    options = ("--strict", "--cache-dir", str(tmp_path / "cache"))

    assert "" == run(
        tmp_path, "mypy", *options, *sources, *tests, MYPYPATH=os.pathsep.join(sources)
    )


@pytest.mark.skipif(find_spec("ruff") is None, reason="ruff is not installed here")
def test_the_rules_are_kept(tmp_path):
    """Code and tests of all packages keep this repository's own rules and format."""
    known = f'known-first-party = {every_tree(tmp_path)}\nknown-third-party = ["ion_framework"]\n'
    rules = tmp_path / "ruff.toml"
    rules.write_text(f'extend = "{ROOT}/pyproject.toml"\n[lint.isort]\n{known}', "utf-8")
    # Patterns for tests hold relative to the folder in which it runs.
    options = ("--no-cache", "--config", "ruff.toml", ".")

    assert "" == run(tmp_path, "ruff", "check", *options)
    assert "" == run(tmp_path, "ruff", "format", "--check", "--diff", *options)
