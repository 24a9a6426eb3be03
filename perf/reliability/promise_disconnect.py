"""Callers who leave: what was asked of the model on their behalf ends at once."""

from __future__ import annotations

import asyncio
import io
import math
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from ion_framework import Ion, Settings
from ion_framework.errors import NoAnswerError
from ion_framework.settings.model import LogSettings, PluginSettings, TurnSettings
from ion_framework.testing.model_servers.fake_gemini import FakeGemini
from ion_framework.testing.model_servers.faults import Answer
from ion_framework.testing.model_servers.records import RecordedRequest
from perf.reliability.promise import Finding, Promise, Setting
from perf.reliability.stage import KEY, MODEL
from perf.reliability.streams import Caller, leave_socket, leave_stream, leave_unary

EACH = 200
MOST_S = 0.25
PATIENCE_S = 5.0
BEGIN_S = 60.0
"""Seconds for an answer to begin, which nothing is promised of here."""
AT_ONCE = 5
LONG_S, READY_S = 60.0, 60.0
SLOW = Answer(chunks=("word ",) * 400, chunk_delay_s=0.05)
"""Twenty seconds of words: whoever leaves, leaves in the middle."""

Leave = Callable[[Caller, str, asyncio.Event], Coroutine[Any, Any, None]]
WAYS: tuple[tuple[str, Leave], ...] = (
    ("unary", leave_unary),
    ("stream of events", leave_stream),
    ("WebSocket", leave_socket),
)


async def check(setting: Setting) -> Sequence[Finding]:
    """Leave in every way, five at a time, and look at the model's end of the wire."""
    number = setting.number(EACH, 4)
    findings = []
    async with FakeGemini() as gemini, _host(gemini) as caller:
        await _left(gemini, caller, leave_stream, "Warm up the host.")
        await asyncio.sleep(0.2)
        before = len(asyncio.all_tasks())
        for name, leave in WAYS:
            took_s = await _all_left(gemini, caller, name, leave, number)
            in_time = sum(each <= MOST_S for each in took_s)
            findings.append(
                Finding(
                    f"{name}: upstream cancelled within {MOST_S * 1000:g} ms",
                    f"{number} of {number}",
                    f"{in_time}, the last after {max(took_s) * 1000:.1f} ms",
                    in_time == number,
                    {"took": took_s},
                )
            )
        leaked = await _leaked(before)
    findings.append(Finding("leaked tasks", "0", str(leaked), leaked <= 0))
    return findings


async def _all_left(
    gemini: FakeGemini, caller: Caller, name: str, leave: Leave, number: int
) -> list[float]:
    took_s: list[float] = []
    for start in range(0, number, AT_ONCE):
        texts = [
            f"Please tell me of {name} number {index}, at length."
            for index in range(start, min(start + AT_ONCE, number))
        ]
        took_s += await asyncio.gather(*(_left(gemini, caller, leave, text) for text in texts))
    return took_s


async def _left(gemini: FakeGemini, caller: Caller, leave: Leave, text: str) -> float:
    """Seconds from a caller's leaving to the end of its request upstream; infinite without one."""
    begun = asyncio.Event()
    first = gemini.arrived
    leaving = asyncio.create_task(leave(caller, text, begun))
    number = await _number(gemini, text, first)
    # The text has begun, and everything on the way of it is open.
    await gemini.until(lambda: _record(gemini, number).chunks_written > 1, BEGIN_S)
    await asyncio.sleep(0.05)
    loop = asyncio.get_running_loop()
    began = loop.time()
    begun.set()
    await leaving
    try:
        await gemini.until(lambda: _record(gemini, number).ended_at is not None, PATIENCE_S)
    except TimeoutError:
        return math.inf
    cancelled = _record(gemini, number).cancelled_at
    return cancelled - began if cancelled is not None else math.inf


async def _number(gemini: FakeGemini, text: str, first: int) -> int:
    """The number of the request upstream that carries a text.

    Each request is looked at once: the fake and the callers share one loop, which a search through
    everything so far would hold up, and with it what is measured.
    """
    number, found = first, -1

    def is_found() -> bool:
        nonlocal number, found
        while found < 0 and number < gemini.arrived:
            found = number if text in str(_record(gemini, number).body) else -1
            number += 1
        return found >= 0

    await gemini.until(is_found, BEGIN_S)
    return found


def _record(gemini: FakeGemini, number: int) -> RecordedRequest:
    found = gemini.find(number)
    assert found is not None  # noqa: S101  the fake forgets nothing here
    return found


async def _leaked(before: int) -> int:
    """Tasks that are there beyond those from before, once everything had time to end."""
    for _ in range(40):
        if len(asyncio.all_tasks()) <= before:
            break
        await asyncio.sleep(0.05)
    return len(asyncio.all_tasks()) - before


@asynccontextmanager
async def _host(gemini: FakeGemini) -> AsyncIterator[Caller]:
    """A host in this process, so that its tasks can be counted, before a fake on the wire."""
    from ion_host_aiohttp.api.catalog import all_endpoints
    from ion_host_aiohttp.run.addresses import bind
    from ion_host_aiohttp.run.logs import make_logger
    from ion_host_aiohttp.run.server import HttpServer
    from ion_host_aiohttp.service import Service

    settings = Settings(
        plugins=PluginSettings(disable=("offline", "log")),
        turn=TurnSettings(deadline_s=LONG_S),
        plugin={
            "gemini": {
                "base_url": gemini.base_url,
                "model": MODEL,
                "stream": True,
                "total_s": LONG_S,
            }
        },
    )
    async with (
        Ion(settings, environ={"ION_GEMINI_API_KEY": KEY}) as ion,
        aiohttp.ClientSession() as session,
    ):
        await _equipped(ion)
        gemini.behave(SLOW)
        service = Service(ion=ion, logger=make_logger(io.StringIO(), LogSettings()), version="0")
        bound = bind("127.0.0.1", 0, insecure=False)
        server = HttpServer(service, all_endpoints(()).endpoints, bound)
        await server.start()
        try:
            yield Caller(session, f"http://127.0.0.1:{server.port}")
        finally:
            await server.stop()
            await service.streaming.close()


async def _equipped(ion: Ion) -> None:
    """Wait until the client of the model service is made, which takes seconds at first."""
    async with asyncio.timeout(READY_S):
        while True:
            try:
                await ion.respond("Are you there?")
            except NoAnswerError:
                await asyncio.sleep(0.1)
            else:
                return


PROMISE = Promise(
    number=18,
    title="callers who leave: upstream cancelled within 250 ms, no task left",
    check=check,
    seconds=60,
)
