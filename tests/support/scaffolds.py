"""Packages that ``ion persona new`` and ``ion plugin new`` write, made for tests."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

from ion_framework.domain.key import Tone
from ion_framework.domain.language import Language
from ion_framework.manifest.model import Kind, Manifest
from ion_framework.manifest.reading import read_manifest
from ion_framework.scaffolding.answers import (
    DEFAULT_TONES,
    PersonaAnswers,
    default_shown,
    descriptions,
)
from ion_framework.scaffolding.names import Names
from ion_framework.scaffolding.personas import persona_files
from ion_framework.scaffolding.plugins import plugin_files
from ion_framework.scaffolding.publication import Publication
from ion_framework.scaffolding.writing import write

PUBLICATION = Publication(year=2026)
PATIENCE_S = 300


def answers_with(
    name: str = "sage",
    tones: tuple[Tone, ...] = DEFAULT_TONES,
    description: str = "",
    **shown: str,
) -> PersonaAnswers:
    """Answers that are defaults except for what is named."""
    usual = default_shown(name)
    return PersonaAnswers(
        shown={
            Language.ENGLISH: shown.get("english", usual),
            Language.KOREAN: shown.get("korean", usual),
        },
        tones=tones,
        description=descriptions([description] if description else [], tones),
    )


def persona_tree(
    folder: Path, name: str = "sage", answers: PersonaAnswers | None = None, *, code: bool = False
) -> Path:
    """Write the package of a persona; gives its folder."""
    names, target = Names.of_persona(name), folder / f"ion-persona-{name}"
    write(persona_files(names, answers or answers_with(name), PUBLICATION, code=code), target)
    return target


def plugin_tree(folder: Path, kind: Kind, name: str = "", summary: str = "") -> Path:
    """Write the package of a plugin of some kind; gives its folder."""
    names = Names.of_plugin(name or f"my-{kind.value}")
    target = folder / names.distribution
    write(plugin_files(names, kind, summary, PUBLICATION), target)
    return target


def manifest_of(tree: Path) -> Manifest:
    """The manifest of a package's source tree."""
    (package,) = (path for path in (tree / "src").iterdir() if path.is_dir())
    return read_manifest(package, "0.1.0")


def installed_in(tree: Path) -> dict[str, str]:
    """Variables for a process that has a source tree installed, by metadata beside its package."""
    project = tomllib.loads((tree / "pyproject.toml").read_text("utf-8"))["project"]
    info = tree / "src" / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir(exist_ok=True)
    lines = (f"Name: {project['name']}", f"Version: {project['version']}")
    (info / "METADATA").write_text("\n".join(("Metadata-Version: 2.1", *lines, "")), "utf-8")
    ((name, target),) = project["entry-points"]["ion.plugins"].items()
    (info / "entry_points.txt").write_text(f"[ion.plugins]\n{name} = {target}\n", "utf-8")
    known = [str(tree / "src"), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(known)}


def run_in(tree: Path, module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a Python module in a source tree that is installed."""
    return subprocess.run(
        (sys.executable, "-P", "-m", module, *arguments),
        cwd=tree,
        env=installed_in(tree),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
