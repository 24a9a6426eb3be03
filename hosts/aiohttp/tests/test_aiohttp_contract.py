"""What every plugin has to hold."""

from __future__ import annotations

from ion_framework.manifest.model import Kind
from ion_framework.testing import PluginContract


class TestHost(PluginContract):
    """The host is a plugin like every other."""

    plugin = "aiohttp"
    kind = Kind.HOST
