"""The plugin keeps the core's contract for caches: in memory, with Redis, and with Redis gone."""

from __future__ import annotations

import pytest

from ion_framework.testing import CacheContract, RedisServer


@pytest.fixture(scope="module")
def server():
    """One Redis for all tests of this file."""
    with RedisServer() as running:
        yield running


@pytest.fixture(scope="module")
def gone():
    """The address of a Redis that is not there any more."""
    with RedisServer() as server:
        server.kill()
        yield server.url


class TestTwoTierCache(CacheContract):
    """The contract, run against the installed plugin."""

    plugin = "two-tier-cache"


class TestTwoTierCacheWithRedis(CacheContract):
    """The same, with a Redis that is empty before each test."""

    plugin = "two-tier-cache"

    @pytest.fixture(autouse=True)
    def address(self, server):
        """The plugin is told of the Redis as by an operator."""
        server.command("FLUSHALL")
        type(self).environ = {"ION_REDIS_URL": server.url}


class TestTwoTierCacheWithoutItsRedis(CacheContract):
    """The same, with nobody at the address that the plugin is told."""

    plugin = "two-tier-cache"

    @pytest.fixture(autouse=True)
    def address(self, gone):
        """The plugin is told of a Redis that is not there."""
        type(self).environ = {"ION_REDIS_URL": gone}
