"""From settings to a served host and back: bind, activate, listen, wait for a signal, drain."""

from __future__ import annotations

import signal
import socket
from typing import TYPE_CHECKING

import attrs

from ion_framework.ion import Ion
from ion_framework.plugin_host.record import Status
from ion_framework.watching import watched_loop
from ion_host_aiohttp.api.catalog import all_endpoints
from ion_host_aiohttp.run.alarms import alarms
from ion_host_aiohttp.run.collecting import forget_the_start
from ion_host_aiohttp.run.composition import opened_service
from ion_host_aiohttp.run.last_resort import LONGEST_STOP_S, end_within
from ion_host_aiohttp.run.server import HttpServer
from ion_host_aiohttp.run.station import Station
from ion_host_aiohttp.run.stopping import StopSignal

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

    from ion_framework.settings.model import Settings

GRACE_S = 0.5
"""After SIGTERM, how long new requests are still taken while readiness already answers 503."""

OUT_OF_ORDER = (
    Status.CONFLICT,
    Status.FAILED,
    Status.INCOMPATIBLE,
    Status.INVALID,
    Status.UNTRUSTED,
)
"""Statuses of plugins that are meant to run and do not."""


@attrs.frozen
class Host:
    """What to serve.

    Attributes:
        settings: all settings.
        bound: the socket to serve on.
        logger: where lines go.
        station: where it serves.
        guarded: whether nobody is let in without credentials, as was found before it was bound.
    """

    settings: Settings
    bound: socket.socket
    logger: FilteringBoundLogger
    station: Station
    guarded: bool = False

    async def run(self, stop: StopSignal | None = None) -> None:
        """Serve until SIGTERM or SIGINT.

        Args:
            stop: how it is told to stop; by default a second signal ends the process at once.

        Raises:
            BindError: another process took the address meanwhile.
        """
        stop = stop or StopSignal()
        stop.install()
        try:
            async with Ion(self.settings, source=self.station.source) as ion:
                self._tell_of_plugins(ion)
                catalog = all_endpoints(ion.provisions.routes)
                for problem in catalog.problems:
                    self.logger.error("endpoint of a plugin left out", problem=problem)
                async with opened_service(
                    ion,
                    self.settings,
                    self.logger,
                    guarded=self.guarded,
                    address=self.bound.getsockname()[0],
                ) as opened:
                    service = await self.station.opening(opened, stop)
                    server = HttpServer(service, catalog.endpoints, self.bound)
                    async with alarms(service):
                        await self._serve(server, ion, stop)
        finally:
            stop.remove()
            self.bound.close()

    async def _serve(self, server: HttpServer, ion: Ion, stop: StopSignal) -> None:
        if not stop.is_asked:
            forget_the_start()
            await server.start()
            self.station.serving()
        with watched_loop(ion):
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
