"""What is known of one plugin: status, reason and where it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

import attrs

from ion_framework.manifest.model import Kind, Manifest
from ion_framework.plugin_host.discovery import Candidate


class Status(StrEnum):
    """A plugin's status. The first seven are known without an import, the rest after activation.

    ``ready``         can be activated
    ``idle``          installed, but a setting that it needs is missing
    ``disabled``      a list, or safe mode, says not to run it
    ``incompatible``  needs another major of the plugin API
    ``conflict``      two distributions bring this name
    ``invalid``       breaks the plugin contract
    ``untrusted``     is not as it was pinned, and only pinned plugins may run
    ``active``        runs
    ``failed``        raised or hung while it was activated, or failed so often that it is left out
    ``quarantined``   kept failing, and is left out of turns for a while
    """

    READY = "ready"
    IDLE = "idle"
    DISABLED = "disabled"
    INCOMPATIBLE = "incompatible"
    CONFLICT = "conflict"
    INVALID = "invalid"
    UNTRUSTED = "untrusted"
    ACTIVE = "active"
    FAILED = "failed"
    QUARANTINED = "quarantined"


@attrs.frozen
class PluginRecord:
    """One plugin as the host sees it.

    Attributes:
        candidate: where it comes from.
        status: its status.
        reason: why, one sentence.
        manifest: its manifest, None where it cannot be read.
        settings: its settings, validated.
        import_ms: milliseconds that import and factory took, None before activation.
        startup_ms: milliseconds that its ``ion_startup`` took, None without one.
        settings_problems: what is wrong with its settings, one sentence each.
    """

    candidate: Candidate
    status: Status
    reason: str
    manifest: Manifest | None = None
    settings: Mapping[str, object] = attrs.field(factory=dict, repr=False)
    import_ms: float | None = None
    startup_ms: float | None = None
    settings_problems: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Name of the plugin."""
        return self.candidate.name

    @property
    def distribution(self) -> str:
        """Name of its distribution."""
        return self.candidate.distribution

    @property
    def version(self) -> str:
        """Version of its distribution."""
        return self.candidate.version

    @property
    def provides(self) -> tuple[Kind, ...]:
        """What it provides; nothing where the manifest cannot be read."""
        return self.manifest.provides if self.manifest else ()

    @property
    def file(self) -> Path | None:
        """Folder of its package."""
        return self.candidate.folder

    def become(self, status: Status, reason: str) -> PluginRecord:
        """The record with another status."""
        return attrs.evolve(self, status=status, reason=reason)
