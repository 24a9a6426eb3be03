"""The Gemini service fails often, hangs, is down, and comes back: callers hardly notice."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence

from ion_framework.testing.model_servers.faults import Answer, fault, mixture
from perf.reliability.open_loop import open_loop
from perf.reliability.promise import Finding, Promise, Setting
from perf.reliability.stage import UPSTREAM_S, Stage, staged

RATE = 20.0
FAILING, HANGING = 0.3, 0.05
SUCCESS = 0.995
TRIES = 1.5
BY_MODEL = 0.9
"""Of n tries a request, a share of (1 - failing) n succeeds at most (Wald): a stand-in gives the
rest, flagged as degraded."""
MOST_BY_MODEL = TRIES * (1 - FAILING - HANGING)
BUDGET = 0.1
RESERVE = 10
DOWN = 200
"""Requests of an outage, at any scale: the reserve does not shrink with them."""
BURST = 20
"""Requests at the beginning of an outage that may use up the reserve, beside their own share."""
HEALED_S = 35.0
"""The longest pause of the breaker, and the time to see that it is over."""
CONFIG = """
[plugin.gemini]
connect_s = 1.0
first_token_s = 2.0
"""


async def check(setting: Setting) -> Sequence[Finding]:
    """A storm, and an outage, each on a stage of its own."""
    findings: list[Finding] = []
    for part in (_storm, _outage):
        folder = setting.folder / part.__name__
        folder.mkdir()
        own = Setting(setting.seed, folder, setting.scale)
        async with staged(own, config=CONFIG) as stage:
            findings += await part(stage, own)
    return findings


async def _storm(stage: Stage, setting: Setting) -> Sequence[Finding]:
    shares = {fault("unavailable-503"): FAILING, fault("hang-before-headers"): HANGING}
    stage.gemini.plan(mixture(setting.seed, shares, Answer(first_delay_s=UPSTREAM_S)))

    by_stand_in = 0

    async def send(number: int) -> str:
        nonlocal by_stand_in
        said = await stage.ask(f"What is in item {number} of the storm?")
        by_stand_in += bool(said.degraded)
        return said.failure

    load = await open_loop(send, RATE, setting.seconds(60, 5))
    total, failed = len(load.shots), len(load.failures)
    tries = len(stage.gemini.requests) / total
    kept = 1 - failed / total
    return (
        Finding(
            f"{FAILING:.0%} failing, {HANGING:.0%} hanging: answered",
            f">= {SUCCESS:.1%}",
            f"{kept:.2%} of {total}",
            kept >= SUCCESS,
            {"took": load.took_s()},
        ),
        Finding("tries a request", f"<= {TRIES:g}", f"{tries:.2f}", tries <= TRIES),
        Finding(
            "answered by the model itself",
            f">= {BY_MODEL:.0%} (of {TRIES:g} tries, {MOST_BY_MODEL:.1%} could)",
            f"{1 - by_stand_in / total:.2%}",
            1 - by_stand_in / total >= BY_MODEL,
        ),
    )


async def _outage(stage: Stage, _: Setting) -> Sequence[Finding]:
    await stage.ask("Are you there?")
    stage.gemini.forget()
    stage.gemini.behave(fault("unavailable-503"))
    texts = [f"What is in item {number} of the outage?" for number in range(DOWN)]
    first = [await stage.ask(text) for text in texts]
    asked = Counter(str(request.body["contents"]) for request in stage.gemini.requests)
    again = [await stage.ask(text) for text in texts]
    unflagged = sum(1 for said in first if said.failure or not said.degraded)
    cached = sum(1 for said in again if said.cache in ("hit", "stale"))
    # By message: a request that the breaker refused does not make up for another's retry.
    retries = asked.total() - len(asked)
    burst = sum(count - 1 for count in list(asked.values())[:BURST])
    stage.gemini.behave(Answer(first_delay_s=UPSTREAM_S))
    healed_s = await _healed_s(stage)
    return (
        Finding(
            "down: answers that failed or were not flagged degraded",
            "0",
            f"{unflagged} of {len(texts)}",
            unflagged == 0,
        ),
        Finding("down: degraded answers stored", "0", f"{cached} of {len(texts)}", cached == 0),
        Finding(
            "down: retries",
            f"<= {BUDGET:.0%} of the requests",
            f"{retries} with {len(texts)} requests ({asked.total()} tries in all)",
            retries <= BUDGET * len(texts),
        ),
        Finding(
            f"down: retries of the first {BURST} requests, the reserve",
            f"<= {RESERVE} + {BUDGET:.0%} of them",
            f"{burst}",
            burst <= RESERVE + BUDGET * BURST,
        ),
        Finding(
            "up again: first answer that is not degraded, without restart",
            f"<= {HEALED_S:g} s",
            f"{healed_s:.1f} s",
            healed_s <= HEALED_S,
        ),
    )


async def _healed_s(stage: Stage) -> float:
    began = time.monotonic()
    number = 0
    while (took := time.monotonic() - began) <= HEALED_S:
        number += 1
        said = await stage.ask(f"Are you back, attempt {number}?")
        if not said.failure and not said.degraded:
            return time.monotonic() - began
        await asyncio.sleep(0.1)
    return took


PROMISE = Promise(
    number=32,
    title="the Gemini service fails, hangs and is down: callers hardly notice, nothing bad is kept",
    check=check,
    seconds=150,
)
