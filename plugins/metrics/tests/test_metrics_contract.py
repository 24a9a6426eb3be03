"""The installed plugin keeps the contract of every plugin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from ion_framework.manifest.model import Kind
from ion_framework.testing import PluginContract


class TestMetrics(PluginContract):
    """The monitor as it comes."""

    plugin = "metrics"
    kind = Kind.MONITOR


class TestOpenMetrics(PluginContract):
    """The monitor when everybody may read it."""

    plugin = "metrics"
    kind = Kind.MONITOR
    settings: ClassVar[Mapping[str, object]] = {"scope": "open", "sample_s": 0.1}
