"""Plugin packages on disk, as pip would have installed them, made for a test."""

from __future__ import annotations

import os
import sys
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from importlib import invalidate_caches
from pathlib import Path

import attrs

from ion_framework.plugin_host.trust_imports import forget_imports

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
        beside: further files by path beside the package, as a wheel may bring them.
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
    beside: Mapping[str, str] = attrs.field(factory=dict)

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
        for name, text in self.beside.items():
            (folder / name).write_text(text, "utf-8")
        self._write_metadata(folder)
        self.record(folder)
        return package

    def info(self, folder: Path) -> Path:
        """The folder of its metadata, once it is written into a folder."""
        return folder / f"{self.package}-{self.version}.dist-info"

    def record(self, folder: Path) -> None:
        """Write RECORD anew, by the files that are there, as an installer does.

        Args:
            folder: the folder that the package was written into.
        """
        info = self.info(folder)
        owned = [*(folder / self.package).rglob("*"), *info.iterdir()]
        owned += [folder / name for name in self.beside]
        record = info / "RECORD"
        lines = [
            recorded(file, file.relative_to(folder).as_posix())
            for file in sorted(owned)
            if file.is_file() and file.suffix != ".pyc" and file != record
        ]
        text = "".join(f"{line}\n" for line in (*lines, f"{info.name}/RECORD,,"))
        record.write_text(text, "utf-8")

    def _write_metadata(self, folder: Path) -> None:
        info = self.info(folder)
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


def recorded(file: Path, name: str) -> str:
    """The line of a file in RECORD: name, SHA-256 in base64 without padding, size in bytes.

    Args:
        file: the file.
        name: its path from the folder of installed packages.
    """
    content = file.read_bytes()
    digest = urlsafe_b64encode(sha256(content).digest()).rstrip(b"=").decode()
    return f"{name},sha256={digest},{len(content)}"


@contextmanager
def installed_on_path(folder: Path, *packages: PluginPackage) -> Iterator[None]:
    """Have packages installed, for this process, while the block runs.

    Their modules are forgotten at the end, and that they were verified, so that the next test
    imports its own.
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
        forget_imports(names)
        invalidate_caches()


def environment_with(folder: Path, environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """An environment for a child process in which the packages of a folder are installed."""
    known = dict(os.environ if environ is None else environ)
    known["PYTHONPATH"] = os.pathsep.join(filter(None, (str(folder), known.get("PYTHONPATH"))))
    return known
