"""An outage under load: what both Redis promises measure, whatever the shape of the outage.

A load runs for a while with Redis in order, then the outage begins, lasts and ends under the same
load. Latencies of the time before are the yardstick for those during it.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

import attrs

from perf.reliability.open_loop import Load, open_loop
from perf.reliability.promise import Finding, Setting
from perf.reliability.stage import Stage, hot_and_new

RATE = 200.0
HOT = tuple(f"How do I read chart number {number} of the report?" for number in range(200))
SHARE_NEW = 0.2
WARM_S = 3.0
SHOCK_S = 1.0
SHOCK_OVER_S = 0.1
AFTER_TIMES = 2.0
FLOOR_S = 0.01
"""A p99 below this is noise of two cores; ratios are not taken against less."""
CLOSED_S = 2.0
BREAKER = "redis_breaker"

Act = Callable[[], Awaitable[None]]


@attrs.frozen
class Outage:
    """An outage.

    Attributes:
        name: its shape.
        begin: makes it.
        end: ends it.
        seconds: how long it lasts.
    """

    name: str
    begin: Act
    end: Act
    seconds: float


async def endure(stage: Stage, outage: Outage, healthy_s: float, setting: Setting) -> list[Finding]:
    """Play an outage under load, and compare with the time before.

    Args:
        stage: the host under load.
        outage: what is done to its Redis.
        healthy_s: seconds of the load before the outage, and after its end.
        setting: of the check.
    """
    messages = hot_and_new(HOT, SHARE_NEW, setting)

    async def send(number: int) -> str:
        said = await stage.ask(messages[number])
        return said.failure

    async def send_hot(number: int) -> str:
        return (await stage.ask(HOT[number % len(HOT)])).failure

    # Every hot message is known before, so that the time before the outage has the mix of the rest.
    await open_loop(send_hot, RATE, WARM_S)
    whole = 2 * healthy_s + outage.seconds
    load_task = asyncio.create_task(open_loop(send, RATE, whole))
    await asyncio.sleep(healthy_s)
    await outage.begin()
    await asyncio.sleep(outage.seconds)
    await outage.end()
    ended_at = datetime.now().astimezone().timestamp()
    load = await load_task
    return [
        *_latencies(outage, load, healthy_s),
        _closed_again(outage, stage, ended_at),
    ]


def _latencies(outage: Outage, load: Load, healthy_s: float) -> Sequence[Finding]:
    name, start, end = outage.name, healthy_s, healthy_s + outage.seconds
    healthy = load.between(0, start)
    shock, after = load.between(start, start + SHOCK_S), load.between(start + SHOCK_S, end)
    base = healthy.quantile_s(0.99)
    worst_shock, worst_after = base + SHOCK_OVER_S, max(base, FLOOR_S) * AFTER_TIMES
    samples = {
        "healthy": healthy.took_s(),
        "first second": shock.took_s(),
        "after": after.took_s(),
    }
    return (
        Finding(
            f"{name}: failed requests",
            "0",
            f"{len(load.failures)} of {len(load.shots)} {_first(load.failures)}",
            not load.failures,
        ),
        Finding(
            f"{name}: p99 in the first second",
            f"<= {worst_shock * 1000:.0f} ms (healthy {base * 1000:.1f} + 100)",
            f"{shock.quantile_s(0.99) * 1000:.1f} ms",
            shock.quantile_s(0.99) <= worst_shock,
            samples,
        ),
        Finding(
            f"{name}: p99 after the first second",
            f"<= {worst_after * 1000:.0f} ms (twice healthy)",
            f"{after.quantile_s(0.99) * 1000:.1f} ms",
            not after.shots or after.quantile_s(0.99) <= worst_after,
        ),
        Finding(
            f"{name}: requests sent a second",
            f"{load.rate:g} within 1 %",
            f"{load.sent_rate:.1f}",
            abs(load.sent_rate / load.rate - 1) <= 0.01,  # noqa: PLR2004  the scorecard's rule for loads
        ),
    )


def _first(failures: tuple[str, ...]) -> str:
    return f"({failures[0]})" if failures else ""


def _closed_again(outage: Outage, stage: Stage, ended_at: float) -> Finding:
    """How long after the outage the breaker closed, from the host's own log."""
    changes = stage.hosts[0].lines(BREAKER)
    if not any(line.get("after") == "open" for line in changes):
        return Finding(f"{outage.name}: breaker", "closed at the end", "never opened", kept=True)
    last: dict[str, dict[str, object]] = {str(line["breaker"]): line for line in changes}
    closed = all(line["after"] == "closed" for line in last.values())
    took = max(0.0, max(map(_at, last.values())) - ended_at) if closed else math.inf
    return Finding(
        f"{outage.name}: breakers closed after the end",
        f"<= {CLOSED_S:g} s",
        f"{took:.2f} s",
        took <= CLOSED_S,
    )


def _at(line: dict[str, object]) -> float:
    return datetime.fromisoformat(str(line["timestamp"])).timestamp()
