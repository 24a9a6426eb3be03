"""Where a host serves: in a process of its own, or as one of several."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from ion_framework.plugin_host.discovery import Source, installed

if TYPE_CHECKING:
    from ion_host_aiohttp.run.stopping import StopSignal
    from ion_host_aiohttp.service import Service


class Station(Protocol):
    """What stands around a host."""

    @property
    def source(self) -> Source:
        """Where plugins come from."""

    async def opening(self, service: Service, stop: StopSignal) -> Service:
        """Wait until the host may listen.

        Args:
            service: the host, all of whose plugins are started.
            stop: how it is told to stop.

        Returns:
            The same with the fleet that it is a part of.
        """

    def serving(self) -> None:
        """It listens."""


class OwnProcess:
    """The station of a host that is alone.

    Args:
        announce: called once it listens.
        source: where plugins come from.
    """

    def __init__(self, announce: Callable[[], None], source: Source = installed) -> None:
        self._announce = announce
        self.source = source

    async def opening(self, service: Service, stop: StopSignal) -> Service:  # noqa: ARG002  nobody else tells it to stop
        """It may listen at once."""
        return service

    def serving(self) -> None:
        """Tell whoever started it."""
        self._announce()
