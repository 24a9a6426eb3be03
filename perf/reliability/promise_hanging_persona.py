"""A persona all of whose places are taken by calls that hang slows no other persona.

A host with such a persona and one without have the same load in turns, second by second: the 99th
percentile of a few hundred requests is what the machine did in its worst moments, and a moment that
meets only one of two measurements says nothing of the persona.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from http import HTTPStatus

import attrs

from ion_framework.testing.packages import PluginPackage
from perf.reliability.bad_packages import OTHER_KEY, OWN_KEY, installed, manifest
from perf.reliability.light_client import LightClient
from perf.reliability.open_loop import Load, Send, open_loop, quantile
from perf.reliability.promise import Finding, Promise, Setting
from perf.reliability.side_by_side import in_turns, two_hosts

RATE = 40.0
PLACES = 64
TIMES = 1.5
CONFIG = """
[turn]
deadline_s = {deadline_s}
prompt_s = {prompt_s}
[plugins]
bulkhead = {places}
"""
HANG_S = 50.0
"""How long a call hangs until it counts as failed: longer than the measurement takes, for the fifth
failure is the end of the calls. Half of the stage's time; the other half is the manifest's."""

FILL_EVERY_S = 0.05
CODE = """
import asyncio
from ion_framework import hookimpl

class Stuck:
    @hookimpl
    async def ion_build_prompt(self, turn, persona):
        while True:
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                continue

def plugin(context):
    return Stuck()
"""


@attrs.frozen
class Taken:
    """The places of the hanging persona.

    Attributes:
        places: how many there are.
        before: how many were taken before the measurement.
        after: how many were taken after it.
        refused: calls that found none meanwhile.
    """

    places: int
    before: int
    after: int
    refused: int


async def check(setting: Setting) -> Sequence[Finding]:
    """Measure another persona before, and while every place of the hanging one is taken."""
    seconds, places = setting.seconds(20), setting.number(PLACES, 16)
    prompt_s = 2 * setting.seconds(HANG_S, 4)
    config = CONFIG.format(deadline_s=1.1 * prompt_s, prompt_s=prompt_s, places=places)
    package = PluginPackage(
        name="stuck", manifest=manifest("stuck", "persona", persona=True), code=CODE
    )
    environ = installed(setting, [package])
    async with two_hosts(setting, environ, config) as (good, bad):
        for side in (good, bad):
            await open_loop(_warm_up(side.client), RATE / 2, setting.seconds(2, 0.5))
        hung = await _fill(bad.client, places)
        running, _ = await _places(bad.client)
        before, during = await in_turns((good, bad), _sender, RATE, seconds)
        still, refused = await _places(bad.client)
        failures = [failure for part in (*before, *during) for failure in part.failures]
        failures += [failure for failure in await asyncio.gather(*hung) if failure]
    taken = Taken(places, running, still, refused)
    return _findings(_others(before), _others(during), failures, taken)


async def _fill(client: LightClient, places: int) -> list[asyncio.Task[str]]:
    """Take every place, a few at a time, so that the host does not take it for overload."""
    hung: list[asyncio.Task[str]] = []
    for number in range(2 * places):
        hung.append(asyncio.create_task(_ask(client, f"hang {number}", OWN_KEY)))
        await asyncio.sleep(FILL_EVERY_S)
        if (await _places(client))[0] >= places:
            break
    return hung


def _others(parts: Sequence[Load]) -> list[float]:
    """How long the requests for the other persona took, in seconds."""
    return [
        shot.took_s
        for part in parts
        for number, shot in enumerate(part.shots)
        if _key(number) == OTHER_KEY
    ]


def _key(number: int) -> str:
    return OWN_KEY if number % 4 == 0 else OTHER_KEY


def _sender(client: LightClient, name: str) -> Send:
    async def send(number: int) -> str:
        return await _ask(client, f"{name}, number {number}", _key(number))

    return send


def _warm_up(client: LightClient) -> Send:
    async def send(number: int) -> str:
        return await _ask(client, f"warm up, number {number}", OTHER_KEY)

    return send


async def _ask(client: LightClient, text: str, persona: str) -> str:
    content = {"user_input": text, "resonance_key": persona}
    heard = await client.post("/api/v2/process", content)
    return "" if heard.status == HTTPStatus.OK else f"HTTP {heard.status}: {heard.body[:200]!r}"


async def _places(client: LightClient) -> tuple[int, int]:
    """Calls of the hanging persona that run, and those that found no place."""
    listed = json.loads((await client.get("/api/v2/plugins")).body)
    bounds = next(one["containment"] for one in listed["plugins"] if one["name"] == "stuck")
    return bounds["running"], bounds["refused"]


def _findings(
    before: Sequence[float],
    during: Sequence[float],
    failed: Sequence[str],
    taken: Taken,
) -> Sequence[Finding]:
    base_s, p99_s = quantile(before, 0.99), quantile(during, 0.99)
    return [
        Finding(
            "calls of the hanging persona that run, of its places",
            f"{taken.places}",
            f"{taken.before} before, {taken.after} after; {taken.refused} calls found none",
            taken.before == taken.after == taken.places,
        ),
        Finding(
            "requests that failed, the hanging persona's included",
            "0",
            f"{len(failed)}" + (f" ({failed[0]})" if failed else ""),
            not failed,
        ),
        Finding(
            f"p99 of the other persona, of {len(during)} requests",
            f"<= {TIMES:g} x that of a host without the hanging one",
            f"{p99_s * 1000:.1f} ms, without {base_s * 1000:.1f} ms ({p99_s / base_s:.2f} x)",
            p99_s <= base_s * TIMES,
            {"without": before, "beside": during},
        ),
    ]


PROMISE = Promise(
    number=28,
    title="a hanging persona at full bulkhead slows no other",
    check=check,
    seconds=75,
)
