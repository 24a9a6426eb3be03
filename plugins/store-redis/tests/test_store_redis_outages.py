"""Redis dies, freezes, loses answers and comes back; what is kept then."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from ion_framework.conversations.store import StoreError
from ion_framework.testing import Down, RedisServer, TcpProxy, Timeout
from ion_framework.testing.contracts.store.values import (
    ANN,
    BOB,
    after,
    begun,
    make_conversation,
    make_feedback,
    make_stored_turn,
)

pytestmark = pytest.mark.outage

LOGGED = ("--appendonly", "yes", "--appendfsync", "always")


async def test_with_a_log_on_disk_nothing_acknowledged_is_lost(opened, talk, log):
    """With appendfsync always every acknowledged turn outlives crashes of Redis."""
    async with RedisServer(arguments=LOGGED) as server, opened(server.url, fsync=True) as store:
        await store.create(make_conversation())
        for crash in range(3):
            for _ in range(20):
                assert await talk(store)
            await asyncio.to_thread(server.restart)
            turns = await store.turns(ANN, "c1", 99)
            assert [turn.number for turn in turns] == list(range(1, 20 * crash + 21))

    assert "store_redis_may_lose" not in log.text


async def chat(store, name, told, stop):
    """Make turns until told to stop, and note what was acknowledged."""
    while not stop.is_set():
        right = await begun(store, name)
        turn = make_stored_turn(right.conversation.turn_count + 1)
        assert await store.append(after(right.conversation, turn), turn, right.token)
        told.append(turn.number)


async def test_turns_under_way_at_a_crash_are_kept_once(opened):
    """A crash in the middle of turns loses and doubles none that was acknowledged."""
    names = [f"c{n}" for n in range(4)]
    told = {name: [] for name in names}
    stop = asyncio.Event()
    async with (
        RedisServer(arguments=LOGGED) as server,
        opened(server.url, retry_s=30.0, timeout_s=10.0) as store,
    ):
        for name in names:
            await store.create(make_conversation(name))
        async with asyncio.timeout(60), asyncio.TaskGroup() as group:
            for name in names:
                group.create_task(chat(store, name, told[name], stop))
            for _ in range(3):
                await asyncio.sleep(0.2)
                await asyncio.to_thread(server.restart)
            await asyncio.sleep(0.2)
            stop.set()
        for name in names:
            numbers = [turn.number for turn in await store.turns(ANN, name, 100_000)]
            assert numbers == list(range(1, len(numbers) + 1))
            assert told[name] == numbers


async def test_without_a_log_everything_is_lost_and_that_is_said(opened, talk, log):
    """Without appendonly a crash loses all since the latest snapshot, and the start warns of it."""
    async with RedisServer() as server, opened(server.url) as store:
        await store.create(make_conversation())
        assert await talk(store)
        await asyncio.to_thread(server.restart)

        assert await store.get(ANN, "c1") is None
        await store.create(make_conversation())
    assert "appendonly is no" in log.text


async def test_what_cannot_be_promised_is_refused(opened):
    """Without WAITAOF and without appendfsync always, fsync = true serves nobody, and says why."""
    async with RedisServer() as server, opened(server.url, fsync=True, retry_s=0) as store:
        for call in (store.ping, lambda: store.create(make_conversation())):
            with pytest.raises(StoreError, match=r"fsync = true needs Redis 7\.2 or newer"):
                await call()
        server.command("CONFIG", "SET", "appendonly", "yes")
        server.command("CONFIG", "SET", "appendfsync", "always")

        await store.create(make_conversation())


async def test_a_write_waits_for_replicas(opened):
    """With replicas = 1 a write is acknowledged when one has it, and not when none has."""
    async with RedisServer() as server, RedisServer() as replica:
        replica.command("REPLICAOF", "127.0.0.1", str(server.port))
        async with opened(server.url, replicas=1, timeout_s=10.0) as store:
            await store.create(make_conversation())
            assert replica.command("DBSIZE") > 0
        async with opened(server.url, replicas=2, timeout_s=0.5) as store:
            with pytest.raises(StoreError, match="did not confirm it by WAIT"):
                await store.create(make_conversation("c2"))


async def test_a_server_that_is_away_is_a_store_error(opened, talk):
    """While nobody listens an operation fails within seconds, and works when it is back."""
    async with RedisServer(arguments=LOGGED) as server, opened(server.url, retry_s=0.1) as store:
        await store.create(make_conversation())
        server.kill()
        begun_at = time.monotonic()
        for call in (store.ping, lambda: store.get(ANN, "c1"), lambda: talk(store)):
            with pytest.raises(StoreError, match="cannot be reached"):
                await call()
        assert time.monotonic() - begun_at < 10
        await asyncio.to_thread(server.start)

        assert await talk(store)
        assert store.stats().troubles["connection"] >= 3


async def test_a_frozen_server_is_not_waited_for(opened):
    """A server that accepts and does not answer costs the time of its bound, no more."""
    async with RedisServer() as server, opened(server.url, timeout_s=0.3) as store:
        await store.create(make_conversation())
        server.freeze()
        begun_at = time.monotonic()
        with pytest.raises(StoreError, match="no answer in time"):
            await store.get(ANN, "c1")
        assert time.monotonic() - begun_at < 5
        server.thaw()

        assert await store.get(ANN, "c1") == make_conversation()


@pytest.mark.parametrize("what", ["create", "append", "update", "delete"])
async def test_a_lost_answer_is_not_a_lost_write(redis_server, opened, what, eventually):
    """Where only the answer to a write is lost, it is done once and told truly."""
    async with TcpProxy("127.0.0.1", redis_server.port) as proxy:
        url = f"redis://{proxy.host}:{proxy.port}/0"
        async with opened(url, retry_s=30.0, timeout_s=30.0) as store:
            await store.create(make_conversation())
            right = await begun(store)
            turn = make_stored_turn(1)
            calls = {
                "create": lambda: store.create(make_conversation("c2")),
                "append": lambda: store.append(after(right.conversation, turn), turn, right.token),
                "update": lambda: store.update(right.conversation),
                "delete": lambda: store.delete(ANN, "c1"),
            }
            before = redis_server.command("INFO", "commandstats")
            await proxy.add(Timeout(0))
            writing = asyncio.create_task(calls[what]())
            await eventually(lambda: redis_server.command("INFO", "commandstats") != before)
            async with proxy.toxic(Down()):
                await asyncio.sleep(0)
            await proxy.clear()

            assert await writing in {True, None}
            page = await store.list(ANN, None, limit=9, now=0.0)
            turns = await store.turns(ANN, "c1", 9)
            versions = [one.version for one in page.conversations]
            wanted = {
                "create": ([0, 0], 0),
                "append": ([1], 1),
                "update": ([1], 0),
                "delete": ([], 0),
            }[what]
            assert wanted == (versions, len(turns))


@asynccontextmanager
async def cluster(eventually):
    """A Redis Cluster of three nodes, ready."""
    arguments = ("--cluster-enabled", "yes", "--cluster-node-timeout", "5000")
    async with AsyncExitStack() as stack:
        nodes = [
            await stack.enter_async_context(RedisServer(arguments=arguments)) for _ in range(3)
        ]
        for number, node in enumerate(nodes):
            slots = range(number * 16384 // 3, (number + 1) * 16384 // 3)
            node.command("CLUSTER", "ADDSLOTS", *map(str, slots))
            nodes[0].command("CLUSTER", "MEET", "127.0.0.1", str(node.port))
        for node in nodes:
            for word in (b"cluster_state:ok", b"cluster_known_nodes:3"):
                await eventually(lambda w=word, n=node: w in n.command("CLUSTER", "INFO"))
        yield nodes


async def test_a_cluster_keeps_conversations(opened, talk, eventually, tmp_path):
    """Over a Cluster everything works: turns, lists, feedback, backup, restore, expiry."""
    async with cluster(eventually) as nodes:
        url = "redis+cluster://" + ",".join(f"127.0.0.1:{node.port}" for node in nodes)
        async with opened(url, timeout_s=10.0) as store:
            for n in range(12):
                owner = ANN if n % 2 else BOB
                await store.create(make_conversation(f"c{n}", owner=owner))
            for _ in range(3):
                assert await talk(store, "c1")
            await store.add_feedback(make_feedback(request_id="request-1"))
            file = tmp_path / "backup"
            await store.backup(file)
            assert await store.delete_user(ANN, "user-1") == 6
            assert [one async for one in store.feedback()] == []
            assert await store.restore(file) == 12
            assert (await store.list(ANN, None, limit=2, now=0.0)).total == 6
            assert len(await store.turns(ANN, "c1", 9)) == 3
            assert len([one async for one in store.feedback()]) == 1
            assert await store.expire(9e12) == 12
            assert all(node.command("DBSIZE") < 20 for node in nodes)


async def test_sentinels_lead_to_the_server(opened, talk, eventually):
    """The server that a Sentinel names is used."""
    async with RedisServer() as server, RedisServer(arguments=("--sentinel",)) as sentinel:
        sentinel.command("SENTINEL", "MONITOR", "mymaster", "127.0.0.1", str(server.port), "1")
        await eventually(lambda: sentinel.command("SENTINEL", "MASTER", "mymaster"))
        url = f"redis+sentinel://127.0.0.1:{sentinel.port}/mymaster/0"
        async with opened(url, timeout_s=10.0) as store:
            await store.create(make_conversation())
            assert await talk(store)
        assert server.command("DBSIZE") > 0
