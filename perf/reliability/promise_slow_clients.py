"""Thousands of slow clients: the others notice nothing, and the slow ones are cut."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence

from perf.reliability import child
from perf.reliability.burst import make_room
from perf.reliability.light_client import LightClient, light_client
from perf.reliability.offline import offline_host, port_of
from perf.reliability.open_loop import Load, open_loop
from perf.reliability.promise import Finding, Promise, Setting

RATE, BASE_S = 50.0, 8.0
HELD: tuple[tuple[str, int, float], ...] = (
    ("slow heads", 1000, 15.0),
    ("slow bodies", 1000, 15.0),
    ("clients that do not read", 200, 20.0),
)
COMING_S = 8.0
"""Seconds over which they come. The first are cut after ten, so that all are there at once; were
they to come at one instant, two processors would be busy for seconds with opening connections, at
both ends."""
FLOOR_S = 0.01
"""A p99 below this is noise of two cores; ratios are not taken against less."""
CONFIG = "[limits]\nconnections_per_address = 5000\n"
"""All of them come from one address here, which as delivered may have 1024 connections."""


async def check(setting: Setting) -> Sequence[Finding]:
    """Measure other clients without the slow ones, then with them."""
    numbers = {name: setting.number(number, 5) for name, number, _ in HELD}
    make_room(2 * sum(numbers.values()))
    async with offline_host(setting, CONFIG) as host, light_client(port_of(host)) as client:
        base = await _healthy(client, setting.seconds(BASE_S, 2))
        crowd = asyncio.create_task(_crowd(port_of(host), numbers))
        load = await _healthy(client, COMING_S + max(limit_s for *_, limit_s in HELD))
        cut = await crowd
    most_s = 2 * max(base.quantile_s(0.99), FLOOR_S)
    failures = load.failures
    return [
        Finding(
            "p99 of other clients",
            f"<= {most_s * 1000:.0f} ms (twice {base.quantile_s(0.99) * 1000:.1f})",
            f"{load.quantile_s(0.99) * 1000:.1f} ms",
            load.quantile_s(0.99) <= most_s,
            {"before": base.took_s(), "beside": load.took_s()},
        ),
        Finding(
            "failed requests of other clients",
            "0",
            f"{len(failures)} of {len(load.shots)} {failures[0] if failures else ''}",
            not failures,
        ),
        *(
            Finding(
                f"{len(cut[name])} {name}: the last one cut",
                f"<= {limit_s:g} s",
                f"{max(cut[name]):.1f} s",
                max(cut[name]) <= limit_s,
                {"cut": cut[name]},
            )
            for name, _, limit_s in HELD
        ),
    ]


async def _healthy(client: LightClient, seconds: float) -> Load:
    async def send(number: int) -> str:
        said = await client.post("/chat", {"message": f"How do I read chart {number % 20}?"})
        return "" if said.status == 200 else f"HTTP {said.status}"  # noqa: PLR2004  the status of an answer

    return await open_loop(send, RATE, seconds)


async def _crowd(port: int, numbers: dict[str, int]) -> dict[str, list[float]]:
    """Have slow clients come, in a process of their own; gives when each was cut."""
    counts = (str(number) for number in numbers.values())
    process = await asyncio.create_subprocess_exec(
        *child.command("slow_clients", str(port), str(COMING_S), *counts),
        env=child.environ(),
        stdout=asyncio.subprocess.PIPE,
    )
    found, _ = await process.communicate()
    cut: dict[str, list[float]] = json.loads(found)
    return cut


PROMISE = Promise(
    number=15,
    title="1,000 slow heads, 1,000 slow bodies, 200 clients that do not read: cut, and not noticed",
    check=check,
    seconds=50,
)
