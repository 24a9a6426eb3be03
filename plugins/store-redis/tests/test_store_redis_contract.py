"""The store keeps the contract of all stores."""

from __future__ import annotations

import pytest

from ion_framework.testing import RedisServer, StoreContract, cannot_run, find_redis_server
from ion_framework.testing.network.redis_server import MISSING


@pytest.fixture(scope="session")
def server():
    """A server that no test harms."""
    if find_redis_server() is None:
        cannot_run(MISSING)
    with RedisServer() as running:
        yield running


@pytest.fixture(autouse=True)
def an_empty_namespace(request, server):
    """Each test has keys of its own."""
    contract = request.instance
    # A hundred callers at once may wait a second on a busy machine; how long is not in question.
    patience = {"timeout_s": 20.0}
    contract.settings = {"namespace": f"test{abs(hash(request.node.nodeid))}", **patience}
    contract.environ = {"ION_STORE_REDIS_URL": server.url}


class TestRedisStore(StoreContract):
    """The contract, on a real Redis."""

    plugin = "store-redis"
