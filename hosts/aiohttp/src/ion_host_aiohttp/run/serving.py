"""From settings to a served host and back: bind, activate, listen, wait for a signal, drain."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

import attrs

from ion_framework.ion import Ion
from ion_framework.plugin_host.record import Status
from ion_host_aiohttp.api.catalog import all_endpoints
from ion_host_aiohttp.run.composition import opened_service
from ion_host_aiohttp.run.last_resort import LONGEST_STOP_S, end_now, end_within
from ion_host_aiohttp.run.server import HttpServer

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

    from ion_framework.settings.model import Settings

GRACE_S = 0.5
"""After SIGTERM, how long new requests are still taken while readiness already answers 503."""

OUT_OF_ORDER = (Status.CONFLICT, Status.FAILED, Status.INCOMPATIBLE, Status.INVALID)
"""Statuses of plugins that are meant to run and do not."""


@attrs.frozen
class Host:
    """What to serve.

    Attributes:
        settings: all settings.
        bound: the socket to serve on.
        logger: where lines go.
        announce: called once the host is ready.
    """

    settings: Settings
    bound: socket.socket
    logger: FilteringBoundLogger
    announce: Callable[[], None]

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT; a second signal ends the process at once.

        Raises:
            BindError: another process took the address meanwhile.
        """
        stop = StopSignal()
        stop.install()
        try:
            async with Ion(self.settings) as ion:
                self._tell_of_plugins(ion)
                catalog = all_endpoints(ion.provisions.routes)
                for problem in catalog.problems:
                    self.logger.error("endpoint of a plugin left out", problem=problem)
                async with opened_service(ion, self.settings, self.logger) as service:
                    await self._serve(HttpServer(service, catalog.endpoints, self.bound), stop)
        finally:
            stop.remove()
            self.bound.close()

    async def _serve(self, server: HttpServer, stop: StopSignal) -> None:
        await server.start()
        self.announce()
        received = await stop.wait()
        end_within(LONGEST_STOP_S, code=0)
        self.logger.info("stopping", signal=received.name)
        # Nobody routes requests to a host that is stopped by hand.
        await server.stop(GRACE_S if received is signal.SIGTERM else 0.0)

    def _tell_of_plugins(self, ion: Ion) -> None:
        for warning in ion.warnings():
            self.logger.warning(warning)
        for record in ion.plugins:
            if record.status in OUT_OF_ORDER:
                self.logger.error(
                    "plugin out of order",
                    plugin=record.name,
                    status=record.status.value,
                    reason=record.reason,
                )


class StopSignal:
    """SIGTERM or SIGINT, as something to wait for; the second ends the process."""

    _SIGNALS = (signal.SIGTERM, signal.SIGINT)

    def __init__(self) -> None:
        self._received: asyncio.Future[signal.Signals] = asyncio.get_running_loop().create_future()

    def install(self) -> None:
        """Take the signals over."""
        loop = asyncio.get_running_loop()
        for number in self._SIGNALS:
            try:
                loop.add_signal_handler(number, self._receive, number)
            except NotImplementedError:  # Windows
                signal.signal(number, lambda n, _: loop.call_soon_threadsafe(self._receive, n))

    def remove(self) -> None:
        """Give the signals back."""
        loop = asyncio.get_running_loop()
        for number in self._SIGNALS:
            try:
                loop.remove_signal_handler(number)
            except NotImplementedError:  # Windows
                signal.signal(number, signal.SIG_DFL)

    async def wait(self) -> signal.Signals:
        """The first signal received."""
        return await self._received

    def _receive(self, number: int) -> None:
        if self._received.done():
            # Whoever asks twice does not want to wait; shells expect this code.
            end_now(128 + number)
        self._received.set_result(signal.Signals(number))
