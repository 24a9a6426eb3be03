"""A monitor that raises at every event costs nobody anything, and is left out."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from http import HTTPStatus

from ion_framework.testing.packages import PluginPackage
from perf.reliability.bad_packages import installed, manifest
from perf.reliability.light_client import LightClient
from perf.reliability.open_loop import Send, Shot, open_loop, quantile
from perf.reliability.promise import Finding, Promise, Setting
from perf.reliability.side_by_side import in_turns, two_hosts

RATE = 200.0
ADDED_S = 0.0002
OUT_S = 60.0
CHANGE = "a plugin's status changed"
CODE = """
from ion_framework import hookimpl

class Monitor:
    @hookimpl
    async def ion_observe(self, event):
        raise RuntimeError("this monitor always raises")

def plugin(context):
    return Monitor()
"""


async def check(setting: Setting) -> Sequence[Finding]:
    """Compare hosts with and without such a monitor, at the same time, under the same load."""
    seconds = setting.seconds(30, 3)
    environ = installed(
        setting, [PluginPackage(name="raising", manifest=manifest("raising", "monitor"), code=CODE)]
    )
    async with two_hosts(setting, environ) as (good, bad):
        for side in (good, bad):
            await open_loop(_sender(side.client, "warm"), RATE / 4, 1.0)
        without, beside = await in_turns((good, bad), _sender, RATE, seconds)
        await asyncio.sleep(0.5)
        lines = bad.host.lines()
    return [*_of_requests(without, beside), *_of_changes(lines)]


def _sender(client: LightClient, name: str) -> Send:
    async def send(number: int) -> str:
        content = {"user_input": f"{name}: what is a query plan, number {number}?"}
        heard = await client.post("/api/v2/process", content)
        return "" if heard.status == HTTPStatus.OK else f"HTTP {heard.status}"

    return send


def _of_requests(without: Sequence[Shot], beside: Sequence[Shot]) -> list[Finding]:
    took = [[shot.took_s for shot in shots] for shots in (without, beside)]
    failed = [shot.failure for shot in beside if shot.failure]
    p50s = [quantile(samples, 0.5) for samples in took]
    added_s = p50s[1] - p50s[0]
    return [
        Finding(
            f"failed of {len(took[1])} requests at {RATE:g} a second",
            "0",
            f"{len(failed)}" + (f" ({failed[0]})" if failed else ""),
            not failed,
        ),
        Finding(
            "added to the median by the monitor",
            f"<= {ADDED_S * 1000:g} ms",
            f"{added_s * 1000:.2f} ms (from {p50s[0] * 1000:.2f} ms)",
            added_s <= ADDED_S,
            {"without": took[0], "with the monitor": took[1]},
        ),
    ]


def _of_changes(lines: Sequence[Mapping[str, object]]) -> list[Finding]:
    named = [line for line in lines if line.get("plugin") == "raising"]
    afters = [str(line["after"]) for line in named if line["event"] == CHANGE]
    first = next((line for line in named if line["event"] == CHANGE), None)
    out_s = _seconds(first) - _seconds(lines[0]) if first else float("inf")
    return [
        Finding(
            "the monitor is left out",
            f"<= {OUT_S:g} s after the start",
            f"{out_s:.1f} s: {', '.join(afters)}",
            out_s <= OUT_S and afters[0] == "quarantined",
        ),
        Finding(
            "log lines that name the monitor",
            "one for each change of its status",
            f"{len(named)} for {len(afters)}",
            len(named) == len(afters) > 0,
        ),
    ]


def _seconds(line: Mapping[str, object]) -> float:
    return datetime.fromisoformat(str(line["timestamp"])).timestamp()


PROMISE = Promise(
    number=29,
    title="a monitor that raises at 200 requests a second fails none and is left out",
    check=check,
    seconds=75,
)
