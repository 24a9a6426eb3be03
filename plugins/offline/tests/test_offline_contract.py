"""The installed plugin holds what every generator has to hold."""

from __future__ import annotations

from ion_framework.testing import GeneratorContract


class TestOffline(GeneratorContract):
    """The contract of generators, for the offline one."""

    plugin = "offline"
