"""A client that costs little: load from the same machine must not take the host's processor.

It speaks as much HTTP/1.1 as the host's answers need (a length, kept-alive connections), does not
pipeline, and gives a request a connection that is free, or a new one.
"""

from __future__ import annotations

import asyncio
import gc
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import attrs


@attrs.frozen
class Heard:
    """An answer.

    Attributes:
        status: HTTP status.
        head: status line and headers.
        body: the body.
        took_s: seconds from the sending of the request to the end of the answer.
    """

    status: int
    head: bytes
    body: bytes
    took_s: float


class LightClient:
    """Requests to one host.

    Args:
        port: its port on this machine.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._free: list[_Wire] = []
        self._all: set[_Wire] = set()

    async def post(self, path: str, content: object, headers: str = "") -> Heard:
        """Send a document and wait for the answer.

        Args:
            path: target of the request.
            content: what is sent as JSON.
            headers: further header lines, each with its end.

        Raises:
            ConnectionError: the connection ended before the answer did.
        """
        body = json.dumps(content, ensure_ascii=False).encode()
        head = (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
        )
        return await self.send(head.encode() + body)

    async def get(self, path: str) -> Heard:
        """Ask for something and wait for the answer."""
        head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\n\r\n"
        return await self.send(head.encode())

    async def send(self, request: bytes) -> Heard:
        """Send one whole request and wait for the answer.

        Raises:
            ConnectionError: the connection ended before the answer did.
        """
        began = time.perf_counter()
        wire = await self._wire()
        head, body = await wire.ask(request)
        if not wire.is_closed:
            self._free.append(wire)
        status = int(head[9:12])
        return Heard(status, head, body, time.perf_counter() - began)

    def close(self) -> None:
        """Hang up."""
        for wire in self._all:
            wire.close()

    async def _wire(self) -> _Wire:
        while self._free:
            wire = self._free.pop()
            if not wire.is_closed:
                return wire
        loop = asyncio.get_running_loop()
        _, wire = await loop.create_connection(_Wire, "127.0.0.1", self._port)
        self._all.add(wire)
        return wire


class _Wire(asyncio.Protocol):
    def __init__(self) -> None:
        self._received = b""
        self._answer: asyncio.Future[tuple[bytes, bytes]] | None = None
        self._transport: asyncio.Transport | None = None
        self.is_closed = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  TCP has no other
        self._transport = transport

    def ask(self, request: bytes) -> asyncio.Future[tuple[bytes, bytes]]:
        assert self._transport is not None  # noqa: S101  it is connected before it is used
        self._answer = asyncio.get_running_loop().create_future()
        if self.is_closed:
            self._answer.set_exception(ConnectionResetError("closed before the request"))
        else:
            self._transport.write(request)
        return self._answer

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, rest = self._received.partition(b"\r\n\r\n")
        if not found or len(rest) < (length := _length_of(head)):
            return
        self._received = rest[length:]
        if b"\nconnection: close" in head.lower():
            self.is_closed = True
        if self._answer is not None and not self._answer.done():
            self._answer.set_result((head, rest[:length]))

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_closed = True
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(exc or ConnectionResetError("closed without an answer"))


def _length_of(head: bytes) -> int:
    lower = head.lower()
    at = lower.find(b"\ncontent-length:")
    if at < 0:
        return 0
    end = lower.find(b"\r", at + 1)
    return int(lower[at + 16 : end if end >= 0 else None])


@asynccontextmanager
async def light_client(port: int) -> AsyncIterator[LightClient]:
    """A client of a host on this machine.

    Args:
        port: its port.
    """
    client = LightClient(port)
    # What this process has loaded stays: looking through it would count as a wait for the host.
    gc.collect()
    gc.freeze()
    try:
        yield client
    finally:
        gc.unfreeze()
        client.close()
