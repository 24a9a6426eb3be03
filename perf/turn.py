"""A turn in one process: ``python -m perf.turn``.

The generator is a fake that answers at once, so that what remains is what ION itself costs. The
baseline is a coroutine that reads the same generator to its end and does nothing else. ``core``
runs the simplest parts around the core, ``plugins`` everything that is installed but generators.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import attrs

from ion_framework import Ion, Prompt, Reply, hookimpl
from ion_framework.domain.language import Language
from ion_framework.manifest.model import Kind
from ion_framework.plugin_host.discovery import Candidate, inline, installed
from ion_framework.testing import DictCache, FakeGenerator, make_ion, make_manifest
from perf.report import RESULTS, Measurement, publish

MESSAGE = "Could you explain how an index speeds up this query, and when it does not?"
PIECES = ("An index ", "is sorted, ", "so that the rows ", "need not all be read.")

Answerer = Callable[[str], Awaitable[Reply | None]]


@attrs.frozen
class Series:
    """One row.

    Attributes:
        what: its name.
        answer: answers a message.
        cached: whether every turn asks the same, so that all but the first come from the cache.
    """

    what: str
    answer: Answerer
    cached: bool = False


@attrs.define
class Times:
    """What was measured of one series: microseconds a turn, and of each stage."""

    turn: list[float] = attrs.field(factory=list)
    stages: defaultdict[str, list[float]] = attrs.field(factory=lambda: defaultdict(list))


class CachePlugin:
    """A plugin that provides the simplest cache."""

    @hookimpl
    def ion_provide_cache(self) -> DictCache:
        """A cache without bounds."""
        return DictCache()


def fake_generator() -> Candidate:
    """A generator plugin that answers at once."""
    manifest = make_manifest("perf-generator", "generator")
    return inline(manifest, lambda _: FakeGenerator(pieces=PIECES))


def core_ion() -> Ion:
    """The core with the simplest parts."""
    cache = inline(make_manifest("perf-cache", "cache"), lambda _: CachePlugin())
    return make_ion(fake_generator(), cache)


def installed_ion() -> Ion:
    """Every installed plugin but generators, with the fake generator."""
    generators = {record.name for record in Ion().plugins if Kind.GENERATOR in record.provides}
    candidates = [found for found in installed() if found.name not in generators]
    return Ion(source=lambda: (*candidates, fake_generator()))


async def bare_answer(message: str) -> None:
    """What the generator costs without ION."""
    prompt = Prompt(
        name="bare", version="1", system="", history=(), user=message, language=Language.ENGLISH
    )
    async for _ in FakeGenerator(pieces=PIECES).ion_generate(prompt):
        pass


async def measure_round(series: Series, turns: int, number: int, times: Times) -> None:
    """Run one round of a series and note the mean of its turns."""
    replies: list[Reply | None] = []
    messages = [
        MESSAGE if series.cached else f"{MESSAGE} ({number}/{turn})" for turn in range(turns)
    ]
    start = time.perf_counter()
    for message in messages:
        replies.append(await series.answer(message))  # noqa: PERF401  a comprehension would hide what is timed
    times.turn.append((time.perf_counter() - start) / turns * 1e6)
    spent: defaultdict[str, list[float]] = defaultdict(list)
    for reply in filter(None, replies):
        for stage in reply.receipt.stages:
            spent[stage.stage].append(stage.duration_ms * 1000)
    for stage_name, durations in spent.items():
        times.stages[stage_name].append(statistics.fmean(durations))


def measurements(measured: Sequence[tuple[Series, Times]], bare: Times) -> tuple[Measurement, ...]:
    """The rows: turns first, then the stages of each series."""
    turns = [
        Measurement(f"turn, {series.what}", "us", tuple(times.turn), tuple(bare.turn))
        for series, times in measured
    ]
    stages = [
        Measurement(f"  {stage}, {series.what}", "us", tuple(samples))
        for series, times in measured
        for stage, samples in times.stages.items()
    ]
    return (*turns, *stages)


async def measure(runs: int, turns: int) -> tuple[Measurement, ...]:
    """Measure every series in turn, round after round."""
    async with AsyncExitStack() as stack:
        core = await stack.enter_async_context(core_ion())
        plugins = await stack.enter_async_context(installed_ion())
        bare = Series("bare", bare_answer)
        rows = (
            Series("core, uncached", core.respond),
            Series("core, cached", core.respond, cached=True),
            Series("plugins, uncached", plugins.respond),
            Series("plugins, cached", plugins.respond, cached=True),
        )
        for series in (bare, *rows):
            await measure_round(series, 2, -1, Times())  # not counted: first use is slower
        times = {series.what: Times() for series in (bare, *rows)}
        for number in range(runs):
            for series in (bare, *rows):
                await measure_round(series, turns, number, times[series.what])
        return measurements([(series, times[series.what]) for series in rows], times["bare"])


def main() -> int:
    """Measure, print, write; see ``--help``."""
    parser = argparse.ArgumentParser(prog="python -m perf.turn", description=__doc__)
    parser.add_argument("--runs", type=int, default=15, help="rounds of each (default: 15)")
    parser.add_argument("--turns", type=int, default=200, help="turns a round (default: 200)")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder for raw samples")
    given = parser.parse_args()
    found = asyncio.run(measure(given.runs, given.turns))
    return publish("turn", found, given.results, check=False)


if __name__ == "__main__":
    raise SystemExit(main())
