"""A thousand who ask the same at once are one question to the model."""

from __future__ import annotations

from collections.abc import Sequence

from ion_framework.testing.model_servers.behaviours import Answer, Behaviour, Failure
from ion_framework.testing.network.redis_server import RedisServer
from perf.reliability.burst import Burst, burst, make_room
from perf.reliability.promise import Finding, Promise, Setting
from perf.reliability.stage import Stage, staged

REQUESTS = 1000
HOSTS = 4
SLOW_S = 3.0
"""How long the model takes: until then all requests are there."""
MOST_CALLS, MOST_CALLS_HOSTS, MOST_CALLS_FAILING = 1, 4, 2
UNAUTHENTICATED = 401
UNAVAILABLE = "503"
REFUSING = "one process, the model refuses"
ALONE = {"ION_PLUGINS_DISABLE": "offline"}
"""Without a second generator a failure of the first is one of the turn."""


ROOM = f"[limits]\nin_flight = {REQUESTS}\n"
"""Who waits for another's answer has a place meanwhile: one host alone has too few by default."""


async def check(setting: Setting) -> Sequence[Finding]:
    """Ask one host, four hosts, and one whose model refuses."""
    number, slow_s = setting.number(REQUESTS, 40), setting.seconds(SLOW_S, 1.0)
    make_room(2 * number)
    async with staged(setting, config=ROOM) as stage:
        one = await _ask(stage, Answer(first_delay_s=slow_s), number)
    async with RedisServer() as redis, staged(setting, hosts=HOSTS, redis_url=redis.url) as stage:
        four = await _ask(stage, Answer(first_delay_s=slow_s), number)
    async with staged(setting, environ=ALONE, config=ROOM) as stage:
        failing = await _ask(stage, Failure(UNAUTHENTICATED, delay_s=slow_s), number)
    return [
        *_told("one process", one, number, MOST_CALLS),
        _failed("one process", one),
        *_told("four processes", four, number, MOST_CALLS_HOSTS),
        _failed("four processes", four),
        *_told(REFUSING, failing, number, MOST_CALLS_FAILING),
        _refused(failing),
    ]


async def _ask(stage: Stage, behaviour: Behaviour, number: int) -> Burst:
    stage.gemini.behave(behaviour)
    return await burst(stage, "How does an index make a query faster?", number)


def _told(where: str, found: Burst, number: int, most: int) -> Sequence[Finding]:
    return (
        Finding(
            f"{where}: questions to the model",
            f"1 to {most}" if most > 1 else "1",
            f"{found.asked}",
            1 <= found.asked <= most,
            {f"took, {where}": found.took_s},
        ),
        Finding(
            f"{where}: requests sent before the first answer",
            f"{number}",
            f"{found.in_flight}",
            found.in_flight == number,
        ),
    )


def _failed(where: str, found: Burst) -> Finding:
    bad = sorted({status for status in found.statuses if status != "200"})
    return Finding(
        f"{where}: failed requests",
        "0",
        f"{found.failures} of {len(found.statuses)} {', '.join(bad)}".rstrip(),
        not found.failures,
    )


def _refused(found: Burst) -> Finding:
    clean = sum(status == UNAVAILABLE for status in found.statuses)
    told = ", ".join(sorted(set(found.statuses)))
    return Finding(
        f"{REFUSING}: requests that get a clean error",
        f"{len(found.statuses)}",
        f"{clean} ({told})",
        clean == len(found.statuses),
    )


PROMISE = Promise(
    number=3,
    title="A thousand who ask the same at once are one question to the model",
    check=check,
    seconds=25,
    fast=True,
)
