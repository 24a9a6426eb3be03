"""The plugin under examination, with all that is known of it without an import."""

from __future__ import annotations

from collections.abc import Mapping
from email.message import Message
from functools import cached_property
from importlib.metadata import Distribution, PackageNotFoundError, distribution, requires
from pathlib import Path

import attrs

from ion_framework.conformance.shipping import modules_installed, modules_of_tree
from ion_framework.domain.persona import Persona
from ion_framework.errors import PluginError
from ion_framework.manifest.model import Manifest
from ion_framework.plugin_host.assessment import assess
from ion_framework.plugin_host.discovery import Candidate, canonical
from ion_framework.plugin_host.record import PluginRecord
from ion_framework.plugin_host.source_tree import SourceTree, source_tree_of
from ion_framework.settings.model import Settings


@attrs.frozen
class Papers:
    """What a distribution says of itself besides its manifest.

    Attributes:
        licence: the licence, as an SPDX expression or in words; empty without one.
        has_licence_text: whether it brings the text of the licence.
        readme: its README; empty without one.
        is_expression: whether the licence is stated where an SPDX expression belongs.
    """

    licence: str = ""
    has_licence_text: bool = False
    readme: str = ""
    is_expression: bool = False


@attrs.define(eq=False)
class Subject:
    """One plugin.

    Attributes:
        candidate: where it comes from.
        settings: settings, of which its own table counts.
        environ: the environment that it sees.
        tree: its source tree, None where only what is installed is known.
    """

    candidate: Candidate
    settings: Settings
    environ: Mapping[str, str]
    tree: SourceTree | None = None

    @cached_property
    def record(self) -> PluginRecord:
        """Its record, by its manifest and the settings alone."""
        # Whoever asks for its grade wants it, whatever the lists of plugins to run say.
        wanted = attrs.evolve(self.settings.plugins, enable=(), disable=(), overrides=())
        settings = attrs.evolve(self.settings, plugins=wanted)
        (record,) = assess((self.candidate,), settings, self.environ)
        return record

    @property
    def manifest(self) -> Manifest | None:
        """Its manifest, None where it cannot be read."""
        return self.record.manifest

    @property
    def persona(self) -> Persona | None:
        """The persona of its manifest."""
        return self.manifest.persona if self.manifest else None

    @cached_property
    def modules(self) -> Mapping[Path, str]:
        """The Python files of its distribution that hold anything, with their dotted names."""
        if self.candidate.folder is None:
            return {}
        if self.tree is not None:
            return modules_of_tree(self.tree, self.candidate.folder)
        return modules_installed(self.candidate.distribution, self.candidate.folder)

    @property
    def has_code(self) -> bool:
        """Whether it runs code of its own."""
        return self.candidate.has_code or len(self.modules) > 1

    @cached_property
    def requirements(self) -> tuple[str, ...] | None:
        """What its distribution depends on, with its extras; None where that cannot be known."""
        if self.tree is not None:
            project = self.tree.project
            if {"dependencies", "optional-dependencies"} & set(project.get("dynamic", ())):
                return None
            extras = project.get("optional-dependencies", {}).values()
            return (*project.get("dependencies", ()), *(item for extra in extras for item in extra))
        try:
            return tuple(requires(self.candidate.distribution) or ())
        except (PackageNotFoundError, ValueError):
            return None

    @cached_property
    def papers(self) -> Papers | None:
        """What its distribution says of itself; None where there is no distribution."""
        if self.tree is not None:
            return _papers_of_tree(self.tree)
        try:
            return _papers_of(distribution(self.candidate.distribution))
        except (PackageNotFoundError, ValueError):
            return None

    def shown(self, file: Path) -> str:
        """A file as people find it: from its package on."""
        folder = self.candidate.folder
        if folder is not None and folder.parent in file.parents:
            return str(file.relative_to(folder.parent))
        if self.tree is not None and self.tree.folder in file.parents:
            return str(file.relative_to(self.tree.folder))
        return str(file)


def tree_beside(candidate: Candidate) -> SourceTree | None:
    """The source tree of an installed plugin, where it is installed from one that is being edited.

    Args:
        candidate: the plugin.
    """
    if candidate.folder is None:
        return None
    try:
        tree = source_tree_of(candidate.folder)
    except PluginError:
        return None
    return tree if canonical(tree.name) == canonical(candidate.distribution) else None


def _papers_of_tree(tree: SourceTree) -> Papers:
    project = tree.project
    licence = project.get("license", "")
    stated = licence if isinstance(licence, str) else str(licence.get("text", "see its file"))
    patterns = project.get("license-files", _LICENCE_FILES)
    readme = project.get("readme", "")
    name = readme if isinstance(readme, str) else str(readme.get("file", ""))
    file = tree.folder / name
    return Papers(
        stated,
        any(any(tree.folder.glob(str(pattern))) for pattern in patterns),
        file.read_text("utf-8", "replace") if name and file.is_file() else "",
        isinstance(licence, str),
    )


_LICENCE_FILES = ("LICEN[CS]E*", "COPYING*", "NOTICE*", "AUTHORS*")
"""What build tools take for licence files where ``license-files`` says nothing (PEP 639)."""


def _papers_of(found: Distribution) -> Papers:
    head: Message = found.metadata  # type: ignore[assignment]  # it is one; its protocol lacks get_payload
    licence = head.get("License-Expression") or head.get("License") or ""
    if not licence:
        named = [item for item in head.get_all("Classifier", ()) if item.startswith("License ::")]
        licence = named[0].rpartition("::")[2].strip() if named else ""
    payload = head.get_payload()
    readme = payload if isinstance(payload, str) and payload.strip() else head.get("Description")
    has_text, is_expression = bool(head.get_all("License-File")), "License-Expression" in head
    return Papers(str(licence), has_text, str(readme or ""), is_expression)
