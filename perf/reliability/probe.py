"""How long a host does not answer: what a client sees of a stalled event loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import attrs

from perf.reliability.light_client import LightClient, light_client

EVERY_S = 0.005


@attrs.frozen
class Probe:
    """The answers to a question that costs nothing, asked again and again.

    Attributes:
        took_s: seconds that each took.
    """

    took_s: list[float] = attrs.field(factory=list)

    def worst_s(self) -> float:
        """The longest so far, and from now on those that follow; 0 where none was asked."""
        worst = max(self.took_s, default=0.0)
        self.took_s.clear()
        return worst


@asynccontextmanager
async def probing(port: int) -> AsyncIterator[Probe]:
    """Ask a host every few milliseconds whether it lives, on one connection.

    Args:
        port: of the host on this machine.
    """
    probe = Probe()
    async with light_client(port) as client:
        asking = asyncio.create_task(_ask(client, probe))
        try:
            yield probe
        finally:
            asking.cancel()


async def _ask(client: LightClient, probe: Probe) -> None:
    while True:
        began = time.perf_counter()
        await client.get("/health/live")
        probe.took_s.append(time.perf_counter() - began)
        await asyncio.sleep(EVERY_S)
