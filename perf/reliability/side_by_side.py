"""Two hosts that differ in one plugin, under the same load in turns.

Whatever the machine does besides meets both alike, so that their difference is the plugin's. Each
has the load for a second, and who begins changes from round to round, so that what grows or shrinks
meanwhile cancels out.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import attrs

from perf.reliability.light_client import LightClient, light_client
from perf.reliability.offline import offline_host, port_of
from perf.reliability.open_loop import Load, Send, open_loop
from perf.reliability.promise import Setting
from perf.reliability.stage import HostProcess

PART_S = 1.0
"""Seconds for which one host has the load before the other has it: short against what else a
machine does for a while, long against the beginning of a load."""


@attrs.frozen
class Side:
    """One of the two hosts, with a client of its own."""

    host: HostProcess
    client: LightClient

    def processor_s(self) -> float:
        """Seconds of processor time that the host has taken since its start."""
        stat = Path(f"/proc/{self.host.process.pid}/stat").read_text("ascii")
        user, system = stat.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


@asynccontextmanager
async def two_hosts(
    setting: Setting, environ: Mapping[str, str], config: str = ""
) -> AsyncIterator[tuple[Side, Side]]:
    """A host as it is, and one with further variables.

    Args:
        setting: of the check; its folder takes what each host writes.
        environ: the variables of the second.
        config: content of the ``ion.toml`` of both.
    """
    settings = []
    for name in ("as-it-is", "with-it"):
        folder = setting.folder / name
        folder.mkdir()
        settings.append(attrs.evolve(setting, folder=folder))
    async with (
        offline_host(settings[0], config) as first,
        offline_host(settings[1], config, environ) as second,
        light_client(port_of(first)) as first_client,
        light_client(port_of(second)) as second_client,
    ):
        yield Side(first, first_client), Side(second, second_client)


async def in_turns(
    sides: Sequence[Side],
    sender: Callable[[LightClient, str], Send],
    rate: float,
    seconds: float,
) -> list[list[Load]]:
    """Load for every side in turns; gives the parts of each, those of one round in one place.

    Args:
        sides: the hosts.
        sender: makes what sends to a client, with a name that no other part has.
        rate: requests a second.
        seconds: length of the load of each side.
    """
    parts: list[list[Load]] = [[] for _ in sides]
    part_s = min(PART_S, seconds / 2)
    for number in range(round(seconds / part_s)):
        order = list(enumerate(sides))
        for index, side in order if number % 2 == 0 else reversed(order):
            parts[index].append(
                await open_loop(sender(side.client, f"part {number}"), rate, part_s)
            )
    return parts
