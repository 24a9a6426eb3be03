"""Microseconds per message: read anew, and remembered by the engine."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from statistics import median

import attrs

from ion_framework import Ion, Resonance, Turn, hookimpl
from ion_framework.pipeline.memo import LONGEST_TEXT
from ion_framework.plugin_host.discovery import inline
from ion_framework.running import run
from ion_framework.testing import make_manifest
from perf.analysis.analyzers import Analyzer
from perf.analysis.readings import Read

TYPICAL_CHARS = range(80, 121)
"""Length of messages as people write them to a mentor; some files hold only short ones."""

MEMO_MESSAGES = 1000
"""Messages that the memo is timed with: fewer than it holds, so that every one is remembered."""

WARM_UP = ("Good morning, how do I begin?", "좋은 아침이에요, 어떻게 시작할까요?")


@attrs.frozen
class Timing:
    """What reading a message takes.

    Attributes:
        what: which messages, or which path.
        messages: how many were timed.
        median_us: median, in microseconds.
        p95_us: 95th percentile, in microseconds.
    """

    what: str
    messages: int
    median_us: float
    p95_us: float


class _Remembered:
    """An analyser plugin that knows its readings beforehand: only the engine is timed."""

    def __init__(self, readings: Mapping[str, Resonance]) -> None:
        self._readings = readings

    @hookimpl
    def ion_analyze(self, turn: Turn) -> Resonance:
        """The reading that is known."""
        return self._readings[turn.text]


def warm_up(analyzer: Analyzer) -> None:
    """Read one message per language, so that no lexicon is loaded while others are timed."""
    for text in WARM_UP:
        analyzer(text)


def timings(reads: Sequence[Read]) -> tuple[Timing, ...]:
    """The figures of all messages, of those of typical length, and of the engine's memo.

    Each text counts once: an analyser may remember what it has read.

    Args:
        reads: the messages, with what their first reading took.
    """
    fresh = {read.row.text: read.spent_us for read in reversed(reads)}
    typical = [spent for text, spent in fresh.items() if len(text) in TYPICAL_CHARS]
    readings = {read.row.text: read.resonance for read in reads}
    short = [item for item in readings.items() if len(item[0]) <= LONGEST_TEXT]
    known = dict(short[:MEMO_MESSAGES])
    groups = {
        "all": list(fresh.values()),
        f"{TYPICAL_CHARS.start}-{TYPICAL_CHARS.stop - 1} characters": typical,
        "memo": run(_memo_us(known)),
    }
    return tuple(_timing(what, spent) for what, spent in groups.items() if spent)


async def _memo_us(readings: Mapping[str, Resonance]) -> list[float]:
    """What `Ion.analyze` takes for a text that it knows."""
    plugin = inline(make_manifest("perf-remembered", "analyzer"), lambda _: _Remembered(readings))
    spent = []
    async with Ion(source=lambda: (plugin,), environ={}) as ion:
        for text in readings:
            await ion.analyze(text)
        for text in readings:
            start = time.perf_counter_ns()
            await ion.analyze(text)
            spent.append((time.perf_counter_ns() - start) / 1000)
    return spent


def _timing(what: str, spent: Sequence[float]) -> Timing:
    ordered = sorted(spent)
    # Nearest rank: a time that was really measured.
    p95 = ordered[max(0, -(-95 * len(ordered) // 100) - 1)]
    return Timing(what, len(ordered), median(ordered), p95)
