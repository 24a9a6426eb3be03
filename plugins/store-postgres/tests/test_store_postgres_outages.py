"""PostgreSQL dies, freezes, loses answers and comes back."""

from __future__ import annotations

import asyncio
import time

import pytest

from ion_framework.conversations.model import Owner
from ion_framework.conversations.store import Begun, Busy, StoreError
from ion_framework.testing import Down, TcpProxy, Timeout
from ion_framework.testing.contracts.store.values import (
    ANN,
    LEASE_S,
    after,
    begun,
    make_conversation,
    make_stored_turn,
)

pytestmark = pytest.mark.outage


def changes(schema):
    """SQL that counts what was changed: versions, and conversations beyond the first."""
    return f"SELECT sum(version) + count(*) - 1 FROM {schema}.conversations"  # noqa: S608  the test's own name


async def test_a_restart_costs_nothing(fragile, opened, talk):
    """After a crash and a restart every operation works at once, and every turn is there."""
    async with opened(fragile.url, min_connections=3) as store:
        await store.create(make_conversation())
        for _ in range(3):
            assert await talk(store)
        await asyncio.to_thread(fragile.restart)

        assert await talk(store)
        assert [turn.number for turn in await store.turns(ANN, "c1", 9)] == [1, 2, 3, 4]


async def test_ended_connections_are_replaced(fragile, opened, talk):
    """Connections that an administrator ended are made anew, and nobody notices."""
    async with opened(fragile.url, min_connections=3) as store:
        await store.create(make_conversation())
        others = "application_name = 'ion' AND pid <> pg_backend_pid()"
        ended = f"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE {others}"  # noqa: S608  the test's own words
        await asyncio.to_thread(fragile.sql, ended)
        for _ in range(5):
            assert await talk(store)


async def test_a_server_that_is_away_is_a_store_error(fragile, opened, talk):
    """While nobody listens an operation fails within seconds, and works when it is back."""
    async with opened(fragile.url, retry_s=0.2) as store:
        await store.create(make_conversation())
        await asyncio.to_thread(fragile.kill)
        begun_at = time.monotonic()
        for call in (store.ping, lambda: store.get(ANN, "c1"), lambda: talk(store)):
            with pytest.raises(StoreError, match="cannot be reached"):
                await call()
        assert time.monotonic() - begun_at < 10
        await asyncio.to_thread(fragile.start)

        assert await talk(store)
        assert store.stats().troubles["connection"] >= 3


async def test_an_operation_waits_for_a_server_that_comes_back(fragile, opened, talk):
    """A turn that meets a server in its restart is kept when that is over."""
    async with opened(fragile.url, retry_s=30.0, acquire_timeout_s=30.0) as store:
        await store.create(make_conversation())
        await asyncio.to_thread(fragile.kill)
        turn = asyncio.create_task(talk(store))
        await asyncio.sleep(0.1)
        await asyncio.to_thread(fragile.start)

        assert await turn
        assert store.stats().retries >= 1


async def test_a_frozen_server_is_not_waited_for(fragile, opened, talk):
    """A server that accepts and does not answer costs the time of its bounds, no more."""
    async with opened(
        fragile.url, acquire_timeout_s=0.3, statement_timeout_s=0.3, retry_s=0.1, ping_after_s=0
    ) as store:
        await store.create(make_conversation())
        await asyncio.to_thread(fragile.freeze)
        begun_at = time.monotonic()
        with pytest.raises(StoreError, match="no answer in time"):
            await store.get(ANN, "c1")
        assert time.monotonic() - begun_at < 10
        await asyncio.to_thread(fragile.thaw)

        assert await store.get(ANN, "c1") == make_conversation()


@pytest.mark.parametrize("what", ["create", "append", "update"])
async def test_a_lost_answer_is_not_a_lost_write(  # noqa: PLR0913, PLR0917  fixtures
    server, schema, opened, talk, what, eventually
):
    """Where only the answer to a write is lost, it is done once and told truly."""
    async with TcpProxy("127.0.0.1", server.port) as proxy:
        url = server.url_at(proxy.host, proxy.port)
        limits = {"ping_after_s": 3600.0, "retry_s": 30.0, "max_connections": 1}
        async with opened(url, statement_timeout_s=60.0, **limits) as store:
            await store.create(make_conversation())
            # The connection knows the statements now, so that one message makes the change.
            assert await talk(store)
            assert await store.update(await store.get(ANN, "c1"))
            right = await begun(store)
            turn = make_stored_turn(2)
            calls = {
                "create": lambda: store.create(make_conversation("c2")),
                "append": lambda: store.append(after(right.conversation, turn), turn, right.token),
                "update": lambda: store.update(right.conversation),
            }
            await proxy.add(Timeout(0))
            writing = asyncio.create_task(calls[what]())
            await eventually(lambda: server.sql(changes(schema)) != "2")
            async with proxy.toxic(Down()):
                await asyncio.sleep(0)
            await proxy.clear()

            assert await writing in {True, None}
            assert server.sql(changes(schema)) == "3"


async def test_a_right_survives_no_host(server, opened):
    """The right of a host that died is held by nothing but its lease."""
    async with opened(server.url) as other:
        async with opened(server.url) as store:
            await store.create(make_conversation())
            await begun(store, now=1000.0)
        asked = {"idempotency_key": None, "turns": 0, "lease_s": LEASE_S}

        assert await other.begin(ANN, "c1", now=1000.0 + LEASE_S - 1, **asked) == Busy(same=False)
        assert isinstance(await other.begin(ANN, "c1", now=1000.0 + LEASE_S, **asked), Begun)


async def test_more_operations_than_connections_wait_for_each_other(server, opened):
    """Two connections serve a hundred operations at once, and never are there more."""
    async with opened(server.url, max_connections=2, acquire_timeout_s=30.0) as store:
        await asyncio.gather(*(store.create(make_conversation(f"c{n}")) for n in range(100)))
        stats = store.stats()

        assert (2, 0) == (stats.most, stats.waiting)
        assert 1 <= stats.open <= 2
        assert stats.operations == 100
        assert (await store.list(ANN, None, limit=1, now=0.0)).total == 100


async def test_a_statement_that_takes_too_long_is_ended(server, schema, opened):
    """An operation that waits for a lock of somebody else ends by the bound, and harms nothing."""
    async with opened(server.url, statement_timeout_s=0.3, max_connections=1, retry_s=0) as store:
        await store.create(make_conversation())
        lock = f"BEGIN; LOCK TABLE {schema}.conversations; SELECT pg_sleep(1.5); COMMIT"
        locked = asyncio.create_task(asyncio.to_thread(server.sql, lock))
        await asyncio.sleep(0.5)
        with pytest.raises(StoreError, match=r"in time .SQLSTATE 57014"):
            await store.get(ANN, "c1")
        await locked

        assert await store.get(ANN, "c1") == make_conversation()
        assert await store.get(Owner(tenant="x", principal="y"), "c1") is None


async def test_a_cancelled_operation_leaves_a_clean_connection(server, opened):
    """Operations that are cancelled at any moment mix up no answers."""
    async with opened(server.url, max_connections=2) as store:
        for n in range(10):
            await store.create(make_conversation(f"c{n}"))
        for n in range(100):
            task = asyncio.create_task(store.get(ANN, f"c{n % 10}"))
            await asyncio.sleep(0.0001 * (n % 20))
            task.cancel()
            found = await store.get(ANN, f"c{(n + 1) % 10}")
            assert found is not None
            assert found.id == f"c{(n + 1) % 10}"
            await asyncio.wait([task])
