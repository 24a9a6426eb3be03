"""Plugin packages on disk, as pip would have installed them, made for a test."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import invalidate_caches
from pathlib import Path

import attrs

MANIFEST = """\
name = "{name}"
summary = "Made for a test."
provides = ["{kind}"]
ion_api = 1
"""

PERSONA_MANIFEST = (
    MANIFEST.replace("{kind}", "persona")
    + """
[persona]
description = {{ en = "Made for a test.", ko = "시험용." }}
[persona.prompts.system]
en = "You are {{{{persona_name}}}}."
ko = "당신은 {{{{persona_name}}}}입니다."
"""
)


@attrs.frozen(kw_only=True)
class PluginPackage:
    """A plugin package to be written into a folder of installed packages.

    Attributes:
        name: name of the plugin.
        manifest: text of its manifest; None leaves the file out, and by default it is that of a
            plain persona.
        code: text of ``plugin.py``; empty makes a data-only package.
        init: text of ``__init__.py``.
        distribution: name of the distribution, by default ``ion-test-<name>``.
        version: version of the distribution.
        target: what the entry point names, by default the package or ``package.plugin:plugin``.
        requires: lines of ``Requires-Dist``.
        issues_url: where problems are reported.
        files: further files by path inside the package.
    """

    name: str
    manifest: str | None = attrs.field()
    code: str = ""
    init: str = ""
    distribution: str = attrs.field()
    version: str = "1.0"
    target: str = attrs.field()
    requires: tuple[str, ...] = ()
    issues_url: str = ""
    files: Mapping[str, str] = attrs.field(factory=dict)

    @manifest.default
    def _default_manifest(self) -> str:
        return PERSONA_MANIFEST.format(name=self.name)

    @distribution.default
    def _default_distribution(self) -> str:
        return f"ion-test-{self.name}"

    @target.default
    def _default_target(self) -> str:
        return f"{self.package}.plugin:plugin" if self.code else self.package

    @property
    def package(self) -> str:
        """The package's import name; from the distribution, so that two may share a plugin name."""
        return self.distribution.replace("-", "_").lower()

    def write(self, folder: Path) -> Path:
        """Write package and metadata into a folder; returns the package's own folder."""
        package = folder / self.package
        package.mkdir(parents=True)
        (package / "__init__.py").write_text(self.init, "utf-8")
        if self.manifest is not None:
            (package / "ion-plugin.toml").write_text(self.manifest, "utf-8")
        if self.code:
            (package / "plugin.py").write_text(self.code, "utf-8")
        for name, text in self.files.items():
            file = package / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, "utf-8")
        self._write_metadata(folder)
        return package

    def _write_metadata(self, folder: Path) -> None:
        info = folder / f"{self.package}-{self.version}.dist-info"
        info.mkdir()
        lines = [
            "Metadata-Version: 2.1",
            f"Name: {self.distribution}",
            f"Version: {self.version}",
            *(f"Requires-Dist: {line}" for line in self.requires),
        ]
        if self.issues_url:
            lines.append(f"Project-URL: Issues, {self.issues_url}")
        (info / "METADATA").write_text("\n".join(lines) + "\n", "utf-8")
        (info / "entry_points.txt").write_text(
            f"[ion.plugins]\n{self.name} = {self.target}\n", "utf-8"
        )
        (info / "RECORD").write_text("", "utf-8")


@contextmanager
def installed_on_path(folder: Path, *packages: PluginPackage) -> Iterator[None]:
    """Have packages installed, for this process, while the block runs.

    Their modules are forgotten at the end, so that the next test imports its own.
    """
    for package in packages:
        package.write(folder)
    sys.path.insert(0, str(folder))
    invalidate_caches()
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        names = {package.package for package in packages}
        for module in [m for m in sys.modules if m.partition(".")[0] in names]:
            del sys.modules[module]
        invalidate_caches()


def environment_with(folder: Path, environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """An environment for a child process in which the packages of a folder are installed."""
    known = dict(os.environ if environ is None else environ)
    known["PYTHONPATH"] = os.pathsep.join(filter(None, (str(folder), known.get("PYTHONPATH"))))
    return known
