"""The server between start and stop: listens, serves, drains."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterable
from typing import Any

from aiohttp import web

from ion_host_aiohttp.application import build_application
from ion_host_aiohttp.connection import HardenedSite
from ion_host_aiohttp.endpoint import Endpoint
from ion_host_aiohttp.service import Service

SHUTDOWN_S = 2.5
"""Time for requests in flight. aiohttp waits for it twice, so that 5 of the 8 seconds that
platforms leave between SIGTERM and SIGKILL go to requests, and the rest to plugins."""


class HttpServer:
    """Serves endpoints on a bound socket."""

    def __init__(
        self, service: Service, endpoints: Iterable[Endpoint[Any]], bound: socket.socket
    ) -> None:
        self._service = service
        self._socket = bound
        self._runner = web.AppRunner(
            build_application(service, endpoints),
            handle_signals=False,
            shutdown_timeout=SHUTDOWN_S,
            # A caller who left does not keep a generator busy.
            handler_cancellation=True,
        )

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self._socket.getsockname()[1])

    async def start(self) -> None:
        """Listen, and be ready."""
        await self._runner.setup()
        await HardenedSite(self._runner, self._service, self._socket).start()
        self._service.lifecycle.ready()

    async def stop(self, grace_s: float = 0.0) -> None:
        """Finish what has begun, and end.

        From the first moment readiness answers 503. New requests are still taken during the grace
        time, so that a load balancer can notice; then the socket closes, and requests in flight
        have their time to end.
        """
        self._service.lifecycle.drain()
        await asyncio.sleep(grace_s)
        await self._runner.cleanup()
