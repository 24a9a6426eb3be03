"""Twice the load that a host can bear: it answers nearly as much as without, the rest at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from http import HTTPStatus

import attrs

from perf.reliability.light_client import LightClient, light_client
from perf.reliability.offline import offline_host, port_of
from perf.reliability.open_loop import Send, open_loop, quantile
from perf.reliability.promise import Finding, Promise, Setting

CONNECTIONS = 8
GOODPUT, SHED_S, RECOVERY_S = 0.9, 0.02, 5.0
TIMES = 2.0
LAG_EVERY_S = 0.005
HALF = "half"


@attrs.frozen
class Tally:
    """What became of the requests of a load.

    Attributes:
        good_s: seconds that each answered one took.
        shed_s: seconds that each refused one took.
        untold: refused ones that were not told when to come back.
        other: what else came.
    """

    good_s: list[float] = attrs.field(factory=list)
    shed_s: list[float] = attrs.field(factory=list)
    untold: list[int] = attrs.field(factory=list)
    other: list[str] = attrs.field(factory=list)


async def check(setting: Setting) -> Sequence[Finding]:
    """Find the capacity, ask for twice as much, then for half, and for the capacity again."""
    seconds = setting.seconds(60, 4)
    measured_s = setting.seconds(8, 2)
    async with offline_host(setting) as host, light_client(port_of(host)) as client:
        await _capacity(client, "warm", 2.0)
        before = await _capacity(client, "before", measured_s)
        tally, lags = Tally(), asyncio.create_task(_lags(seconds))
        load = await open_loop(_sender(client, tally, "over"), TIMES * before, seconds)
        recovered_s = await _recovered_s(client, before / 2)
        after = await _capacity(client, "after", measured_s)
    capacity, late_s = (before + after) / 2, await lags
    goodput = len(tally.good_s) / seconds
    shed_s = quantile(tally.shed_s, 0.99)
    slowest_s = quantile(tally.good_s, 0.99)
    bad = len(tally.other) + len(tally.untold) + len(load.failures)
    first = next(iter((*tally.other, *load.failures)), "")
    return [
        Finding(
            f"answered a second under {TIMES:g} times the load",
            f">= {GOODPUT:g} of the capacity ({before:.0f} before, {after:.0f} after)",
            f"{goodput:.0f}, {goodput / capacity:.2f} of it (p99 {slowest_s:.2f} s)",
            goodput >= GOODPUT * capacity,
            {"answered": tally.good_s},
        ),
        Finding(
            "refusals, p99",
            f"<= {SHED_S * 1000:g} ms",
            f"{shed_s * 1000:.1f} ms of {len(tally.shed_s)} "
            f"(this process itself was late by {quantile(late_s, 0.99) * 1000:.1f})",
            shed_s <= SHED_S,
            {"refused": tally.shed_s, "late": late_s},
        ),
        Finding(
            "anything else than an answer or a 503 with Retry-After", "0", f"{bad} {first}", not bad
        ),
        Finding(
            "everything answered again",
            f"<= {RECOVERY_S:g} s",
            f"{recovered_s:.1f} s",
            recovered_s <= RECOVERY_S,
        ),
    ]


async def _capacity(client: LightClient, name: str, seconds: float) -> float:
    """Messages answered a second where a few clients each wait for their answer."""
    tally = Tally()
    send = _sender(client, tally, name)
    ends = time.perf_counter() + seconds

    async def work(first: int) -> None:
        number = first
        while time.perf_counter() < ends:
            await send(number)
            number += CONNECTIONS

    await asyncio.gather(*(work(first) for first in range(CONNECTIONS)))
    return len(tally.good_s) / seconds


async def _recovered_s(client: LightClient, rate: float) -> float:
    """Seconds of a load that it can bear until nothing is refused any longer."""
    load = await open_loop(_sender(client, Tally(), HALF), rate, RECOVERY_S + 2)
    return max((shot.due_s for shot in load.shots if shot.failure), default=0.0)


async def _lags(seconds: float) -> list[float]:
    """How late this process wakes, which it takes for a wait for the host."""
    found = []
    ends = time.perf_counter() + seconds
    while (began := time.perf_counter()) < ends:
        await asyncio.sleep(LAG_EVERY_S)
        found.append(time.perf_counter() - began - LAG_EVERY_S)
    return found


def _sender(client: LightClient, tally: Tally, name: str) -> Send:
    async def send(number: int) -> str:
        said = await client.post("/api/v2/process", {"user_input": f"Why is {name} {number} so?"})
        if said.status == HTTPStatus.OK:
            tally.good_s.append(said.took_s)
            return ""
        if said.status == HTTPStatus.SERVICE_UNAVAILABLE:
            tally.shed_s.append(said.took_s)
            if b"\nretry-after: " not in said.head.lower():
                tally.untold.append(number)
            return "refused" if name == HALF else ""
        tally.other.append(f"HTTP {said.status}")
        return ""

    return send


PROMISE = Promise(
    number=19,
    title="twice the load that a host can bear: 90 % of its capacity answered, the rest refused",
    check=check,
    seconds=95,
)
