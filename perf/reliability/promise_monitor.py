"""A monitor that raises at every event costs nobody anything, and is left out.

Its failures are none of a turn's business: a task of its own calls it, its fifth failure puts it in
quarantine, and from then on an event costs a look at that. What it adds is so little that a machine
with other work hides it; so a host with it and one without have the same load in turns, second by
second, and what is compared are neighbours. Requests that a host refuses because the machine cannot
carry the load are counted apart, and set against those of the host without the monitor.
"""

from __future__ import annotations

import asyncio
import json
import math
import statistics
from collections.abc import Mapping, Sequence
from datetime import datetime
from http import HTTPStatus

from ion_framework.testing.packages import PluginPackage
from perf.reliability.bad_packages import installed, manifest
from perf.reliability.light_client import LightClient
from perf.reliability.open_loop import Load, Send, open_loop, quantile
from perf.reliability.promise import Finding, Promise, Setting
from perf.reliability.side_by_side import in_turns, two_hosts

RATE = 200.0
ADDED_S = 0.0002
OUT_S = 60.0
CHANGE = "a plugin's status changed"
FAILURE = "a plugin failed"
FAILURES = 5
"""Failures until a plugin is in quarantine: each has a line, and no further one."""

OVERLOADED = "OVERLOADED"
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
    seconds = setting.seconds(30)
    environ = installed(
        setting, [PluginPackage(name="raising", manifest=manifest("raising", "monitor"), code=CODE)]
    )
    async with two_hosts(setting, environ) as (good, bad):
        for side in (good, bad):
            await open_loop(_sender(side.client, "warm"), RATE / 4, setting.seconds(1, 0.5))
        began = [side.processor_s() for side in (good, bad)]
        parts = await in_turns((good, bad), _sender, RATE, seconds)
        took = [side.processor_s() - at for side, at in zip((good, bad), began, strict=True)]
        await asyncio.sleep(0.5)
        lines = bad.host.lines()
    without, beside = parts
    return [*_of_requests(without, beside), _of_time(without, beside, took), *_of_lines(lines)]


def _sender(client: LightClient, name: str) -> Send:
    async def send(number: int) -> str:
        content = {"user_input": f"{name}: what is a query plan, number {number}?"}
        heard = await client.post("/api/v2/process", content)
        if heard.status == HTTPStatus.OK:
            return ""
        return f"HTTP {heard.status} {json.loads(heard.body)['error']['code']}"

    return send


def _of_requests(without: Sequence[Load], beside: Sequence[Load]) -> list[Finding]:
    failures = [failure for part in beside for failure in part.failures]
    failed = [failure for failure in failures if OVERLOADED not in failure]
    refused = [[_refused(part) for part in parts] for parts in (without, beside)]
    more, error = _more(*refused)
    return [
        Finding(
            f"failed of {sum(len(part.shots) for part in beside)} requests at {RATE:g} a second",
            "0",
            f"{len(failed)}" + (f" ({failed[0]})" if failed else ""),
            not failed,
        ),
        Finding(
            "refused because this machine could not carry the load",
            "no more a second than without the monitor, within two standard errors",
            f"{sum(refused[1])}, without {sum(refused[0])}: {more:.2f} more a second, standard "
            f"error {error:.2f}",
            more <= 2 * error,
            {"refused without": refused[0], "refused with the monitor": refused[1]},
        ),
    ]


def _refused(part: Load) -> int:
    return sum(OVERLOADED in failure for failure in part.failures)


def _more(before: Sequence[int], after: Sequence[int]) -> tuple[float, float]:
    """The mean of the differences between neighbours, and its standard error."""
    differences = [late - early for early, late in zip(before, after, strict=True)]
    error = statistics.stdev(differences) / math.sqrt(len(differences))
    return statistics.fmean(differences), error


def _of_time(without: Sequence[Load], beside: Sequence[Load], took_s: Sequence[float]) -> Finding:
    p50s = [[_p50_s(part) for part in parts] for parts in (without, beside)]
    added_s = statistics.median(after - before for before, after in zip(*p50s, strict=True))
    base_s = statistics.median(p50s[0])
    requests = sum(len(part.shots) for part in beside)
    processor = ", ".join(f"{1000 * taken / requests:.2f}" for taken in took_s)
    return Finding(
        f"added to the median by the monitor, median of {len(beside)} seconds and their neighbours",
        f"<= {ADDED_S * 1000:g} ms",
        f"{added_s * 1000:.2f} ms (to {base_s * 1000:.2f} ms; processor time of a request without "
        f"it, with it: {processor} ms)",
        added_s <= ADDED_S,
        {"medians without": p50s[0], "medians with the monitor": p50s[1]},
    )


def _p50_s(part: Load) -> float:
    """The median of the answers; a refusal is fast, and would flatter."""
    return quantile([shot.took_s for shot in part.shots if not shot.failure], 0.5)


def _of_lines(lines: Sequence[Mapping[str, object]]) -> list[Finding]:
    named = [line for line in lines if line.get("plugin") == "raising"]
    changes = [line for line in named if line["event"] == CHANGE]
    failures = [line for line in named if line["event"] == FAILURE]
    afters = [str(line["after"]) for line in changes]
    out_s = _seconds(changes[0]) - _seconds(lines[0]) if changes else float("inf")
    # The probe that ends a quarantine may fail and be told, too.
    most = FAILURES + len(changes) - 1
    return [
        Finding(
            "the monitor is left out",
            f"<= {OUT_S:g} s after the start",
            f"{out_s:.1f} s: {', '.join(afters)}",
            out_s <= OUT_S and afters[0] == "quarantined",
        ),
        Finding(
            "log lines that name the monitor",
            f"one for each change of its status, and of {FAILURES} failures before the first",
            f"{len(changes)} of changes, {len(failures)} of failures",
            len(named) == len(changes) + len(failures) and 0 < len(failures) <= most,
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
