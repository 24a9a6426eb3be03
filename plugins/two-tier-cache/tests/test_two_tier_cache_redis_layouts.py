"""The tier works over Sentinels and over a Cluster, also when a server of them is gone."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from ion_framework.testing.network.redis_server import RedisServer

pytestmark = pytest.mark.outage

CLUSTER = ("--cluster-enabled", "yes", "--cluster-node-timeout", "1000")
PARTIAL = ("--cluster-require-full-coverage", "no")


async def eventually(condition, within_s=30.0):
    """Wait until something holds; an exception counts as not yet."""
    deadline = time.monotonic() + within_s
    while True:
        try:
            if await asyncio.to_thread(condition):
                return
        except Exception:
            if time.monotonic() > deadline:
                raise
        assert time.monotonic() < deadline, "it did not come about in time"
        await asyncio.sleep(0.05)


async def stored(tier, digest, entry, within_s=30.0):
    """Store an entry, as often as it takes until it is found."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        found = await tier.get(digest, entry.tags)
        if found.entry is not None:
            return
        tier.put(digest, entry, found.tokens)
        await asyncio.sleep(0.05)
    raise AssertionError("it could not be stored in time")


@asynccontextmanager
async def cluster():
    """A Redis Cluster of three nodes, ready."""
    async with AsyncExitStack() as stack:
        nodes = [
            await stack.enter_async_context(RedisServer(arguments=CLUSTER + PARTIAL))
            for _ in range(3)
        ]
        for number, node in enumerate(nodes):
            slots = range(number * 16384 // 3, (number + 1) * 16384 // 3)
            node.command("CLUSTER", "ADDSLOTS", *map(str, slots))
            nodes[0].command("CLUSTER", "MEET", "127.0.0.1", str(node.port))
        for node in nodes:
            await eventually(
                lambda node=node: (
                    b"cluster_state:ok" in node.command("CLUSTER", "INFO")
                    and b"cluster_known_nodes:3" in node.command("CLUSTER", "INFO")
                )
            )
        yield nodes


def cluster_url(nodes):
    """The address of a Cluster."""
    return "redis+cluster://" + ",".join(f"127.0.0.1:{node.port}" for node in nodes)


async def test_a_cluster_keeps_entries(open_tier, make_entry, digest, until):
    """Entries are stored all over a Cluster, found together, leased, and invalidated by tag."""
    async with cluster() as nodes:
        one, other = [await open_tier(cluster_url(nodes), timeout_s=5.0) for _ in range(2)]
        await until(lambda: one.tier.coherent and other.tier.coherent)
        for number in range(40):
            await stored(one.tier, digest(number), make_entry(tags=(f"tenant:{number % 2}",)))

        found = await asyncio.gather(
            *(other.tier.get(digest(n), (f"tenant:{n % 2}",)) for n in range(40))
        )
        assert all(one.entry is not None for one in found)
        assert all(node.command("DBSIZE") > 5 for node in nodes)
        assert one.tier.stats().coherence == "pubsub"

        lease = await one.tier.acquire(digest("new"))
        assert await other.tier.acquire(digest("new")) is None
        await lease.release()

        assert await one.tier.invalidate("tenant:1") == 20
        await until(lambda: other.heard == ["tenant:1"])
        assert await other.tier.clear() == 20
        assert (one.tier.stats().troubles, other.tier.stats().troubles) == ({}, {})
        await asyncio.gather(one.tier.close(), other.tier.close())


async def test_a_cluster_node_may_die(open_tier, make_entry, digest):
    """When a node of a Cluster is gone calls stay short, and with it back all keys work again."""
    async with cluster() as nodes:
        opened = await open_tier(cluster_url(nodes), timeout_s=0.1)
        await stored(opened.tier, digest(1), make_entry())
        nodes[1].kill()

        slowest = 0.0
        for number in range(60):
            begun = time.monotonic()
            found = await opened.tier.get(digest(number), make_entry().tags)
            lease = await opened.tier.acquire(digest(number))
            slowest = max(slowest, time.monotonic() - begun)
            opened.tier.put(digest(number), make_entry(), found.tokens, lease)
            await asyncio.sleep(0.01)

        assert slowest < 2.0
        await asyncio.to_thread(nodes[1].start)
        for number in range(20):
            await stored(opened.tier, digest(f"after {number}"), make_entry())
        await opened.tier.close()


@asynccontextmanager
async def sentinels():
    """A primary with a replica, and three Sentinels that watch them."""
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        primary = await enter(RedisServer())
        replica = await enter(RedisServer())
        replica.command("REPLICAOF", "127.0.0.1", str(primary.port))
        watching = [await enter(RedisServer(arguments=("--sentinel",))) for _ in range(3)]
        for one in watching:
            one.command("SENTINEL", "MONITOR", "mymaster", "127.0.0.1", str(primary.port), "2")
            for name, value in (("down-after-milliseconds", "500"), ("failover-timeout", "3000")):
                one.command("SENTINEL", "SET", "mymaster", name, value)
        for one in watching:
            await eventually(
                lambda one=one: len(one.command("SENTINEL", "SENTINELS", "mymaster")) == 2
            )
            await eventually(
                lambda one=one: len(one.command("SENTINEL", "REPLICAS", "mymaster")) == 1
            )
        yield primary, replica, watching


def sentinel_url(watching):
    """The address of a service behind Sentinels."""
    hosts = ",".join(f"127.0.0.1:{one.port}" for one in watching)
    return f"redis+sentinel://{hosts}/mymaster/0"


@pytest.mark.parametrize("dead", [(), (0, 1)], ids=["all", "two frozen"])
async def test_sentinels_are_asked_all_at_once(dead, open_tier, make_entry, digest, until):
    """The server is found in time also when two of three Sentinels do not say a word."""
    async with sentinels() as (_, _, watching):
        for number in dead:
            watching[number].freeze()
        opened = await open_tier(sentinel_url(watching), timeout_s=0.1)

        await stored(opened.tier, digest(1), make_entry(), within_s=5.0)

        await until(lambda: opened.tier.stats().coherence == "tracking")
        assert await opened.tier.invalidate("tenant:a") == 1
        await opened.tier.close()


async def test_a_failover_is_followed(open_tier, make_entry, digest, until):
    """When the primary dies and the Sentinels make the replica one, the tier goes there."""
    async with sentinels() as (primary, replica, watching):
        opened = await open_tier(sentinel_url(watching), timeout_s=0.1)
        await stored(opened.tier, digest(1), make_entry())

        primary.kill()

        await eventually(lambda: replica.command("ROLE")[0] == b"master")
        await stored(opened.tier, digest(2), make_entry())
        await until(lambda: opened.tier.coherent)
        await opened.tier.close()


def owner(nodes, name):
    """The node of a Cluster that has a key."""
    return nodes[int(nodes[0].command("CLUSTER", "KEYSLOT", name)) * 3 // 16384]


async def connections(node, kind=b"cmd="):
    """The connections of a node, or those whose latest command was of some kind."""
    found = await asyncio.to_thread(node.command, "CLIENT", "LIST")
    return {line.split()[0] for line in found.splitlines() if kind in line}


@pytest.mark.parametrize("how", ["killed", "frozen"])
async def test_the_other_nodes_of_a_cluster_serve_on(how, open_tier, make_entry, digest, until):
    """With a node away that has no token, entries on the others are found and nobody waits."""
    async with cluster() as nodes:
        opened = await open_tier(cluster_url(nodes), timeout_s=0.1)
        everything = owner(nodes, "ion:2.1:t:*")
        away, other = [node for node in nodes if node is not everything]
        tag = next(f"t{n}" for n in range(99) if owner(nodes, f"ion:2.1:t:t{n}") is not away)
        entry = make_entry(tags=(tag,))
        digests = [digest(number) for number in range(30)]
        for one in digests:
            await stored(opened.tier, one, entry)
        here = [owner(nodes, f"ion:2.1:e:{one}") is not away for one in digests]
        before = [await connections(node, b"cmd=get ") for node in (everything, other)]

        await asyncio.to_thread(away.kill if how == "killed" else away.freeze)
        await asyncio.gather(*(opened.tier.get(one, (tag,)) for one in digests))
        await until(lambda: "redis_cluster_node_away" in opened.log.events("warning"))
        begun = time.monotonic()
        for _ in range(3):
            found = await asyncio.gather(*(opened.tier.get(one, (tag,)) for one in digests))
            assert [one.entry is not None for one in found] == here
            assert all(one.tokens.known for one in found)
        assert time.monotonic() - begun < 1.0
        assert opened.tier.stats().breakers["answers"].state.value == "closed"
        for node, known in zip((everything, other), before, strict=True):
            assert known
            assert known <= await connections(node)

        await asyncio.to_thread(away.start if how == "killed" else away.thaw)
        await until(lambda: "redis_cluster_node_back" in opened.log.events("info"))
        for one in digests:
            await stored(opened.tier, one, entry)
        await opened.tier.close()


async def test_a_token_that_cannot_be_had_is_not_made(open_tier, make_entry, digest, until):
    """With the node of a token away, a look-up asks for it once and tries to set no new one."""
    async with cluster() as nodes:
        opened = await open_tier(cluster_url(nodes), timeout_s=0.1)
        await stored(opened.tier, digest(1), make_entry())
        away = owner(nodes, "ion:2.1:t:*")
        names = (f"e:{digest(2)}", f"l:{digest(2)}", "t:*", "t:persona%3Alua", "t:tenant%3Aa")
        lost = sum(owner(nodes, f"ion:2.1:{name}") is away for name in names)
        await asyncio.to_thread(away.kill)
        await opened.tier.get(digest(1), make_entry().tags)
        await until(lambda: "redis_cluster_node_away" in opened.log.events("warning"))
        before = opened.tier.stats().troubles["node"]

        found = await opened.tier.get(digest(2), make_entry().tags)

        assert not found.tokens.known
        assert opened.tier.stats().troubles["node"] - before == lost
        await opened.tier.close()
