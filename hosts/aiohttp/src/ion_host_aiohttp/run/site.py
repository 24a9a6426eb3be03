"""The listening socket, whose connections are hardened ones."""

from __future__ import annotations

import asyncio
import socket

from aiohttp import web

from ion_host_aiohttp.run.connection import Connection, ConnectionLimits
from ion_host_aiohttp.run.express import Express
from ion_host_aiohttp.service import Service

KEEPALIVE_S = 75.0
LINGERING_S = 2.0
"""How long the rest of a refused body is read, so that the caller gets to see the refusal."""


class HardenedSite(web.BaseSite):
    """A site on a bound socket.

    Args:
        runner: of the application.
        service: the host.
        express: how requests are refused under overload.
        bound: the socket.
    """

    def __init__(
        self, runner: web.BaseRunner, service: Service, express: Express, bound: socket.socket
    ) -> None:
        super().__init__(runner)
        self._service = service
        self._express = express
        self._socket = bound

    @property
    def name(self) -> str:
        """The address, for aiohttp's messages."""
        host, port = self._socket.getsockname()[:2]
        return f"http://{host}:{port}"

    async def start(self) -> None:
        """Listen."""
        await super().start()
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            self._connection, sock=self._socket, backlog=BACKLOG
        )

    def _connection(self) -> Connection:
        manager = self._runner.server
        assert manager is not None  # noqa: S101  BaseSite refuses a runner that is not set up
        limits = self._service.limits
        return Connection(
            manager,
            self._service,
            self._express,
            ConnectionLimits(limits.head_s, limits.write_s),
            loop=asyncio.get_running_loop(),
            keepalive_timeout=KEEPALIVE_S,
            lingering_time=LINGERING_S,
            access_log=None,
            auto_decompress=False,
        )


BACKLOG = 1024
"""Connections that the system keeps until they are accepted."""
