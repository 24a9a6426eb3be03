"""The parts of a turn in this process: analyser, router, dispatch, cache, rate limit, JSON."""

from __future__ import annotations

import asyncio
import gc
import json
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from importlib.util import find_spec

import attrs
from ion_host_aiohttp.api.decoding import decode
from ion_host_aiohttp.api.encoding import encode
from ion_host_aiohttp.receipts import receipt_document
from ion_host_aiohttp.v1.chat import ChatRequest
from ion_resonance.router import Router

from ion_framework.clock import SystemClock
from ion_framework.domain.key import ResonanceKey
from ion_framework.pipeline.families import Budget, decide
from ion_framework.pipeline.implementation import CallMode, Implementation
from ion_framework.pipeline.receipt import Receipt
from ion_framework.pipeline.trace import Trace
from ion_framework.testing import make_persona
from perf import bench_rates, reading, turn
from perf.bench.extent import Extent
from perf.bench.rows import Row
from perf.bench.servers import MESSAGE
from perf.report import Measurement

BENCH = "parts"
MICRO = 1_000_000
STAGE_S = 60.0
KEY = ResonanceKey.parse("calm-medium-learning")
RIVALS = ("aiocache", "cachetools", "cashews")
"""Caches that ION's is held against, where they are installed."""

Work = Callable[[], object]
AsyncWork = Callable[[], Awaitable[object]]


def parts(extent: Extent) -> Iterator[Row]:
    """Every part beside the least that does its work."""
    yield from analyser(extent)
    yield router(extent)
    yield from asyncio.run(dispatch(extent))
    yield from cache(extent)
    yield from _rows(asyncio.run(bench_rates.measure(extent.rounds, extent.calls))[:1], "dict")
    yield from documents(extent)
    turns = asyncio.run(turn.measure(extent.rounds, max(2, extent.calls // 10)))
    yield from _rows([found for found in turns if found.bare], "generator")


def analyser(extent: Extent) -> Iterator[Row]:
    """Reading a message, beside finding its language out."""
    for language in reading.MESSAGES:
        for cold in (True, False):
            found = reading.measure_reading(reading.Series(language, cold), extent.rounds)
            yield from _rows([found], "language")


def router(extent: Extent) -> Row:
    """A decision of the router, beside a look-up in a dictionary."""
    personas = tuple(make_persona(f"persona-{number}") for number in range(4))
    decisions, made = {KEY: 1}, Router("router")
    ours, bare = _side_by_side(
        lambda: made.route(KEY, personas), lambda: decisions.get(KEY), extent
    )
    return _row("router, a decision", ours, bare, "dict")


async def dispatch(extent: Extent) -> tuple[Row, ...]:
    """A hook that answers at once, of a plugin of this project and of another, beside awaiting it.

    Whoever is not of this project runs in a task of its own, which contains whatever it does.
    """

    async def hook(subject: object) -> object:
        return subject

    async def bare() -> object:
        return await hook(None)

    rows = []
    for mode in (CallMode.DIRECT, CallMode.SUPERVISED):
        item = Implementation("ion_route", "measured", "ion-measured", "1", hook, ("turn",))
        asked = _asked(item, mode)
        samples = [
            (await _mean_us(asked, extent.calls), await _mean_us(bare, extent.calls))
            for _ in range(extent.rounds + 1)
        ][1:]
        ours, alone = zip(*samples, strict=True)
        rows.append(_row(f"dispatch, a {mode.value} hook", ours, alone, "await"))
    return tuple(rows)


def _asked(item: Implementation, mode: CallMode) -> AsyncWork:
    chosen = (attrs.evolve(item, mode=mode),)
    clock = SystemClock()

    async def ask() -> object:
        return await decide(chosen, {"turn": KEY}, Budget(Trace(clock, STAGE_S), STAGE_S))

    return ask


async def _mean_us(work: AsyncWork, calls: int) -> float:
    gc.collect()
    began = time.perf_counter()
    for _ in range(calls):
        await work()
    return (time.perf_counter() - began) / calls * MICRO


def cache(extent: Extent) -> Iterator[Row]:
    """A hit, a miss and a store in memory beside other caches; nothing where none is installed."""
    if not all(find_spec(name) for name in RIVALS):
        return
    from perf import bench_cache

    for row in asyncio.run(bench_cache.memory_rows(extent.rounds, extent.calls)):
        for found in row.measurements():
            what, _, rival = found.what.partition(", bare: ")
            yield _row(f"cache, {what} ({rival})", found.samples, found.bare, rival)


def documents(extent: Extent) -> Iterator[Row]:
    """Decoding a request with its checks and encoding a receipt, beside the standard library."""
    body = json.dumps({"message": MESSAGE}).encode()
    ours, bare = _side_by_side(lambda: decode(body, ChatRequest), lambda: json.loads(body), extent)
    yield _row("JSON, decode a request", ours, bare, "json.loads")
    receipt = receipt_document(asyncio.run(_receipt()))
    document = json.loads(encode(receipt))
    ours, bare = _side_by_side(lambda: encode(receipt), lambda: json.dumps(document), extent)
    yield _row("JSON, encode a receipt", ours, bare, "json.dumps")


async def _receipt() -> Receipt:
    async with turn.installed_ion() as ion:
        return (await ion.respond(MESSAGE)).receipt


def _side_by_side(
    ours: Work, bare: Work, extent: Extent
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Microseconds of a call of both, by the mean of many; the first round is not counted."""
    found = [(_sample(ours, extent), _sample(bare, extent)) for _ in range(extent.rounds + 1)]
    first, second = zip(*found[1:], strict=True)
    return first, second


def _sample(work: Work, extent: Extent) -> float:
    gc.collect()
    began = time.perf_counter()
    for _ in range(extent.calls):
        work()
    return (time.perf_counter() - began) / extent.calls * MICRO


def _row(what: str, ours: tuple[float, ...], bare: tuple[float, ...], rival: str) -> Row:
    return Row(bench=BENCH, what=what, unit="us", ours=ours, bare=bare, rival=rival)


def _rows(found: Iterable[Measurement], rival: str) -> Iterator[Row]:
    for item in found:
        yield Row(
            bench=BENCH,
            what=item.what,
            unit=item.unit,
            ours=item.samples,
            bare=item.bare,
            rival=rival,
        )
