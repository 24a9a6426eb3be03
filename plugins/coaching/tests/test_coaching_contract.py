"""The installed plugin keeps the contract of an extension."""

from __future__ import annotations

from ion_framework.manifest.model import Kind
from ion_framework.testing import PluginContract


class TestCoaching(PluginContract):
    """Phase and quality are an extension."""

    plugin = "coaching"
    kind = Kind.EXTENSION
