"""Thousands of slow clients: the others notice nothing, and the slow ones are cut."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence

from perf.reliability.burst import make_room
from perf.reliability.light_client import LightClient, light_client
from perf.reliability.offline import offline_host, port_of
from perf.reliability.open_loop import Load, open_loop
from perf.reliability.promise import Finding, Promise, Setting
from perf.reliability.slow_clients import Hold, no_reader, slow_body, slow_head

RATE, BASE_S = 50.0, 8.0
HELD: tuple[tuple[str, Hold, int, float], ...] = (
    ("slow heads", slow_head, 1000, 15.0),
    ("slow bodies", slow_body, 1000, 15.0),
    ("clients that do not read", no_reader, 200, 20.0),
)
PATIENCE_S = 40.0
COMING_S = 8.0
"""Seconds over which they come: opened at one instant, they would keep this process busy, too."""
FLOOR_S = 0.01
"""A p99 below this is noise of two cores; ratios are not taken against less."""
CONFIG = "[limits]\nconnections_per_address = 5000\n"
"""All of them come from one address here, which as delivered may have 1024 connections."""


async def check(setting: Setting) -> Sequence[Finding]:
    """Measure other clients without the slow ones, then with them."""
    numbers = {name: setting.number(number, 5) for name, _, number, _ in HELD}
    make_room(2 * sum(numbers.values()))
    async with offline_host(setting, CONFIG) as host, light_client(port_of(host)) as client:
        port = port_of(host)
        base = await _healthy(client, setting.seconds(BASE_S, 2))
        holding = {
            name: [
                asyncio.create_task(_held(hold, port, COMING_S * index / numbers[name]))
                for index in range(numbers[name])
            ]
            for name, hold, _, _ in HELD
        }
        load = await _healthy(client, COMING_S + max(limit_s for *_, limit_s in HELD))
        cut = {name: await asyncio.gather(*tasks) for name, tasks in holding.items()}
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
            for name, _, _, limit_s in HELD
        ),
    ]


async def _healthy(client: LightClient, seconds: float) -> Load:
    async def send(number: int) -> str:
        said = await client.post("/chat", {"message": f"How do I read chart {number % 20}?"})
        return "" if said.status == 200 else f"HTTP {said.status}"  # noqa: PLR2004  the status of an answer

    return await open_loop(send, RATE, seconds)


async def _held(hold: Hold, port: int, after_s: float) -> float:
    """Seconds until it was cut; infinite where it was not."""
    await asyncio.sleep(after_s)
    try:
        async with asyncio.timeout(PATIENCE_S):
            return await hold(port)
    except TimeoutError:
        return math.inf


PROMISE = Promise(
    number=15,
    title="1,000 slow heads, 1,000 slow bodies, 200 clients that do not read: cut, and not noticed",
    check=check,
    seconds=50,
)
