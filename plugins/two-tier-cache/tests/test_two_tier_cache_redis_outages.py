"""However Redis fails, no call raises, none waits for long, and all is well when it is back."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress

import pytest

from ion_framework.testing.network.redis_server import RedisServer
from ion_framework.testing.network.resp import ask
from ion_framework.testing.network.tcp_proxy import TcpProxy
from ion_framework.testing.network.toxics import Latency, ResetPeer, Timeout

pytestmark = pytest.mark.outage

PATIENCE_S = 1.0
"""A call takes 0.1 s at most; a loaded machine may take ten times as long."""


@asynccontextmanager
async def through_proxy(toxic):
    """A server behind a proxy; yields the URL, and what puts a toxic in and out."""
    async with RedisServer() as server, TcpProxy("127.0.0.1", server.port) as proxy:
        yield f"redis://{proxy.host}:{proxy.port}", lambda: proxy.add(toxic), proxy.clear


@asynccontextmanager
async def killed():
    """A server that is killed and started again."""
    async with RedisServer() as server:

        async def fail():
            server.kill()

        async def mend():
            await asyncio.to_thread(server.start)

        yield server.url, fail, mend


@asynccontextmanager
async def frozen():
    """A server that is stopped and goes on."""
    async with RedisServer() as server:

        async def fail():
            server.freeze()

        async def mend():
            server.thaw()

        yield server.url, fail, mend


def configured(fail_words, mend_words):
    """A server that is told to refuse writes, or everything, and then not to."""

    @asynccontextmanager
    async def shape():
        async with RedisServer() as server:

            async def fail():
                server.command(*fail_words)

            async def mend():
                server.command(*mend_words)

            yield server.url, fail, mend

    return shape


@asynccontextmanager
async def loading():
    """A port on which a Redis says that it is reading its data, and then a Redis."""
    async with RedisServer() as server:
        refusing = await asyncio.start_server(_say_loading, "127.0.0.1", 0)
        port = refusing.sockets[0].getsockname()[1]
        async with TcpProxy("127.0.0.1", port) as proxy:

            async def fail():
                await asyncio.sleep(0)

            async def mend():
                refusing.close()
                proxy._upstream = ("127.0.0.1", server.port)

            yield f"redis://{proxy.host}:{proxy.port}", fail, mend


class ThirdResetter:
    """Carries connections to a Redis, and when told to, breaks off at every third request."""

    def __init__(self, port):
        self.failing = False
        self._port = port
        self._requests = 0

    async def serve(self, reader, writer):
        """Carry one connection."""
        redis_reader, redis_writer = await asyncio.open_connection("127.0.0.1", self._port)
        back = asyncio.create_task(self._carry(redis_reader, writer, counted=False))
        await self._carry(reader, redis_writer, counted=True)
        writer.transport.abort()
        redis_writer.transport.abort()
        await back

    async def _carry(self, reader, writer, *, counted):
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                self._requests += counted
                if counted and self.failing and self._requests % 3 == 0:
                    break
                writer.write(data)


@asynccontextmanager
async def every_third_reset():
    """A server of which every third request, of whichever connection, ends in a reset."""
    async with RedisServer() as server:
        resetter = ThirdResetter(server.port)
        carrying = await asyncio.start_server(resetter.serve, "127.0.0.1", 0)

        async def fail():
            resetter.failing = True

        async def mend():
            resetter.failing = False

        yield f"redis://127.0.0.1:{carrying.sockets[0].getsockname()[1]}", fail, mend
        carrying.close()


@asynccontextmanager
async def password_changed():
    """A server that gets another password, and then the one of before."""
    async with RedisServer(password="right") as server:

        async def fail():
            server.command("CONFIG", "SET", "requirepass", "another")
            ask(server.port, "CLIENT", "KILL", "TYPE", "normal", password="another")
            ask(server.port, "CLIENT", "KILL", "TYPE", "pubsub", password="another")

        async def mend():
            ask(server.port, "CONFIG", "SET", "requirepass", "right", password="another")

        yield server.url, fail, mend


async def _say_loading(reader, writer):
    while await reader.read(65536):
        writer.write(b"-LOADING Redis is loading the dataset in memory\r\n")
    writer.close()


SHAPES = {
    "killed": killed,
    "frozen": frozen,
    "black hole": lambda: through_proxy(Timeout()),
    "slow": lambda: through_proxy(Latency(0.2)),
    "reset": lambda: through_proxy(ResetPeer()),
    "every third reset": every_third_reset,
    "loading": loading,
    "password": password_changed,
}


TROUBLES = {
    "killed": {"connection"},
    "frozen": {"timeout"},
    "black hole": {"timeout"},
    "slow": {"timeout"},
    "reset": {"connection"},
    "every third reset": {"connection"},
    "loading": {"loading"},
    "password": {"login"},
}


@pytest.mark.parametrize("shape", SHAPES)
async def test_no_outage_raises_or_delays(shape, open_tier):
    """In every shape of outage calls return in bounded time, and it heals by itself."""
    async with SHAPES[shape]() as (url, fail, mend):
        opened = await open_tier(url, timeout_s=0.1)
        if shape != "loading":
            await opened.heals()
        await fail()

        slowest = await opened.survive()
        troubles = opened.tier.stats().troubles
        await mend()

        assert slowest < PATIENCE_S
        assert set(troubles) & TROUBLES[shape]
        await opened.heals()
        await opened.tier.close()


@pytest.mark.parametrize(
    ("shape", "kind"),
    [
        (
            configured(("REPLICAOF", "127.0.0.1", "1"), ("REPLICAOF", "NO", "ONE")),
            "read_only",
        ),
        (
            configured(
                ("CONFIG", "SET", "maxmemory", "1"),
                ("CONFIG", "SET", "maxmemory", "0"),
            ),
            "memory",
        ),
    ],
    ids=["read only", "full"],
)
async def test_a_redis_without_writes_is_still_read(shape, kind, open_tier, make_entry, digest):
    """Where Redis takes no writes look-ups go on, only writing is left alone until it can."""
    async with shape() as (url, fail, mend):
        opened = await open_tier(url, timeout_s=0.1)
        await opened.store(digest("kept"), make_entry())
        await fail()

        slowest = await opened.survive()

        assert slowest < PATIENCE_S
        assert (await opened.tier.get(digest("kept"), make_entry().tags)).entry is not None
        stats = opened.tier.stats()
        assert stats.troubles[kind] >= 3
        assert stats.breakers["answers"].opened == 0
        assert stats.breakers["writes"].opened >= 1
        await mend()
        await opened.heals()
        await opened.tier.close()
