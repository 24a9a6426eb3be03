"""The installed plugin keeps the contract of every plugin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from ion_framework.manifest.model import Kind
from ion_framework.testing import PluginContract


class TestGuard(PluginContract):
    """The guard as it comes: it reports."""

    plugin = "guard"
    kind = Kind.GUARD


class TestBlockingGuard(PluginContract):
    """The guard when it refuses."""

    plugin = "guard"
    kind = Kind.GUARD
    settings: ClassVar[Mapping[str, object]] = {"mode": "block"}
