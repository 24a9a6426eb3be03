"""The server between start and stop: listens, serves, drains."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterable
from functools import partial
from typing import Any

from aiohttp import web

from ion_host_aiohttp.api.application import build_application
from ion_host_aiohttp.api.endpoint import Endpoint
from ion_host_aiohttp.run.addresses import taken
from ion_host_aiohttp.run.express import Express
from ion_host_aiohttp.run.site import HardenedSite
from ion_host_aiohttp.service import Service
from ion_host_aiohttp.v2.figures import take_sample

REQUESTS_S = 4.0
"""Time for requests in flight: half of the 8 seconds that platforms leave between SIGTERM and
SIGKILL. The rest is for plugins."""
BEGIN_S = 1.0
"""Time for requests that have arrived to begin; then their connections close."""
POLL_S = 0.01
CUT_OFF_S = 0.5
"""Time in which requests that are cut off get their answer."""


class HttpServer:
    """Serves endpoints on a bound socket."""

    def __init__(
        self, service: Service, endpoints: Iterable[Endpoint[Any]], bound: socket.socket
    ) -> None:
        endpoints = tuple(endpoints)
        self._service = service
        self._socket = bound
        self._sampling: asyncio.Task[None] | None = None
        self._express = Express(service, endpoints)
        self._runner = web.AppRunner(
            build_application(service, endpoints),
            handle_signals=False,
            shutdown_timeout=REQUESTS_S + CUT_OFF_S,
            # A caller who left does not keep a generator busy.
            handler_cancellation=True,
        )

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self._socket.getsockname()[1])

    async def start(self) -> None:
        """Listen, and be ready.

        Raises:
            BindError: another process took the address after it was bound here.
        """
        await self._runner.setup()
        host, port = self._socket.getsockname()[:2]
        try:
            await HardenedSite(self._runner, self._service, self._express, self._socket).start()
        except OSError as error:
            await self._runner.cleanup()
            raise taken(host, port, error) from error
        service = self._service
        service.lifecycle.ready()
        self._sampling = asyncio.create_task(
            service.sampler.run(partial(take_sample, service), service.logger)
        )

    async def stop(self, grace_s: float = 0.0) -> None:
        """Finish what has begun, and end.

        From the first moment readiness answers 503. New requests are still taken during the grace
        time, so that a load balancer can notice; then the socket closes, and requests in flight
        have their time to end. One that does not is answered 503; one that does not even take
        that is left behind.
        """
        self._service.lifecycle.drain()
        if self._sampling is not None:
            self._sampling.cancel()
        await asyncio.sleep(grace_s)
        begun_s = await self._let_begin()
        cleanup = asyncio.ensure_future(self._runner.cleanup())
        await asyncio.wait({cleanup}, timeout=REQUESTS_S - begun_s)
        self._service.lifecycle.cut_off()
        await asyncio.wait({cleanup}, timeout=CUT_OFF_S)
        if cleanup.done():
            cleanup.result()
        else:
            cleanup.cancel()

    async def _let_begin(self) -> float:
        """Wait for requests that wait for their turn; gives the seconds that took."""
        for site in tuple(self._runner.sites):
            await site.stop()
        loop, pacing = asyncio.get_running_loop(), self._service.admission.pacing
        began = loop.time()
        while pacing.waiting and loop.time() - began < BEGIN_S:  # noqa: ASYNC110  no event stands for it
            await asyncio.sleep(POLL_S)
        return loop.time() - began
