"""The repository as data: its files, its distributions, its READMEs."""

from __future__ import annotations

import re
import tomllib
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import Any

import attrs

ROOT = Path(__file__).resolve().parents[2]
KINDS = ("hosts", "perf", "personas", "plugins")
TEXT_SUFFIXES = frozenset({".py", ".toml", ".md", ".txt", ".ini", ".yml", ".yaml", ".cfg", ""})


@attrs.frozen
class Distribution:
    """One distribution of this repository."""

    folder: Path

    @property
    def path(self) -> str:
        """Its folder as ``dev-requirements.txt`` writes it."""
        return self.folder.relative_to(ROOT).as_posix()

    @property
    def pyproject(self) -> dict[str, Any]:
        """Its pyproject.toml."""
        return read_toml(self.folder / "pyproject.toml")

    @property
    def project(self) -> dict[str, Any]:
        """Its ``[project]`` table."""
        return self.pyproject["project"]

    @property
    def name(self) -> str:
        """The name under which it is published."""
        return self.project["name"]

    @property
    def package(self) -> str:
        """The name under which it is imported."""
        return self.name.replace("-", "_")

    @property
    def source(self) -> Path:
        """The folder of its package."""
        return self.folder if self.folder == ROOT else self.folder / "src"

    @property
    def modules(self) -> tuple[Path, ...]:
        """Its Python files, without tests."""
        return tuple(sorted((self.source / self.package).rglob("*.py")))

    @property
    def manifest(self) -> dict[str, Any]:
        """Its ion-plugin.toml."""
        return read_toml(self.source / self.package / "ion-plugin.toml")


def read_toml(file: Path) -> dict[str, Any]:
    """A TOML file."""
    return tomllib.loads(file.read_text("utf-8"))


def core() -> Distribution:
    """The core distribution."""
    return Distribution(ROOT)


@cache
def plugins() -> tuple[Distribution, ...]:
    """Every distribution but the core, by folder."""
    found = (file for kind in KINDS for file in (ROOT / kind).glob("*/pyproject.toml"))
    return tuple(Distribution(file.parent) for file in sorted(found))


@cache
def files() -> tuple[Path, ...]:
    """Every file of a checkout: what ``.gitignore`` names is left out."""
    patterns = [".git", *(ROOT / ".gitignore").read_text("utf-8").split()]
    return tuple(sorted(_walk(ROOT, [pattern.rstrip("/") for pattern in patterns])))


def python_files() -> tuple[Path, ...]:
    """Every Python file of a checkout."""
    return tuple(file for file in files() if file.suffix == ".py")


def text_files() -> tuple[Path, ...]:
    """Every text file of a checkout."""
    return tuple(file for file in files() if file.suffix in TEXT_SUFFIXES)


def relative(file: Path) -> str:
    """A file's path inside the repository."""
    return file.relative_to(ROOT).as_posix()


def is_test(file: Path) -> bool:
    """Whether a file belongs to a test suite."""
    return "tests" in file.relative_to(ROOT).parts


@attrs.frozen
class Block:
    """A fenced block of a README.

    Attributes:
        language: what stands after the fence.
        text: what stands between the fences.
        title: the file name in bold that stands above it, empty without one.
        section: the heading under which it stands.
    """

    language: str
    text: str
    title: str
    section: str


def blocks(readme: str) -> tuple[Block, ...]:
    """The fenced blocks of a README in the repository's root, in order."""
    found: list[Block] = []
    section = title = ""
    inside: list[str] | None = None
    language = ""
    for line in (ROOT / readme).read_text("utf-8").splitlines(keepends=True):
        if inside is None and line.startswith("```"):
            inside, language = [], line.strip().removeprefix("```")
        elif inside is not None and line == "```\n":
            found.append(Block(language, "".join(inside), title, section))
            inside, title = None, ""
        elif inside is not None:
            inside.append(line)
        elif line.startswith("## "):
            section = line.removeprefix("## ").strip()
        elif named := re.fullmatch(r"\*\*`([^`]+)`\*\*\n", line):
            title = named[1]
    return tuple(found)


def _walk(folder: Path, patterns: list[str]) -> list[Path]:
    found = []
    for path in folder.iterdir():
        names = (path.name, path.relative_to(ROOT).as_posix())
        if any(fnmatch(name, pattern) for name in names for pattern in patterns):
            continue
        found += _walk(path, patterns) if path.is_dir() else [path]
    return found
