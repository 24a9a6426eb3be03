"""The plugin keeps the core's contract for caches."""

from __future__ import annotations

from ion_framework.testing import CacheContract


class TestTwoTierCache(CacheContract):
    """The contract, run against the installed plugin."""

    plugin = "two-tier-cache"
