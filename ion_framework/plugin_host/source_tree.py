"""A plugin's source tree in the place of an installed distribution: nothing of it is installed.

A package that is still being written is checked, and tried against recorded turns, from its own
folder. `candidate_of` reads what an installation would have recorded from ``pyproject.toml``;
`source_with` puts the candidate among the installed ones.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from importlib import import_module, invalidate_caches
from pathlib import Path
from typing import Any

import attrs

from ion_framework.errors import PluginError
from ion_framework.manifest.model import MANIFEST_NAME
from ion_framework.plugin_host.context import PluginContext
from ion_framework.plugin_host.discovery import GROUP, Candidate, Source

PYPROJECT = "pyproject.toml"
_ISSUE_LABELS = ("issues", "tracker", "bug tracker", "issue tracker", "bugs")


@attrs.frozen
class SourceTree:
    """The folder of a distribution, with its ``pyproject.toml``.

    Attributes:
        folder: the folder that holds ``pyproject.toml``.
        document: what the file says.
    """

    folder: Path
    document: Mapping[str, Any] = attrs.field(repr=False, eq=False)

    @property
    def project(self) -> Mapping[str, Any]:
        """The table ``[project]``; empty where there is none."""
        return _table(self.document, "project")

    @property
    def name(self) -> str:
        """Name of the distribution; empty where it states none."""
        return str(self.project.get("name", ""))

    @property
    def version(self) -> str:
        """Version of the distribution; 0 where a tool makes it at build time."""
        return str(self.project.get("version", "0"))

    @property
    def entry_points(self) -> Mapping[str, str]:
        """The plugins that it brings: what each entry point names."""
        return _table(_table(self.project, "entry-points"), GROUP)

    @property
    def issues_url(self) -> str:
        """Where problems are reported; empty where it does not say."""
        for label, url in _table(self.project, "urls").items():
            if label.strip().lower() in _ISSUE_LABELS:
                return str(url)
        return ""

    def package_folder(self, package: str) -> Path | None:
        """The folder of a top-level package; None where there is none with an ``__init__.py``."""
        wheel = self.document
        for key in ("tool", "hatch", "build", "targets", "wheel"):
            wheel = _table(wheel, key)
        stated = [item for item in wheel.get("packages", ()) if Path(str(item)).name == package]
        for place in (*stated, f"src/{package}", package):
            folder = self.folder / str(place)
            if (folder / "__init__.py").is_file():
                return folder
        return None


def source_tree_of(path: Path) -> SourceTree:
    """The source tree that a path lies in: the nearest folder upwards with a ``pyproject.toml``.

    Raises:
        PluginError: there is none, or its ``pyproject.toml`` cannot be read.
    """
    start = path.resolve()
    for folder in (start, *start.parents):
        file = folder / PYPROJECT
        if file.is_file():
            return SourceTree(folder, _document(file))
    raise PluginError(
        f"{path}: neither this folder nor one above it has a {PYPROJECT}; name the folder of the "
        "package's project"
    )


def candidate_of(path: Path) -> Candidate:
    """The plugin whose source lies in a folder, as an installation would offer it.

    Nothing is imported: its code runs when the candidate is activated, and comes from this folder
    then, whether or not the distribution is installed as well.

    Args:
        path: the project's folder, or one inside it.

    Raises:
        PluginError: there is no ``pyproject.toml``, or it names no plugin, or more than one.
    """
    tree = source_tree_of(path)
    points = tree.entry_points
    file = tree.folder / PYPROJECT
    if len(points) != 1:
        found = ", ".join(points) or "none"
        raise PluginError(
            f'{file}: [project.entry-points."{GROUP}"] must name one plugin, names {found}; write '
            'for example sage = "ion_persona_sage"'
        )
    ((name, target),) = points.items()
    package = target.partition(":")[0].strip().partition(".")[0]
    folder = tree.package_folder(package)
    missing = (
        f"its package {package!r} is not in {tree.folder}; put it into src/{package} with an "
        f"__init__.py that has the {MANIFEST_NAME} beside it"
    )
    return Candidate(
        name=name,
        target=target,
        distribution=tree.name or "(unnamed)",
        version=tree.version,
        folder=folder,
        problem="" if folder else missing,
        issues_url=tree.issues_url,
        factory=_TreeFactory(target, folder.parent) if folder and ":" in target else None,
    )


def source_with(base: Source, candidate: Candidate) -> Source:
    """A source with a candidate in the place of the installed plugin of the same name.

    Args:
        base: the other plugins.
        candidate: the candidate.
    """

    def source() -> Iterator[Candidate]:
        yield from (known for known in base() if known.name != candidate.name)
        yield candidate

    return source


@attrs.frozen
class _TreeFactory:
    """Imports a factory from a folder when it is called.

    Attributes:
        target: ``package.module:factory``.
        root: the folder that holds the package.
    """

    target: str
    root: Path

    def __call__(self, context: PluginContext) -> object:
        module, _, attribute = self.target.partition(":")
        value: Any = self._module(module.strip())
        for part in attribute.strip().split("."):
            value = getattr(value, part)
        if not callable(value):
            raise TypeError(
                f"{self.target} is {type(value).__name__}, not a factory; name a class or "
                "function that takes the plugin context and returns the plugin"
            )
        return value(context)

    def _module(self, name: str) -> object:
        package = name.partition(".")[0]
        known = getattr(sys.modules.get(package), "__file__", None)
        if known and self.root not in Path(known).resolve().parents:
            raise ImportError(
                f"{package!r} is imported already, from {known}; try the source tree in a process "
                "of its own"
            )
        if str(self.root) not in sys.path:
            # It stays there: a plugin may import more of itself whenever it runs.
            sys.path.insert(0, str(self.root))
            invalidate_caches()
        return import_module(name)


def _document(file: Path) -> Mapping[str, Any]:
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise PluginError(f"{file}: cannot be read: {error}") from None


def _table(table: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """A table inside a table; empty where there is none, whatever else stands there."""
    found = table.get(key)
    return found if isinstance(found, Mapping) else {}


_NOT_IN_MODULE_NAMES = re.compile(r"[-.]+")


def package_name_of(distribution: str) -> str:
    """The import name that a build tool expects of a distribution."""
    return _NOT_IN_MODULE_NAMES.sub("_", distribution).lower()


def is_source_tree(candidate: Candidate) -> bool:
    """Whether a candidate with code comes from `candidate_of`."""
    return isinstance(candidate.factory, _TreeFactory)
