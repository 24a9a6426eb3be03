"""Whatever a plugin does in whichever hook, the caller has an answer and the next one, too.

Every hook has a plugin of its own that misbehaves as a message says. A fifth failure within a
minute would put a plugin in quarantine, where it can do no harm and show nothing: so a host sees at
most four faults of a hook, and the next four are done to a fresh one. No plugin is let in by hand,
and nothing waits for a clock.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from http import HTTPStatus

import attrs

from ion_framework.testing.packages import PluginPackage
from perf.reliability.bad_packages import OWN_KEY, installed, manifest
from perf.reliability.fault_plugin import EXEMPT, EXEMPT_IN, FAULTS, HOOKS, KINDS, code_of
from perf.reliability.light_client import LightClient, light_client
from perf.reliability.offline import offline_host, port_of
from perf.reliability.promise import Finding, Promise, Setting
from perf.reliability.stage import HostProcess

STAGE_S = 0.5
BUDGET_S = 2.0
"""The deadline of a turn in this host; each stage has less."""

GRACE_S = 0.25
NAMED_S = 6.0
"""How long a line is waited for: an observer that hangs is given up after five seconds."""

MOST_FAULTS = 4
"""Faults of a hook that a host sees; one more could put the plugin in quarantine."""

NAMING = ("a plugin failed", "the event loop was held")
"""Log lines that name a culprit."""

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
ion_analyze = ["faulty-analyze", "resonance"]
ion_route = ["faulty-route", "resonance"]
ion_generate = ["faulty-generate", "offline"]
"""


@attrs.frozen
class Case:
    """One fault in one hook.

    Attributes:
        fault: what the plugin does.
        hook: where.
        problem: what went wrong for callers, empty where nothing did.
        took_s: seconds until the answer.
        named: whether a log line names plugin and hook.
        exempt: why none has to, empty where one has.
    """

    fault: str
    hook: str
    problem: str
    took_s: float
    named: bool
    exempt: str


async def check(setting: Setting) -> Sequence[Finding]:
    """Have plugins misbehave in every way in every hook, and ask again after each."""
    packages = [
        PluginPackage(
            name=_plugin_of(hook),
            manifest=manifest(_plugin_of(hook), kind, persona=kind == "persona"),
            code=code_of((hook,)),
        )
        for hook, kind in KINDS.items()
    ]
    environ = installed(setting, packages)
    pairs = [(fault, hook) for fault in FAULTS for hook in HOOKS]
    cases: list[Case] = []
    is_alive = True
    for number, some in enumerate(_hosts_of(pairs[:: max(1, round(1 / setting.scale))])):
        folder = setting.folder / f"host {number}"
        folder.mkdir()
        own = attrs.evolve(setting, folder=folder)
        async with (
            offline_host(own, CONFIG, environ) as host,
            light_client(port_of(host)) as client,
        ):
            await _ask(client, "warm up")
            cases += [await _case(client, host, *pair) for pair in some]
            is_alive = is_alive and host.process.poll() is None
    return _findings(cases, is_alive=is_alive)


def _plugin_of(hook: str) -> str:
    return hook.replace("ion_", "faulty-").replace("_", "-")


def _hosts_of(pairs: Sequence[tuple[str, str]]) -> list[list[tuple[str, str]]]:
    """The faults that each host sees, in their order."""
    hosts: list[list[tuple[str, str]]] = [[]]
    for pair in pairs:
        if sum(hook == pair[1] for _, hook in hosts[-1]) == MOST_FAULTS:
            hosts.append([])
        hosts[-1].append(pair)
    return hosts


async def _case(client: LightClient, host: HostProcess, fault: str, hook: str) -> Case:
    seen = len(host.lines())
    began = time.perf_counter()
    text = f"fault:{fault}@{hook} {began}"
    problem = await _ask(client, text, f"X-Fault: fault:{fault}@{hook}\r\n")
    took_s = time.perf_counter() - began
    after = await _ask(client, f"and now? {began}")
    exempt = EXEMPT.get(fault) or EXEMPT_IN.get((fault, hook), "")
    named = not exempt and await _is_named(host, hook, seen)
    if took_s > BUDGET_S + GRACE_S:
        problem = problem or f"took {took_s:.2f} s"
    problem = problem or (f"the next: {after}" if after else "")
    return Case(fault, hook, problem, took_s, named, exempt)


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


async def _is_named(host: HostProcess, hook: str, seen: int) -> bool:
    """Whether a line after those that were seen names the plugin of a hook, and the hook."""
    ends = time.perf_counter() + NAMED_S
    while time.perf_counter() < ends and host.process.poll() is None:
        for line in host.lines()[seen:]:
            if line["event"] in NAMING and (line["plugin"], line["hook"]) == (
                _plugin_of(hook),
                hook,
            ):
                return True
        await asyncio.sleep(0.05)
    return False


def _findings(cases: Sequence[Case], *, is_alive: bool) -> Sequence[Finding]:
    bad = [case for case in cases if case.problem]
    due = [case for case in cases if not case.exempt]
    unnamed = [case for case in due if not case.named]
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
            f"<= {BUDGET_S + GRACE_S:g} s",
            f"{worst.took_s:.2f} s ({worst.fault}@{worst.hook})",
            not [case for case in bad if case.problem.startswith("took")],
        ),
        Finding(
            f"of {len(due)} faults those whose plugin and hook no log line names",
            "0",
            f"{len(unnamed)}" + "".join(f"; {c.fault}@{c.hook}" for c in unnamed[:6]),
            not unnamed,
        ),
        Finding(
            f"the other {len(cases) - len(due)}, after which there is no failure to name",
            "each with its reason",
            _exemptions(cases),
            kept=True,
        ),
        Finding("the process lives", "yes", "yes" if is_alive else "no", is_alive),
    ]


def _exemptions(cases: Sequence[Case]) -> str:
    found: dict[tuple[str, str], list[str]] = {}
    for case in cases:
        if case.exempt:
            found.setdefault((case.fault, case.exempt), []).append(case.hook)
    return "; ".join(
        f"{fault} in {len(hooks)} of {len(HOOKS)} hooks: {why}"
        for (fault, why), hooks in found.items()
    )


PROMISE = Promise(
    number=26,
    title="12 faults in every hook: an answer or a clean error, and the next request is well",
    check=check,
    seconds=75,
)
