"""Two hosts that differ in one plugin, under the same load in turns.

Whatever the machine does besides meets both alike, so that their difference is the plugin's.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

import attrs

from perf.reliability.light_client import LightClient, light_client
from perf.reliability.offline import offline_host, port_of
from perf.reliability.open_loop import Send, Shot, open_loop
from perf.reliability.promise import Setting
from perf.reliability.stage import HostProcess

ROUNDS = 6


@attrs.frozen
class Side:
    """One of the two hosts, with a client of its own."""

    host: HostProcess
    client: LightClient


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
) -> list[list[Shot]]:
    """Load for every side in turns; gives the shots of each.

    Args:
        sides: the hosts.
        sender: makes what sends to a client, with a name that no other part has.
        rate: requests a second.
        seconds: length of the load of each side.
    """
    shots: list[list[Shot]] = [[] for _ in sides]
    part_s = max(0.5, seconds / ROUNDS)
    for number in range(ROUNDS):
        for index, side in enumerate(sides):
            load = await open_loop(sender(side.client, f"part {number}"), rate, part_s)
            shots[index].extend(load.shots)
    return shots
