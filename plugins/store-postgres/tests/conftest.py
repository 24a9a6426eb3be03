"""A PostgreSQL for all tests of a process, with an empty schema for each."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import asynccontextmanager
from itertools import count

import pytest
from ion_store_postgres.settings import StoreSettings
from ion_store_postgres.store import PostgresStore

from ion_framework.testing import cannot_run
from ion_framework.testing.contracts.store.values import ANN, LEASE_S, after, make_stored_turn
from ion_framework.testing.network.postgres_install import POSTGRES_MISSING, find_postgres
from ion_framework.testing.network.postgres_server import PostgresServer

_SCHEMAS = count(1)


class Log:
    """A logger that remembers."""

    def __init__(self):
        self.lines = []

    def info(self, event, **values):
        """A line of information."""
        self.lines.append((event, values))

    warning = error = info

    @property
    def events(self):
        """The names of what was logged."""
        return [event for event, _ in self.lines]


def needs_postgres():
    """Skip without a server."""
    if find_postgres() is None:
        cannot_run(POSTGRES_MISSING)


@pytest.fixture(scope="session")
def server() -> Iterator[PostgresServer]:
    """A server that no test harms. What a crash of its machine would lose is of no interest."""
    needs_postgres()
    with PostgresServer(settings={"fsync": "off"}) as running:
        yield running


@pytest.fixture(scope="session")
def breakable() -> Iterator[PostgresServer]:
    """A server as it comes, to be killed and frozen."""
    needs_postgres()
    with PostgresServer() as running:
        yield running


@pytest.fixture
def fragile(breakable) -> Iterator[PostgresServer]:
    """The same, whole again for each test."""
    yield breakable
    if breakable.running:
        breakable.thaw()
    else:
        breakable.start()


@pytest.fixture
def schema() -> str:
    """The name of a schema that nobody else has."""
    return f"ion_{next(_SCHEMAS)}"


@pytest.fixture
def log() -> Log:
    """A logger that remembers."""
    return Log()


@pytest.fixture
def opened(log, schema):
    """Opens a store at an address and closes it."""

    @asynccontextmanager
    async def open_store(url, **changes):
        settings = {"schema": schema, **changes}
        store = PostgresStore(StoreSettings(url=url, **settings), log)
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
