"""Which Python files a distribution ships, and which of them run when its plugin does."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from ion_framework.conformance.imports import is_program, modules_imported
from ion_framework.plugin_host.source_tree import SourceTree

_NOT_SHIPPED = frozenset(
    {"benchmarks", "build", "dist", "docs", "examples", "perf", "scripts", "test", "tests", "venv"}
)
"""Folders beside a package that lies at the top of a project, which build tools leave out."""


def modules_of_tree(tree: SourceTree, package: Path) -> Mapping[Path, str]:
    """The modules that a wheel built from a source tree holds, with their dotted names.

    Args:
        tree: the source tree.
        package: the plugin's own package.
    """
    tops = [package, *_stated(tree)]
    beside = package.parent
    if beside == tree.folder:
        tops += [
            item
            for item in sorted(beside.iterdir())
            if item.name not in _NOT_SHIPPED and (item / "__init__.py").is_file()
        ]
    elif tree.folder in beside.parents:
        tops += [item for item in sorted(beside.iterdir()) if item.is_dir() or item.suffix == ".py"]
    return {
        file: _dotted(file.relative_to(top.parent))
        for top in dict.fromkeys(tops)
        for file in _python_files(top)
    }


def modules_installed(name: str, package: Path) -> Mapping[Path, str]:
    """The modules that an installed distribution recorded, with their dotted names.

    Args:
        name: the distribution.
        package: the plugin's own package, which counts whatever was recorded.
    """
    known = {file: _dotted(file.relative_to(package.parent)) for file in _python_files(package)}
    try:
        recorded = distribution(name).files or ()
    except (PackageNotFoundError, ValueError):
        recorded = ()
    for item in recorded:
        file = Path(str(item.locate()))
        if item.suffix == ".py" and ".." not in item.parts and file.is_file():
            known.setdefault(file, _dotted(Path(item)))
    return known


def running_modules(
    trees: Mapping[str, ast.Module], packages: frozenset[str], entry: frozenset[str]
) -> frozenset[str]:
    """The modules that may run in a host: all but programs that nothing imports.

    Args:
        trees: the syntax trees by dotted name.
        packages: those of the names that are packages.
        entry: modules that entry points and commands name.
    """
    imported = {
        name: frozenset(modules_imported(tree, name if name in packages else _parent(name)))
        for name, tree in trees.items()
    }
    reached: set[str] = set()
    # Any module may be asked for from outside by its name; only a program is a tool of its own.
    waiting = [name for name, tree in trees.items() if name in entry or not is_program(tree)]
    while waiting:
        name = waiting.pop()
        if name in reached:
            continue
        reached.add(name)
        waiting += [known for known in _with_parents(name, imported[name]) if known in trees]
    return frozenset(reached)


def _with_parents(name: str, imported: frozenset[str]) -> Iterator[str]:
    """What is executed along with a module: what it imports, and every package above those."""
    for wanted in (name, *imported):
        parts = wanted.split(".")
        yield from (".".join(parts[:count]) for count in range(1, len(parts) + 1))


def _parent(name: str) -> str:
    return name.rpartition(".")[0]


def _python_files(top: Path) -> list[Path]:
    files = [top] if top.is_file() else sorted(top.rglob("*.py"))
    return [file for file in files if file.stat().st_size]


def _dotted(place: Path) -> str:
    parts = place.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _stated(tree: SourceTree) -> list[Path]:
    """The packages that the build settings name."""
    tool: Mapping[str, Any] = tree.document.get("tool", {})
    wheel = tool.get("hatch", {}).get("build", {}).get("targets", {}).get("wheel", {})
    setuptools = tool.get("setuptools", {})
    listed = setuptools.get("packages", ())
    names = [
        *(str(item) for key in ("packages", "only-include") for item in wheel.get(key, ())),
        *(str(item) for item in wheel.get("force-include", ())),
        *(str(item).replace(".", "/") for item in listed if isinstance(listed, list)),
        *(f"{item}.py" for item in setuptools.get("py-modules", ())),
    ]
    places = [tree.folder / name for name in names]
    return [
        place for place in places if place.is_dir() or (place.suffix == ".py" and place.is_file())
    ]
