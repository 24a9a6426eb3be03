"""Thirty requests in any minute, whatever headers the caller makes up and whoever dies."""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from http import HTTPStatus
from random import Random

import aiohttp
import attrs
from ion_host_aiohttp.rates.quota import Quota
from ion_host_aiohttp.rates.store import LocalStore, key_of

from ion_framework.testing import VirtualClock
from ion_framework.testing.network.redis_server import RedisServer
from perf.reliability.child import command, environ
from perf.reliability.promise import Finding, Promise, Setting
from perf.reliability.rate_host import HOSTS

LIMIT, WINDOW_S = 30, 60
RATE = 50.0
HOUR_S = 3600
CALLERS = 20
MINUTE, MOVING = "30/minute", "5/second"
MOVING_LIMIT, MOVING_S = 5, 1
TOGETHER_S, OUTAGE_S = 12.0, 20.0
BOUND = LIMIT + HOSTS * (LIMIT // HOSTS)
PATH = "/api/v2/personas"


@attrs.frozen
class Asked:
    """One request.

    Attributes:
        caller: who it counts for.
        began: when it was sent, seconds.
        ended: when its answer was there.
        status: HTTP status, 0 without an answer.
        alone: whether the process decided without Redis.
    """

    caller: str
    began: float
    ended: float
    status: int
    alone: bool


async def check(setting: Setting) -> Sequence[Finding]:
    """An hour of virtual time, then four processes with Redis, then the same while it dies.

    A minute moves on only in virtual time. That windows move on in Redis as well is shown with
    those of a second.
    """
    virtual = _virtual(setting)
    together = await _played(setting, MINUTE, TOGETHER_S)
    moving = await _played(setting, MOVING, TOGETHER_S)
    outage = await _played(setting, MINUTE, OUTAGE_S, dies=True)
    during = sum(item.alone and item.status == HTTPStatus.OK for item in outage)
    of = f"{HOSTS} processes, {len({item.caller for item in together})} callers"
    return [
        _most("requests of a caller in any minute of virtual time", virtual, LIMIT),
        _most(f"the same, {of}", _busiest(together, WINDOW_S), LIMIT),
        _most(f"in any second, {of}", _busiest(moving, MOVING_S), MOVING_LIMIT),
        _most("in any minute while Redis dies and is empty", _busiest(outage, WINDOW_S), BOUND),
        Finding("let in while Redis was gone", "some", f"{during}", bool(during)),
        _failed("answers that are neither 200 nor 429", [*together, *moving, *outage]),
    ]


def _most(what: str, figure: int, limit: int) -> Finding:
    return Finding(what, f"<= {limit}", f"{figure}", figure <= limit)


def _failed(what: str, asked: Sequence[Asked]) -> Finding:
    good = (HTTPStatus.OK, HTTPStatus.TOO_MANY_REQUESTS)
    failed = sum(item.status not in good for item in asked)
    took = {"answer": [item.ended - item.began for item in asked]}
    return Finding(what, "0", f"{failed} of {len(asked)}", not failed, took)


def _virtual(setting: Setting) -> int:
    """The most that any minute held, of callers who ask at random moments."""
    random, clock = setting.random("virtual"), VirtualClock()
    store, passed = LocalStore(clock, 1000), defaultdict[bytes, list[float]](list)
    quota = Quota(limit=LIMIT, window_s=WINDOW_S)
    ends = clock.monotonic() + setting.seconds(HOUR_S, 300)
    while clock.monotonic() < ends:
        clock.advance(random.expovariate(RATE))
        key = key_of(str(random.randrange(CALLERS)))
        if store.take_now(key, quota, 1, runs_turns=False).granted:
            passed[key].append(clock.monotonic())
    return max(_in_a_window(moments, moments, WINDOW_S) for moments in passed.values())


def _busiest(asked: Sequence[Asked], window_s: float) -> int:
    """The most that certainly passed within a window.

    A request is decided between its begin and its end; two are within a window for certain where
    the later one ended less than its length after the earlier one began.
    """
    passed = defaultdict[str, list[Asked]](list)
    for item in sorted(asked, key=lambda item: item.began):
        if item.status == HTTPStatus.OK:
            passed[item.caller].append(item)
    return max(
        _in_a_window([item.began for item in items], [item.ended for item in items], window_s)
        for items in passed.values()
    )


def _in_a_window(began: Sequence[float], ended: Sequence[float], window_s: float) -> int:
    most, first = 0, 0
    for index, end in enumerate(ended):
        while end - began[first] >= window_s:
            first += 1
        most = max(most, index - first + 1)
    return most


async def _played(
    setting: Setting, rate: str, promised_s: float, *, dies: bool = False
) -> list[Asked]:
    """Fifty requests a second to four processes; if Redis dies, after a fifth, for a half."""
    random, seconds = setting.random(f"load {rate} {dies}"), setting.seconds(promised_s, 5.0)
    async with (
        RedisServer() as redis,
        _hosts(redis.url, rate) as urls,
        aiohttp.ClientSession() as session,
    ):
        dying = asyncio.create_task(_die(redis, seconds)) if dies else None
        running, began = [], time.monotonic()
        for number in range(round(seconds * RATE)):
            await asyncio.sleep(max(0.0, began + number / RATE - time.monotonic()))
            caller, fields = _made_up(random)
            url = random.choice(urls) + PATH
            running.append(asyncio.create_task(_ask(session, url, caller, fields)))
        asked = await asyncio.gather(*running)
        if dying is not None:
            await dying
    return asked


async def _die(redis: RedisServer, seconds: float) -> None:
    await asyncio.sleep(seconds / 5)
    redis.kill()
    await asyncio.sleep(seconds / 2)
    await asyncio.to_thread(redis.start)


def _made_up(random: Random) -> tuple[str, Mapping[str, str]]:
    """One of three callers, with headers made up anew."""
    lie = ".".join(str(random.randrange(256)) for _ in range(4))
    match random.randrange(3):
        case 0:
            return "peer", {"X-API-Key": f"{random.getrandbits(64):x}", "Forwarded": f"for={lie}"}
        case 1:
            key = {"Authorization": f"Bearer {random.getrandbits(64):x}"}
            return "address", {"X-Forwarded-For": f"{lie}, 203.0.113.7", **key}
        case _:
            groups = ":".join(f"{random.randrange(65536):x}" for _ in range(4))
            return "network", {"X-Forwarded-For": f"{lie}, 2001:db8:1:2:{groups}"}


async def _ask(
    session: aiohttp.ClientSession, url: str, caller: str, fields: Mapping[str, str]
) -> Asked:
    began, status, alone = time.monotonic(), 0, False
    with suppress(aiohttp.ClientError, TimeoutError):
        async with session.get(url, headers=fields) as response:
            await response.read()
            status = response.status
            alone = "ion-local" in response.headers.get("RateLimit-Policy", "")
    return Asked(caller, began, time.monotonic(), status, alone)


@asynccontextmanager
async def _hosts(url: str, rate: str) -> AsyncIterator[Sequence[str]]:
    processes = [
        subprocess.Popen(  # noqa: ASYNC220  it only forks; waiting for it is asynchronous
            command("rate_host", "--url", url, "--rate", rate),
            env=environ(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        for _ in range(HOSTS)
    ]
    try:
        ports = [await asyncio.to_thread(_port, process) for process in processes]
        yield [f"http://127.0.0.1:{port}" for port in ports]
    finally:
        for process in processes:
            await asyncio.to_thread(_end, process)


def _port(process: subprocess.Popen[bytes]) -> int:
    return int(process.stdout.readline()) if process.stdout else 0


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        process.communicate(timeout=12)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()


PROMISE = Promise(
    number=20,
    title="Thirty requests in any minute over four processes, and never without a limit",
    check=check,
    seconds=60,
    fast=True,
)
