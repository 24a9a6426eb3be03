"""Arrows run one way: everything imports the core, the core imports nothing of it."""

import ast
import os
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from importlib.util import find_spec
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support.repository import ROOT, Distribution, core, plugins, relative

NEVER_IN_THE_CORE = {"aiohttp", "redis", "google", "sentry_sdk", "msgspec", "openai", "prometheus"}
OURS = {found.package for found in (core(), *plugins())}
TESTING = ROOT / "ion_framework" / "testing"


def imports(file: Path) -> Iterator[tuple[str, int]]:
    """Every top-level package that a file imports, anywhere in it, with the line."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name.partition(".")[0], node.lineno
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{relative(file)}:{node.lineno}: relative import"
            yield (node.module or "").partition(".")[0], node.lineno


def requirements(lines: list[str]) -> set[str]:
    """The names of what is required, in normal form."""
    return {canonicalize_name(Requirement(line).name) for line in lines}


def undeclared(files: list[Path], package: str, declared: set[str]) -> list[str]:
    """Imports of what is neither in Python, nor in the package, nor declared."""
    # What is installed editable is not in Python's own list, but ours is named alike everywhere.
    homes = packages_distributions() | {name: [name] for name in OURS}
    return [
        f"{relative(file)}:{line}: {name}"
        for file in files
        for name, line in imports(file)
        if name not in sys.stdlib_module_names
        and name != package
        and not declared & set(map(canonicalize_name, homes.get(name, ())))
    ]


def test_the_core_imports_no_plugin_and_nothing_heavy():
    """No module of the core, but those of its testing kit, imports a plugin, a host or a client."""
    forbidden = NEVER_IN_THE_CORE | OURS - {"ion_framework"}
    found = [
        f"{relative(file)}:{line}: {name}"
        for file in core().modules
        if TESTING not in file.parents
        for name, line in imports(file)
        if name in forbidden
    ]

    assert not found


def test_the_core_imports_what_it_declares():
    """The core imports what it and its extra declare, its testing kit that of its own as well."""
    project = core().project
    extras = project["optional-dependencies"]
    declared = requirements([*project["dependencies"], *extras["cards"]])
    kit = declared | requirements(project["optional-dependencies"]["testing"])
    modules = core().modules

    assert not undeclared(
        [m for m in modules if TESTING not in m.parents], core().package, declared
    )
    assert not undeclared([m for m in modules if TESTING in m.parents], core().package, kit)


@pytest.mark.parametrize("plugin", plugins(), ids=lambda plugin: plugin.path)
def test_plugins_import_what_they_declare(plugin: Distribution):
    """A plugin imports what it declares, extras too, and of ours nothing but the core."""
    extras = plugin.project.get("optional-dependencies", {}).values()
    lines = [*plugin.project["dependencies"], *(line for extra in extras for line in extra)]
    declared = requirements(lines)

    assert declared & {found.name for found in plugins()} == set()
    assert not undeclared(list(plugin.modules), plugin.package, declared)


@pytest.mark.parametrize("plugin", plugins(), ids=lambda plugin: plugin.path)
def test_tests_of_a_plugin_import_no_other_plugin(plugin: Distribution):
    """A plugin's own tests import no other distribution of ours, so that they can run alone."""
    others = OURS - {"ion_framework", plugin.package}
    found = [
        f"{relative(file)}:{line}: {name}"
        for file in sorted((plugin.folder / "tests").rglob("*.py"))
        for name, line in imports(file)
        if name in others
    ]

    assert not found


@pytest.mark.skipif(
    os.environ.get("TOX_ENV_NAME") != "wheels", reason="the packages under test are not wheels"
)
def test_wheels_are_tested_as_wheels():
    """In tox's environment ``wheels``, every package comes from site-packages."""
    origins = {package: str(getattr(find_spec(package), "origin", "")) for package in OURS}

    assert not {name: origin for name, origin in origins.items() if "site-packages" not in origin}
