"""The TCP proxy and its eight toxics, before a real server on a real socket."""

import asyncio
import random
import socket
import struct
import time
from contextlib import asynccontextmanager, suppress

import pytest

from ion_framework.testing import (
    Bandwidth,
    Direction,
    Down,
    Latency,
    LimitData,
    ResetPeer,
    Slicer,
    SlowClose,
    TcpProxy,
    Timeout,
    Toxic,
)

PATIENCE = 20.0
"""Seconds after which a test that waits for the network has failed."""


class EchoServer:
    """Sends back what it gets; after the end of the data it says how much it was."""

    def __init__(self):
        self.resets = 0
        self.ends = 0
        self.pieces = []

    async def serve(self, reader, writer):
        """One connection."""
        count = 0
        try:
            while data := await reader.read(65536):
                count += len(data)
                self.pieces.append(len(data))
                writer.write(data)
                await writer.drain()
            self.ends += 1
            writer.write(b"|%d" % count)
            await writer.drain()
        except ConnectionResetError:
            self.resets += 1
        finally:
            writer.close()


@asynccontextmanager
async def proxied(*toxics, seed=0):
    """A proxy before an echo server, with toxics."""
    echo = EchoServer()
    server = await asyncio.start_server(echo.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with TcpProxy("127.0.0.1", port, random=random.Random(seed)) as proxy:  # noqa: S311  no secret
        for toxic in toxics:
            await proxy.add(toxic)
        async with asyncio.timeout(PATIENCE):
            yield proxy, echo
    server.close()


async def connected(proxy):
    """A client's streams."""
    return await asyncio.open_connection(proxy.host, proxy.port)


async def echoed(streams, data):
    """Send data and wait for all of it to come back."""
    reader, writer = streams
    writer.write(data)
    return await reader.readexactly(len(data))


async def hang_up(streams):
    """Close a client's connection."""
    streams[1].close()
    with suppress(ConnectionError):  # it may have been reset
        await streams[1].wait_closed()


async def silent(reader, seconds=0.2):
    """Whether nothing comes for some time."""
    try:
        async with asyncio.timeout(seconds):
            await reader.read(1)
    except TimeoutError:
        return True
    return False


async def eventually(condition):
    """Wait until something is so."""
    while not condition():  # noqa: ASYNC110  what is waited for is in the kernel's hands
        await asyncio.sleep(0.005)


async def test_data_passes_unchanged_both_ways():
    """Megabytes come back as they were sent, on several connections at once."""
    data = random.Random(1).randbytes(2_000_000)  # noqa: S311  no secret
    async with proxied() as (proxy, _):
        clients = [await connected(proxy) for _ in range(4)]
        assert [data] * 4 == await asyncio.gather(*(echoed(one, data) for one in clients))
        assert (proxy.accepted, proxy.connections) == (4, 4)
        for client in clients:
            await hang_up(client)
        await eventually(lambda: proxy.connections == 0)


async def test_a_half_closed_connection_still_answers():
    """After the client has ended its data, the server's answer still comes through."""
    async with proxied() as (proxy, echo):
        reader, writer = await connected(proxy)
        writer.write(b"abc")
        writer.write_eof()

        assert await reader.read() == b"abc|3"
        assert echo.ends == 1
        await hang_up((reader, writer))


async def test_a_reset_of_one_side_reaches_the_other():
    """When the client resets its connection, the server's is reset as well."""
    async with proxied() as (proxy, echo):
        streams = await connected(proxy)
        await echoed(streams, b"x")
        sock = streams[1].get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        streams[1].transport.abort()

        await eventually(lambda: echo.resets == 1)
        await eventually(lambda: proxy.connections == 0)


async def test_a_server_that_is_away_closes_the_connection():
    """Where nobody listens behind the proxy, the client's connection is closed."""
    async with TcpProxy("127.0.0.1", 1) as proxy, asyncio.timeout(PATIENCE):
        reader, writer = await connected(proxy)

        assert await reader.read() == b""
        await hang_up((reader, writer))


async def test_closing_leaves_no_task():
    """After the proxy has closed, whatever its connections were doing, no task of it is left."""
    before = asyncio.all_tasks()
    toxics = (Latency(60.0, direction="upstream"), SlowClose(60.0), Bandwidth(1.0))
    async with proxied(*toxics) as (proxy, _):
        clients = [await connected(proxy) for _ in range(3)]
        for _, writer in clients:
            writer.write(b"x" * 100_000)
        clients[0][1].write_eof()
        await eventually(lambda: proxy.connections == 3)
    for client in clients:
        await hang_up(client)

    assert proxy.connections == 0
    await eventually(lambda: asyncio.all_tasks() == before)


@pytest.mark.parametrize("direction", Direction)
async def test_latency_delays(direction):
    """Latency delays every answer by its time, and removing it releases what it held."""
    slow = Latency(0.2, jitter_s=0.05, direction=direction)
    async with proxied(slow) as (proxy, _):
        client = await connected(proxy)
        began = time.monotonic()
        assert await echoed(client, b"abc") == b"abc"
        assert time.monotonic() - began >= 0.14

        await proxy.add(Latency(600.0))
        client[1].write(b"held")
        assert await silent(client[0])
        await proxy.clear()
        assert await client[0].readexactly(4) == b"held"
        await hang_up(client)


async def test_latency_keeps_throughput():
    """Pieces that come one after the other are delayed together, not one by one."""
    async with proxied(Latency(0.3)) as (proxy, _):
        reader, writer = await connected(proxy)
        began = time.monotonic()
        for _ in range(20):
            writer.write(b"x" * 100)
            await asyncio.sleep(0.01)
        await reader.readexactly(2000)

        assert 0.3 <= time.monotonic() - began < 20 * 0.3
        await hang_up((reader, writer))


async def test_down_refuses_and_closes():
    """While down, connecting is refused and open connections are closed; then all is as before."""
    async with proxied() as (proxy, _):
        client = await connected(proxy)
        await echoed(client, b"x")
        async with proxy.toxic(Down()):
            assert await client[0].read() == b""
            assert proxy.connections == 0
            with pytest.raises(ConnectionRefusedError):
                await connected(proxy)
        await hang_up(client)

        again = await connected(proxy)
        assert await echoed(again, b"x") == b"x"
        await hang_up(again)


async def test_bandwidth_slows():
    """With 100,000 bytes a second, 40,000 bytes take 0.4 s, and more of them arrive all along."""
    async with proxied(Bandwidth(100_000.0)) as (proxy, _):
        client = await connected(proxy)
        began = time.monotonic()
        client[1].write(b"x" * 40_000)
        first = await client[0].read(40_000)
        assert len(first) < 40_000
        await client[0].readexactly(40_000 - len(first))

        assert time.monotonic() - began >= 0.39
        await hang_up(client)


async def test_slow_close_delays_the_end_only():
    """Data comes at once, the end of it later."""
    async with proxied(SlowClose(0.3)) as (proxy, _):
        reader, writer = await connected(proxy)
        writer.write(b"abc")
        writer.write_eof()
        assert await reader.readexactly(5) == b"abc|3"
        began = time.monotonic()
        assert await reader.read() == b""

        assert time.monotonic() - began >= 0.2
        await hang_up((reader, writer))


@pytest.mark.parametrize("direction", Direction)
async def test_timeout_swallows_and_then_closes(direction):
    """Data gets lost, and after the time without data the connection is closed."""
    async with proxied(Timeout(0.3, direction=direction)) as (proxy, echo):
        reader, writer = await connected(proxy)
        began = time.monotonic()
        writer.write(b"lost")

        assert await reader.read() == b""
        assert time.monotonic() - began >= 0.29
        assert sum(echo.pieces) == (4 if direction is Direction.DOWNSTREAM else 0)
        await hang_up((reader, writer))


async def test_timeout_without_time_holds_the_connection():
    """With time 0 the connection stays open and silent; removing the toxic closes it."""
    async with proxied() as (proxy, _):
        client = await connected(proxy)
        await echoed(client, b"x")
        black_hole = Timeout()
        await proxy.add(black_hole)
        client[1].write(b"lost")
        client[1].write_eof()
        assert await silent(client[0])
        assert proxy.connections == 1
        await proxy.remove(black_hole)

        assert await client[0].read() == b""
        await hang_up(client)


@pytest.mark.parametrize("direction", Direction)
async def test_reset_peer_resets_both_sides(direction):
    """The first data is answered by a reset on both sides, and is lost."""
    async with proxied(ResetPeer(direction=direction)) as (proxy, echo):
        reader, writer = await connected(proxy)
        writer.write(b"abc")
        with pytest.raises(ConnectionResetError):
            await reader.read()

        await eventually(lambda: echo.resets == 1)
        assert echo.ends == 0
        await hang_up((reader, writer))


async def test_reset_peer_waits_its_time_and_can_be_removed():
    """The reset comes after its time, and not if the toxic is removed before."""
    async with proxied(ResetPeer(600.0)) as (proxy, _):
        client = await connected(proxy)
        client[1].write(b"abc")
        assert await silent(client[0])
        await proxy.clear()

        assert await client[0].readexactly(3) == b"abc"
        await hang_up(client)


async def test_slicer_slices():
    """Data arrives whole in the end, in small pieces one after the other."""
    slicer = Slicer(10, size_variation=5, delay_s=0.02, direction=Direction.UPSTREAM)
    async with proxied(slicer) as (proxy, echo):
        client = await connected(proxy)
        data = bytes(range(200))
        assert await echoed(client, data) == data

        assert len(echo.pieces) > 2
        await hang_up(client)


@pytest.mark.parametrize(("limit", "sent"), [(10, 25), (10, 10), (0, 5)])
async def test_limit_data_closes_after_so_much(limit, sent):
    """The bytes up to the limit arrive, and then the connection is closed."""
    async with proxied(LimitData(limit)) as (proxy, _):
        reader, writer = await connected(proxy)
        writer.write(b"x" * sent)

        assert await reader.read() == b"x" * limit
        await hang_up((reader, writer))


async def test_limit_data_counts_over_pieces():
    """Below its limit it changes nothing."""
    async with proxied(LimitData(10)) as (proxy, _):
        client = await connected(proxy)
        assert await echoed(client, b"x" * 6) == b"x" * 6
        client[1].write(b"y" * 6)

        assert await client[0].read() == b"y" * 4
        await hang_up(client)


async def test_toxicity_is_a_share_of_the_connections():
    """With toxicity one half some connections suffer and others do not, the same with each seed."""

    async def suffering(seed):
        async with proxied(LimitData(0, toxicity=0.5), seed=seed) as (proxy, _):
            outcomes = []
            for _ in range(40):
                reader, writer = await connected(proxy)
                writer.write(b"x")
                outcomes.append(await reader.read(1) == b"")
                await hang_up((reader, writer))
            return outcomes

    first, again, other = await suffering(1), await suffering(1), await suffering(2)
    assert 8 < sum(first) < 32
    assert first == again != other


async def test_toxics_reach_open_connections():
    """A toxic that is added works on connections that are open already."""
    async with proxied() as (proxy, _):
        client = await connected(proxy)
        await echoed(client, b"x")
        await proxy.add(ResetPeer(direction="upstream"))
        client[1].write(b"x")
        with pytest.raises(ConnectionResetError):
            await client[0].read()
        await hang_up(client)


async def test_toxics_work_together():
    """Data passes several toxics in their order."""
    toxics = (Latency(0.1), Slicer(7), LimitData(20))
    async with proxied(*toxics) as (proxy, _):
        assert proxy.toxics == toxics
        reader, writer = await connected(proxy)
        began = time.monotonic()
        writer.write(b"x" * 50)

        assert await reader.read() == b"x" * 20
        assert time.monotonic() - began >= 0.09
        await hang_up((reader, writer))


async def test_misuse_of_the_proxy_is_named():
    """Adding an equal toxic, removing one that is not there, and an early look are refused."""
    with pytest.raises(RuntimeError, match=r"start\(\) it first"):
        _ = TcpProxy("127.0.0.1", 1).port
    async with proxied(Latency(1.0)) as (proxy, _):
        with pytest.raises(ValueError, match="active already"):
            await proxy.add(Latency(1.0))
        with pytest.raises(ValueError, match="is not active"):
            await proxy.remove(Latency(2.0))
        with pytest.raises(RuntimeError, match="started already"):
            await proxy.start()
        with pytest.raises(
            TypeError, match=r"does not work on data; what does: Latency, .*LimitData"
        ):
            await proxy.add(Toxic())
