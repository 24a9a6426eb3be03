"""The installed plugin keeps the contract of every plugin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from ion_framework.manifest.model import Kind
from ion_framework.testing import PluginContract


class TestLog(PluginContract):
    """The monitor as it comes."""

    plugin = "log"
    kind = Kind.MONITOR


class TestTalkativeLog(PluginContract):
    """The monitor when it logs whatever there is, texts included."""

    plugin = "log"
    kind = Kind.MONITOR
    settings: ClassVar[Mapping[str, object]] = {
        "turns": True,
        "plugins": True,
        "requests": True,
        "include_text": True,
        "level": "debug",
    }
