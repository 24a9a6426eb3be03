"""The look-ups' own connections carry one command and its reply, and no other reply."""

from __future__ import annotations

import asyncio

import pytest
from hiredis import pack_command
from ion_two_tier_cache.direct_reading import MOST_KEPT, DirectReading
from redis.asyncio.connection import Connection
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import NoPermissionError

from ion_framework.testing.network.ports import free_port
from ion_framework.testing.network.tcp_proxy import TcpProxy
from ion_framework.testing.network.toxics import Latency


@pytest.fixture
async def reading(redis_server):
    """Reads from a Redis that has two values."""
    redis_server.command("SET", "one", "1")
    redis_server.command("SET", "two", "2")
    made = DirectReading(lambda: Connection(port=redis_server.port, protocol=2))
    yield made
    await made.close()


def connected(redis_server):
    """How many clients the server has besides the one that asks."""
    return len(redis_server.command("CLIENT", "LIST").splitlines()) - 1


async def test_values_come_in_order(reading):
    """The values come in the order of the names, with None where there is none."""
    assert await reading.values(["two", "none", "one"]) == [b"2", None, b"1"]


async def test_connections_are_kept(reading, redis_server):
    """As many connections are made as there are readers at once, and used again."""
    before = connected(redis_server)

    for _ in range(5):
        await asyncio.gather(*(reading.values(["one"]) for _ in range(3)))

    assert connected(redis_server) - before == 3


async def test_no_more_connections_are_kept_than_are_needed(reading, redis_server, until):
    """Of more readers at once than there are batches each is served, and six connections stay."""
    before = connected(redis_server)

    found = await asyncio.gather(*(reading.values(["one"]) for _ in range(MOST_KEPT + 4)))

    assert found == [[b"1"]] * (MOST_KEPT + 4)
    await until(lambda: connected(redis_server) - before == MOST_KEPT)


async def test_who_leaves_takes_the_reply_along(redis_server):
    """After a reader was cancelled before its reply came, the next one gets its own reply."""
    redis_server.command("SET", "one", "1")
    redis_server.command("SET", "two", "2")
    async with TcpProxy("127.0.0.1", redis_server.port) as proxy:
        reading = DirectReading(lambda: Connection(port=proxy.port, protocol=2))
        await reading.values(["one"])
        await proxy.add(Latency(0.05))
        leaving = asyncio.create_task(reading.values(["one"]))
        await asyncio.sleep(0.02)
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)

        assert await reading.values(["two"]) == [b"2"]
        await reading.close()


async def test_a_connection_that_was_hung_up_is_made_anew(reading, redis_server, until):
    """A reader whose connection the server closed meanwhile connects again."""
    before = connected(redis_server)
    await reading.values(["one"])
    redis_server.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    await until(lambda: connected(redis_server) <= before)
    await asyncio.sleep(0.1)  # until the loop has seen it

    assert await reading.values(["one"]) == [b"1"]


async def test_what_nobody_asked_for_is_no_reply(redis_server):
    """Bytes that came while nobody waited for them are not taken for the next reply."""
    redis_server.command("SET", "two", "2")
    made = []

    def make():
        made.append(Connection(port=redis_server.port, protocol=2))
        return made[-1]

    reading = DirectReading(make)
    await reading.values(["two"])
    await made[0].send_packed_command([pack_command(("ECHO", "stray"))])
    await asyncio.sleep(0.1)

    assert await reading.values(["two"]) == [b"2"]
    await reading.close()


async def test_an_error_of_the_server_is_raised(reading, redis_server):
    """What the server refuses is raised, and the next reader is served."""
    redis_server.command("ACL", "SETUSER", "default", "-mget")
    with pytest.raises(NoPermissionError):
        await reading.values(["one"])
    redis_server.command("ACL", "SETUSER", "default", "+mget")

    assert await reading.values(["one"]) == [b"1"]


async def test_a_server_that_is_away_is_an_error():
    """Where nobody listens the error of redis-py is raised."""
    reading = DirectReading(lambda: Connection(port=free_port(), protocol=2))

    with pytest.raises(RedisConnectionError):
        await reading.values(["one"])
    await reading.close()


async def test_closing_closes_every_connection(reading, redis_server, until):
    """After closing no connection is left, also none that was in use at that moment."""
    before = connected(redis_server)
    await reading.values(["one"])
    busy = asyncio.create_task(reading.values(["one"]))
    await asyncio.sleep(0)
    await reading.close()

    assert await busy == [b"1"]
    await until(lambda: connected(redis_server) <= before)
