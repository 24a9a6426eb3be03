"""Ten thousand malformed bodies: no 5xx, no hang, no growth, no stall."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from http import HTTPStatus

from perf.processes import resident_mb
from perf.reliability.light_client import LightClient, light_client
from perf.reliability.malformed import bodies, request
from perf.reliability.offline import offline_host, port_of
from perf.reliability.probe import probing
from perf.reliability.promise import Finding, Promise, Setting

NUMBER, WARM, AT_ONCE = 10_000, 500, 8
HANG_S, LAG_S, GROWTH_MB = 10.0, 0.1, 5.0
BROKEN, HUNG = "connection broken", "hung"


async def check(setting: Setting) -> Sequence[Finding]:
    """Send them, and look at what comes back, at the memory and at another client's waits."""
    random = setting.random("bodies")
    async with offline_host(setting) as host, light_client(port_of(host)) as client:
        # What every process loads once is no growth.
        await _sent(client, [request(*item) for item in bodies(random, WARM)])
        before = resident_mb(host.process.pid)
        async with probing(port_of(host)) as probe:
            requests = [request(*item) for item in bodies(random, setting.number(NUMBER, 200))]
            found = await _sent(client, requests)
            lags = list(probe.took_s)
        after = resident_mb(host.process.pid)
        alive = (await client.get("/health/live")).status
    grown = (after or 0.0) - (before or 0.0)
    errors = sum(count for key, count in found.items() if key.startswith("5"))
    lost = found[HUNG] + found[BROKEN] + (alive != HTTPStatus.OK)
    told = f"{errors} of {sum(found.values())} {dict(found)}"
    return [
        Finding("answers 5xx", "0", told, not errors),
        Finding("hangs and broken connections", "0", f"{lost}", not lost),
        Finding(
            "growth of resident memory",
            f"< {GROWTH_MB:g} MB",
            f"{grown:.1f} MB",
            grown < GROWTH_MB,
        ),
        Finding(
            "longest wait of another client",
            f"< {LAG_S * 1000:g} ms",
            f"{max(lags) * 1000:.0f} ms",
            max(lags) < LAG_S,
            {"lag": lags},
        ),
    ]


async def _sent(client: LightClient, requests: Sequence[bytes]) -> Counter[str]:
    """The statuses, or what else became of requests, a few at a time."""
    found: Counter[str] = Counter()
    left = iter(requests)

    async def work() -> None:
        for each in left:
            try:
                async with asyncio.timeout(HANG_S):
                    found[str((await client.send(each)).status)] += 1
            except TimeoutError:
                found[HUNG] += 1
            except ConnectionError:
                found[BROKEN] += 1

    await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    return found


PROMISE = Promise(
    number=12,
    title="10,000 malformed bodies: no 5xx, no hang, no growth, no stall",
    check=check,
    seconds=25,
    fast=True,
)
