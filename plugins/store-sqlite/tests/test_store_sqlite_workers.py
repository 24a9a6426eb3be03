"""The threads with a connection: what becomes of calls when one breaks, and of starts."""

from __future__ import annotations

import asyncio
import sqlite3
import threading

import pytest
from ion_store_sqlite.workers import Workers
from ion_store_sqlite.writing import write

from ion_framework.conversations.store import StoreError


class Breaking:
    """Works like the thread that writes, except that it breaks down when it is told to."""

    def __init__(self):
        self.connections = 0
        self.broken = False

    def connect(self):
        """A connection, unless it is broken."""
        if self.broken:
            raise sqlite3.OperationalError("no disk")
        self.connections += 1
        return sqlite3.connect(":memory:", isolation_level=None)

    def work(self, connection, calls):
        """Work through calls, unless it is broken."""
        if self.broken:
            raise sqlite3.OperationalError("no disk")
        write(connection, calls)

    def workers(self, threads=1):
        """The threads."""
        return Workers(self.connect, self.work, threads=threads, group=4, name="test")


def one(connection):
    """A call that works wherever a connection does."""
    return connection.execute("SELECT 1").fetchone()[0]


async def test_a_broken_connection_fails_its_calls_and_is_replaced():
    """Calls that meet a broken connection are told, and later ones get a new connection."""
    parts = Breaking()
    workers = parts.workers()
    await workers.open()
    assert 1 == await workers.submit(one)
    parts.broken = True
    for _ in range(2):
        found = await asyncio.gather(
            *(workers.submit(one) for _ in range(9)), return_exceptions=True
        )
        assert {StoreError} == {type(error) for error in found}
    parts.broken = False

    assert 1 == await workers.submit(one)
    assert 2 == parts.connections
    await workers.close()


async def test_threads_that_cannot_begin_leave_nothing_behind():
    """A start that fails raises, ends its threads, and may be tried again."""
    parts = Breaking()
    parts.broken = True
    workers = parts.workers(threads=3)
    with pytest.raises(StoreError):
        await workers.open()
    parts.broken = False
    await workers.open()

    assert [1, 1, 1] == await asyncio.gather(*(workers.submit(one) for _ in range(3)))
    await workers.close()
    with pytest.raises(StoreError, match="closed"):
        workers.submit(one)


async def test_a_start_that_is_cancelled_ends_its_threads():
    """Threads whose start nobody waits for any more end as soon as they can."""
    parts, slow = Breaking(), threading.Event()

    def connect():
        slow.wait(10)
        return parts.connect()

    workers = Workers(connect, parts.work, threads=2, group=1, name="ion-test-slow")
    starting = asyncio.create_task(workers.open())
    await asyncio.sleep(0.01)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    slow.set()
    async with asyncio.timeout(20):
        while any(thread.name == "ion-test-slow" for thread in threading.enumerate()):  # noqa: ASYNC110  threads set no event
            await asyncio.sleep(0.01)

    assert 2 == parts.connections


async def test_what_waits_at_the_end_is_done():
    """Calls that wait when the threads are told to end are worked through first."""
    parts = Breaking()
    workers = parts.workers()
    await workers.open()
    waiting = [workers.submit(one) for _ in range(50)]
    await workers.close()

    assert [1] * 50 == [await call for call in waiting]


async def test_who_does_not_wait_any_more_is_passed_over():
    """A call whose caller left before its turn is not made."""
    parts, made, held = Breaking(), [], threading.Event()
    workers = parts.workers()
    await workers.open()
    first = workers.submit(lambda _: held.wait(10))
    second = workers.submit(lambda _: made.append(2))
    third = workers.submit(lambda _: made.append(3))
    second.cancel()
    held.set()
    await asyncio.gather(first, third)

    assert [3] == made
    await workers.close()
