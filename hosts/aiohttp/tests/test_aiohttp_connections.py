"""Connections: how long they are waited for, how many there may be, and what they may say."""

from __future__ import annotations

import asyncio
import socket
import time

import pytest
from ion_host_aiohttp.run.connection_places import ConnectionPlaces
from ion_host_aiohttp.service import ServiceLimits

SHORT = ServiceLimits(head_s=0.4, write_s=0.4)
LIVE = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"


async def cut_after(host, *parts, every_s=0.1, most_s=5.0):
    """Send parts one after the other; gives what came back and the seconds until the end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", host.port)
    began = time.monotonic()
    received = b""

    async def send():
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(every_s)

    sending = asyncio.create_task(send())
    try:
        async with asyncio.timeout(most_s):
            while piece := await reader.read(65536):
                received += piece
    except ConnectionError:
        return received, time.monotonic() - began
    finally:
        sending.cancel()
        writer.close()
    return received, time.monotonic() - began


class TestHeads:
    """Heads of requests."""

    async def test_silent_connection(self, hosting):
        """A connection on which nothing is asked is closed without a word."""
        async with hosting(limits=SHORT) as host:
            received, took_s = await cut_after(host)

        assert received == b""
        assert 0.3 < took_s < 4

    async def test_slow_head(self, hosting):
        """A head that comes byte by byte is ended with 408, however lively the bytes are."""
        async with hosting(limits=SHORT) as host:
            received, took_s = await cut_after(host, *(bytes([byte]) for byte in LIVE))

        assert received.startswith(b"HTTP/1.1 408 ")
        assert 0.3 < took_s < 4

    async def test_slow_second_head(self, hosting):
        """The time holds for the second request of a connection as for the first."""
        async with hosting(limits=SHORT) as host:
            parts = (LIVE, *(bytes([byte]) for byte in LIVE))
            received, took_s = await cut_after(host, *parts)

        assert received.startswith(b"HTTP/1.1 200 ")
        assert b"HTTP/1.1 408 " in received
        assert took_s < 4

    async def test_idle_connection_stays(self, hosting):
        """Between two requests a connection may rest for longer than a head may take."""
        async with hosting(limits=SHORT) as host:
            last = LIVE.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
            received, _ = await cut_after(host, LIVE, last, every_s=0.8)

        assert received.count(b"HTTP/1.1 200 ") == 2


class TestPlaces:
    """How many connections there may be."""

    def test_bounds(self):
        """Connections are bounded in all and for each address, and given back at their end."""
        places = ConnectionPlaces(most=3, per_address=2)
        taken = [places.take(name) for name in ("10.0.0.1", "10.0.0.1", "10.0.0.1", "10.0.0.2")]
        assert taken == [True, True, False, True]
        assert not places.take("10.0.0.3")
        places.give_back("10.0.0.1")
        assert places.take("10.0.0.3")
        assert (places.open, places.refused) == (3, 2)

    def test_networks_of_ipv6(self):
        """All addresses of one /64 count as one, with or without a zone."""
        places = ConnectionPlaces(per_address=1)
        assert places.take("2001:db8::1")
        assert not places.take("2001:db8::ffff%eth0")
        assert places.take("2001:db8:0:1::1")

    def test_proxies(self):
        """A trusted proxy is many callers, so only the bound of all holds for it."""
        places = ConnectionPlaces(most=5, per_address=1, proxies=("10.0.0.0/8",))
        assert [places.take("10.1.2.3") for _ in range(6)] == [True] * 5 + [False]

    async def test_one_too_many(self, hosting):
        """A connection too many is told 503 and closed; its place is free again at once."""
        async with hosting(connections=ConnectionPlaces(per_address=1)) as host:
            reader, writer = await asyncio.open_connection("127.0.0.1", host.port)
            writer.write(LIVE)
            first = await reader.readuntil(b"\r\n")
            refused, _ = await cut_after(host)
            writer.close()
            await writer.wait_closed()
            await asyncio.sleep(0.05)
            again = await host.raw(LIVE.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))

        assert first.startswith(b"HTTP/1.1 200")
        assert refused.startswith(b"HTTP/1.1 503 ")
        assert again.startswith(b"HTTP/1.1 200")


class TestAnswers:
    """Who does not take an answer."""

    async def test_reader_who_stops(self, hosting):
        """A client that does not read what it asks for is cut off, and its connection freed."""
        async with hosting(limits=SHORT) as host:
            with socket.socket() as client:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
                client.setblocking(False)
                loop = asyncio.get_running_loop()
                await loop.sock_connect(client, ("127.0.0.1", host.port))
                ask = b"GET /api/v2/personas HTTP/1.1\r\nHost: localhost\r\n\r\n"
                until = time.monotonic() + 20
                cut = False
                while not cut and time.monotonic() < until:
                    try:
                        async with asyncio.timeout(0.2):
                            await loop.sock_sendall(client, ask * 64)
                    except TimeoutError:
                        cut = host.service.connections.open == 0
                    except ConnectionError:
                        cut = True
            await asyncio.sleep(0.1)
            left = host.service.connections.open

        assert cut
        assert left == 0


class TestRequests:
    """What is no request of this server."""

    @pytest.mark.parametrize(
        ("head", "status"),
        [
            (b"GET /health/live HTTP/0.9\r\nHost: localhost\r\n\r\n", b"400"),
            (b"GET /health/live HTTP/2.0\r\nHost: localhost\r\n\r\n", b"400"),
            (b"GET /health/live HTTP/1.2\r\nHost: localhost\r\n\r\n", b"400"),
            (b"CONNECT a:80 HTTP/1.1\r\nHost: localhost:80\r\n\r\n", b"501"),
            (b"GET / HTTP/1.1\r\nHost: user@a\r\n\r\n", b"400"),
            (b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", b"400"),
            (b"GET / HTTP/1.1\r\nHost: a:port\r\n\r\n", b"400"),
            (b"GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", b"400"),
            (b"GET / HTTP/1.1\r\n\r\n", b"400"),
            (
                b"POST /chat HTTP/1.0\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
                b"0\r\n\r\n",
                b"400",
            ),
            (b"GET /" + b"a" * 10_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", b"400"),
            (b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X-A: b\r\n" * 200 + b"\r\n", b"400"),
        ],
    )
    async def test_refused_and_closed(self, hosting, head, status):
        """It is refused with its status, one log line and the end of the connection."""
        async with hosting() as host:
            received = await host.raw(head + LIVE)
            lines = host.lines("request malformed")

        assert received.split(b" ")[1] == status
        assert received.count(b"HTTP/1.") == 1
        assert b"X-Content-Type-Options: nosniff" in received
        assert len(lines) == 1

    @pytest.mark.parametrize(
        "head",
        [
            b"GET http://localhost/health/live HTTP/1.1\r\nHost: localhost\r\n",
            b"GET /health/live HTTP/1.1\r\nHost: [::1]:8080\r\n",
            b"GET /health/live HTTP/1.1\r\nHost: localhost:8080\r\n",
            b"GET /health/live HTTP/1.1\r\nHost:\r\n",
            b"GET /health/live HTTP/1.0\r\n",
        ],
    )
    async def test_served(self, hosting, head):
        """Unusual forms that HTTP allows are served."""
        async with hosting() as host:
            received = await host.raw(head + b"Connection: close\r\n\r\n")

        assert received.split(b" ")[1] == b"200"

    async def test_upgrade_is_not_made(self, hosting):
        """After a refused change of protocol nothing that follows is read as a request."""
        head = (
            b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: upgrade\r\n"
            b"Upgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            b"Sec-WebSocket-Version: 13\r\n\r\n"
        )
        async with hosting() as host:
            received = await host.raw(head + LIVE)

        assert received.count(b"HTTP/1.1 ") == 1

    async def test_other_protocols_are_no_errors(self, hosting):
        """A scanner that speaks another protocol does not raise the error rate."""
        async with hosting() as host:
            await host.raw(b"CONNECT a:80 HTTP/1.1\r\nHost: localhost\r\n\r\n")
            rate = host.service.traffic.error_rate

        assert rate == 0.0
