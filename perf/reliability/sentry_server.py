"""A server in Sentry's place that keeps every envelope as it came, unpacked."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from perf.processes import free_port


class SentryServer:
    """What was sent to it.

    Attributes:
        port: where it listens, on 127.0.0.1.
        envelopes: the bodies of the requests.

    Args:
        port: where it is to listen.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self.envelopes: list[bytes] = []

    def count(self, kind: str) -> int:
        """How many items of a type came.

        Args:
            kind: ``transaction`` or ``event``.
        """
        header = f'"type":"{kind}"'.encode()
        # The header of an item is the second line of an envelope that holds one.
        return sum(header in body.split(b"\n")[1].replace(b" ", b"") for body in self.envelopes)

    async def take(self, request: web.Request) -> web.Response:
        """Keep an envelope."""
        body = await request.read()
        packed = body.startswith(b"\x1f\x8b")  # aiohttp has unpacked what says that it is packed
        self.envelopes.append(gzip.decompress(body) if packed else body)
        return web.json_response({})


@asynccontextmanager
async def sentry_server() -> AsyncIterator[SentryServer]:
    """A server in operation."""
    server = SentryServer(free_port())
    application = web.Application()
    application.router.add_post("/api/1/envelope/", server.take)
    runner = web.AppRunner(application)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", server.port).start()
        yield server
    finally:
        await runner.cleanup()
