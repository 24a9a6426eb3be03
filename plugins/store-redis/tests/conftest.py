"""Stores on real Redis servers."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager

import pytest
from ion_store_redis.settings import StoreSettings
from ion_store_redis.store import RedisStore

from ion_framework.testing.contracts.store.values import ANN, LEASE_S, after, make_stored_turn


class Log:
    """A logger that remembers."""

    def __init__(self):
        self.lines = []

    def info(self, event, **values):
        """A line of information."""
        self.lines.append((event, values))

    warning = error = info

    @property
    def text(self):
        """All of it."""
        return repr(self.lines)


@pytest.fixture
def log() -> Log:
    """A logger that remembers."""
    return Log()


@pytest.fixture
def opened(log):
    """Opens a store at an address and closes it."""

    @asynccontextmanager
    async def open_store(url, **changes):
        store = RedisStore(StoreSettings(url=url, **changes), log)
        await store.open(10.0)
        try:
            yield store
        finally:
            await store.close()

    return open_store


@pytest.fixture
def eventually():
    """Waits until something holds."""

    async def wait(condition, within_s=30.0):
        async with asyncio.timeout(within_s):
            while True:
                if await asyncio.to_thread(condition):
                    return
                await asyncio.sleep(0.01)

    return wait


@pytest.fixture
def talk():
    """Makes the next turn of a conversation."""

    async def make(store, name="c1", **turn):
        right = await store.begin(
            ANN, name, idempotency_key=None, turns=0, lease_s=LEASE_S, now=time.time()
        )
        number = right.conversation.turn_count + 1
        made = make_stored_turn(number, **turn)
        return await store.append(after(right.conversation, made), made, right.token)

    return make
