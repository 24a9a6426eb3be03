"""Imports of verified packages: from source alone, each file hashed once more as it is loaded.

Verifying files and importing them later leaves two gaps. Between the two a file may change; and
Python prefers byte code from ``__pycache__``, of which RECORD has no hash: one with the right time
and size in its head runs in the place of a source that is sound. So a package that was verified is
imported by a finder of its own, which takes the source, never the cache, and hashes what it is
about to run. That costs the time to compile the package at every start.

Modules belong to the process, whichever `Ion` has them imported, and so does the finder: where one
of two trusts pinned plugins only, the other has what was verified, too. What a process has imported
already is not looked at again.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import ModuleType

from ion_framework.plugin_host.trust_files import Inventory, hash_of


def guard_imports(inventory: Inventory) -> None:
    """Have the packages of a verified distribution imported as they were verified.

    Args:
        inventory: its files, without problems.
    """
    if _FINDER not in sys.meta_path:
        sys.meta_path.insert(0, _FINDER)
    _FINDER.guard(inventory.packages, inventory.hashes)


def forget_imports(packages: Iterable[str]) -> None:
    """Let packages be imported as ever again; for tests, in which packages come and go.

    Args:
        packages: dotted names.
    """
    _FINDER.forget(packages)


class VerifiedFinder(MetaPathFinder):
    """Finds modules as the other finders do, and lets through what was verified."""

    def __init__(self) -> None:
        self._hashes: dict[str, Mapping[str, str]] = {}

    def guard(self, packages: Sequence[str], hashes: Mapping[str, str]) -> None:
        """Watch over packages from now on.

        Args:
            packages: dotted names.
            hashes: what each of their files has to be, by its real path.
        """
        self._hashes |= dict.fromkeys(packages, hashes)

    def forget(self, packages: Iterable[str]) -> None:
        """Watch over packages no longer."""
        for name in packages:
            self._hashes.pop(name, None)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The module where it belongs to a guarded package, None where it does not."""
        hashes = self._hashes_for(fullname)
        if hashes is None:
            return None
        others = (finder for finder in list(sys.meta_path) if finder is not self)
        for finder in others:
            find = getattr(finder, "find_spec", None)
            spec: ModuleSpec | None = find(fullname, path, target) if find else None
            if spec is not None:
                return _verified(spec, hashes)
        return None

    def _hashes_for(self, fullname: str) -> Mapping[str, str] | None:
        name = fullname
        while name:
            if name in self._hashes:
                return self._hashes[name]
            name = name.rpartition(".")[0]
        return None


_FINDER = VerifiedFinder()


class VerifiedLoader(SourceFileLoader):
    """Loads a module from its source, if that is what was verified."""

    def __init__(self, fullname: str, path: str, expected: str) -> None:
        super().__init__(fullname, path)
        self._expected = expected

    def path_stats(self, path: str) -> Mapping[str, float]:
        """Refuse to say how old a source is, so that no byte code is read or written."""
        raise OSError(f"byte code of {path} is not used: only its source was verified")

    def get_data(self, path: str) -> bytes:
        """The content of a file; of the module itself only if it is the one that was verified.

        Raises:
            ImportError: it is not.
        """
        content = super().get_data(path)
        if path == self.path and hash_of(content, self._expected) != self._expected:
            raise ImportError(_CHANGED.format(path))
        return content


class RefusingLoader(Loader):
    """Stands for a module that was found in a verified package and must not be loaded."""

    def __init__(self, reason: str) -> None:
        self._reason = reason

    def exec_module(self, module: ModuleType) -> None:
        """Refuse.

        Raises:
            ImportError: always; says why.
        """
        raise ImportError(self._reason, name=module.__name__)


_CHANGED = "{} has changed since it was verified"


def _verified(spec: ModuleSpec, hashes: Mapping[str, str]) -> ModuleSpec:
    """The module with a loader that lets verified code through; looking for one never raises."""
    if spec.origin is None:  # a folder without code of its own
        return spec
    expected = hashes.get(os.path.realpath(spec.origin))
    if expected is None:
        reason = f"{spec.origin} is not among the verified files of its distribution"
        spec.loader = RefusingLoader(reason)
    elif type(spec.loader) is SourceFileLoader:
        spec.loader = VerifiedLoader(spec.name, spec.origin, expected)
    elif hash_of(Path(spec.origin).read_bytes(), expected) != expected:
        spec.loader = RefusingLoader(_CHANGED.format(spec.origin))
    spec.cached = None
    return spec
