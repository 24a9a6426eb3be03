"""Whatever a plugin does in whichever hook, the caller has an answer and the next one, too."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from http import HTTPStatus

import attrs

from ion_framework.testing.packages import PluginPackage
from perf.reliability.bad_packages import OWN_KEY, installed, manifest
from perf.reliability.fault_plugin import (
    BLOCK_S,
    FAULTS,
    GUARDS,
    HOOKS,
    OF_PERSONAS,
    UNHEARD,
    UNNAMED,
    code_of,
)
from perf.reliability.light_client import LightClient, light_client
from perf.reliability.offline import offline_host, port_of
from perf.reliability.promise import Finding, Promise, Setting
from perf.reliability.stage import HostProcess

STAGE_S = 0.5
BUDGET_S = 2.0
"""The deadline of a turn in this host; each stage has less."""

GRACE_S = 0.25
SLOW_MACHINE_S = 0.25
OBSERVED_S = 6.0
CONFIG = f"""
[turn]
deadline_s = {BUDGET_S}
guard_s = {STAGE_S}
context_s = {STAGE_S}
analyze_s = {STAGE_S}
route_s = {STAGE_S}
prompt_s = {STAGE_S}
first_token_s = 1.0
next_token_s = {STAGE_S}
[plugins]
loop_hold_s = 0.25
[order]
ion_analyze = ["faulty", "resonance"]
ion_route = ["faulty", "resonance"]
ion_generate = ["faulty", "offline"]
"""
PLUGINS = {
    "faulty": ("analyzer", "router", "generator", "extension", "monitor"),
    "faulty-guard": ("guard",),
    "faulty-persona": ("persona",),
}


@attrs.frozen
class Case:
    """One fault in one hook.

    Attributes:
        fault: what the plugin does.
        hook: where.
        problem: what went wrong for callers, empty where nothing did.
        took_s: seconds until the answer.
        named: whether the plugin was named, where there was something to name.
    """

    fault: str
    hook: str
    problem: str
    took_s: float
    named: bool


async def check(setting: Setting) -> Sequence[Finding]:
    """Have a plugin misbehave in every way in every hook, and ask again after each."""
    packages = [
        PluginPackage(
            name=name,
            manifest=manifest(name, *kinds, persona="persona" in kinds),
            code=code_of(tuple(hook for hook in HOOKS if _plugin_of(hook) == name)),
        )
        for name, kinds in PLUGINS.items()
    ]
    environ = installed(setting, packages)
    pairs = [(fault, hook) for fault in FAULTS for hook in HOOKS]
    pairs = pairs[:: max(1, round(1 / setting.scale))]
    async with (
        offline_host(setting, CONFIG, environ) as host,
        light_client(port_of(host)) as client,
    ):
        await _ask(client, "warm up")
        cases = [await _case(client, host, *pair) for pair in pairs]
        is_alive = host.process.poll() is None
    return _findings(cases, is_alive=is_alive)


def _plugin_of(hook: str) -> str:
    if hook in GUARDS:
        return "faulty-guard"
    return "faulty-persona" if hook in OF_PERSONAS else "faulty"


async def _case(client: LightClient, host: HostProcess, fault: str, hook: str) -> Case:
    plugin = _plugin_of(hook)
    before = await _count(client, plugin)
    began = time.perf_counter()
    text = f"fault:{fault}@{hook} {began}"
    problem = await _ask(client, text, f"X-Fault: fault:{fault}@{hook}\r\n")
    took_s = time.perf_counter() - began
    after = await _ask(client, f"and now? {began}")
    is_unheard = fault == "wrong-type" and hook in UNHEARD
    named = is_unheard or fault in UNNAMED or await _is_named(client, host, plugin, before)
    await client.post(f"/api/v2/plugins/{plugin}/enable", {})
    allowed_s = BUDGET_S + GRACE_S + SLOW_MACHINE_S + (BLOCK_S if fault == "block" else 0.0)
    if took_s > allowed_s:
        problem = problem or f"took {took_s:.2f} s"
    return Case(fault, hook, problem or (f"the next: {after}" if after else ""), took_s, named)


async def _ask(client: LightClient, text: str, headers: str = "") -> str:
    """What is wrong with the answer to a message: neither an answer nor an error that says why."""
    content = {"user_input": text, "resonance_key": OWN_KEY}
    if "@ion_analyze" in text:
        del content["resonance_key"]
    heard = await client.post("/api/v2/process", content, headers)
    try:
        document = json.loads(heard.body)
    except ValueError:
        return f"HTTP {heard.status} and no JSON"
    if heard.status == HTTPStatus.OK:
        return "" if document["content"] else "an empty answer"
    is_clean = headers and heard.status != HTTPStatus.INTERNAL_SERVER_ERROR
    error = document["error"]
    return "" if is_clean and error["message"] else f"HTTP {heard.status} {error['code']}"


async def _count(client: LightClient, plugin: str) -> int:
    listed = json.loads((await client.get("/api/v2/plugins")).body)["plugins"]
    bounds = next(one["containment"] for one in listed if one["name"] == plugin)
    return int(bounds["failures"]) + int(bounds["loop_held"])


async def _is_named(client: LightClient, host: HostProcess, plugin: str, before: int) -> bool:
    """Whether the plugin's own count has risen; an observer may take its time for it."""
    ends = time.perf_counter() + OBSERVED_S
    while time.perf_counter() < ends and host.process.poll() is None:
        if await _count(client, plugin) > before:
            return True
        await asyncio.sleep(0.05)
    return False


def _findings(cases: Sequence[Case], *, is_alive: bool) -> Sequence[Finding]:
    bad = [case for case in cases if case.problem]
    unnamed = [case for case in cases if not case.named]
    worst = max(cases, key=lambda case: case.took_s)
    return [
        Finding(
            f"of {len(cases)} faults in hooks those without an answer or a clean error in time, "
            "or after which the next message had none",
            "0",
            f"{len(bad)}" + "".join(f"; {c.fault}@{c.hook}: {c.problem}" for c in bad[:6]),
            not bad,
            {"took": [case.took_s for case in cases]},
        ),
        Finding(
            "longest time to an answer",
            f"<= {BUDGET_S + GRACE_S:g} s, {BLOCK_S:g} s more where the loop was blocked",
            f"{worst.took_s:.2f} s ({worst.fault}@{worst.hook})",
            not [case for case in bad if case.problem.startswith("took")],
        ),
        Finding(
            "faults that were not counted against the plugin that did it",
            "0",
            f"{len(unnamed)}" + "".join(f"; {c.fault}@{c.hook}" for c in unnamed[:6]),
            not unnamed,
        ),
        Finding("the process lives", "yes", "yes" if is_alive else "no", is_alive),
    ]


PROMISE = Promise(
    number=26,
    title="12 faults in every hook: an answer or a clean error, and the next request is well",
    check=check,
    seconds=150,
)
