"""Projects of plugins on disk, as their authors have them, made for a test."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import attrs

from ion_framework.testing.packages import MANIFEST

PERSONA = """\
name = "{name}"
summary = "Made for a test."
provides = ["persona"]
ion_api = 1

[persona]
[persona.display_name]
en = "Sage"
ko = "세이지"
[persona.description]
en = "Made for a test."
ko = "시험용."
[persona.prompts.system]
en = "You are {{{{persona_name}}}}."
ko = "당신은 {{{{persona_name}}}}입니다."
[persona.affinities.tone]
calm = 0.9
urgent = 0.1
[persona.affinities.pace]
burst = 1.0
[persona.affinities.intent]
planning = 1.0
"""
"""The manifest of a persona that is complete and has a profile of its own."""

TESTS = """\
from ion_framework.testing import {contract}


class Test{title}({contract}):
    plugin = "{name}"
"""
"""The tests that a project has at least: the contract of its kind."""

_CONTRACTS = {
    "analyzer": "AnalyzerContract",
    "cache": "CacheContract",
    "generator": "GeneratorContract",
    "monitor": "MonitorContract",
    "persona": "PersonaContract",
    "router": "RouterContract",
    "store": "StoreContract",
}

README = """\
# {distribution}

This plugin was made for a test, and its README says so at some length: what it is for, that it has
no settings, that nothing of it leaves the process, and that whoever finds it somewhere else than in
a test folder may delete it without any regret. 시험용으로 만든 플러그인입니다.
"""

PYPROJECT = """\
[build-system]
requires = ["hatchling>=1.27"]
build-backend = "hatchling.build"

[project]
name = "{distribution}"
version = "1.0"
readme = "README.md"
license = "Apache-2.0"

[project.urls]
Issues = "https://issues.internal/{distribution}"

[project.entry-points."ion.plugins"]
{name} = "{target}"

[tool.hatch.build.targets.wheel]
packages = ["src/{package}"]
"""


@attrs.frozen(kw_only=True)
class PluginProject:
    """A project to be written into a folder; without changes it is one that the kit grades gold.

    Attributes:
        name: name of the plugin.
        kind: what it provides; ``persona`` makes a data-only project unless there is code.
        code: text of ``plugin.py``; empty makes a data-only package.
        manifest: text of its manifest, by default a plain one of its kind.
        more_manifest: text at the end of the manifest.
        pyproject: text of ``pyproject.toml``, with the gaps of `PYPROJECT`.
        files: further files by path inside the project; None leaves one out that is there by
            default (``README.md``, ``LICENSE``, ``tests/test_it.py``, ``{package}/py.typed``).
    """

    name: str = "sage"
    kind: str = "persona"
    code: str = ""
    manifest: str | None = None
    more_manifest: str = ""
    pyproject: str = PYPROJECT
    files: Mapping[str, str | None] = attrs.field(factory=dict)

    @property
    def distribution(self) -> str:
        """Name of the distribution."""
        return f"ion-{'persona-' if self.kind == 'persona' else ''}{self.name}"

    @property
    def package(self) -> str:
        """Import name of the package."""
        return self.distribution.replace("-", "_")

    def write(self, folder: Path) -> Path:
        """Write the project into a new folder; returns that folder."""
        plain = PERSONA if self.kind == "persona" else MANIFEST
        manifest = self.manifest or plain.format(name=self.name, kind=self.kind)
        source = f"src/{self.package}"
        texts: dict[str, str | None] = {
            "pyproject.toml": self._filled(self.pyproject),
            "README.md": self._filled(README),
            "LICENSE": "The text of a licence.\n",
            "tests/test_it.py": self._filled(TESTS),
            f"{source}/__init__.py": "",
            f"{source}/ion-plugin.toml": f"{manifest}\n{self.more_manifest}",
            f"{source}/py.typed": "" if self.code else None,
            f"{source}/plugin.py": self.code or None,
            **{path.replace("{package}", source): text for path, text in self.files.items()},
        }
        for path, text in texts.items():
            if text is not None:
                file = folder / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, "utf-8")
        return folder

    def _filled(self, text: str) -> str:
        return text.format(
            distribution=self.distribution,
            name=self.name,
            package=self.package,
            title=self.name.replace("-", " ").title().replace(" ", ""),
            contract=_CONTRACTS.get(self.kind, "PluginContract"),
            target=f"{self.package}.plugin:Plugin" if self.code else self.package,
        )
