"""pytest fixtures of the kit."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ion_framework.testing.network.redis_server import MISSING, RedisServer, find_redis_server
from ion_framework.testing.proving import cannot_run
from ion_framework.testing.virtual_time import VirtualClock


@pytest.fixture
def virtual_clock() -> VirtualClock:
    """A clock that stands still until it is moved."""
    return VirtualClock()


@pytest.fixture
def redis_server() -> Iterator[RedisServer]:
    """A running, empty Redis server of the test's own; without a redis-server the test skips."""
    if find_redis_server() is None:
        cannot_run(MISSING)
    with RedisServer() as server:
        yield server
