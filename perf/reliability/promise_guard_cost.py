"""Containing the call of a third party's hook costs next to nothing.

Two figures. Processor time decides: nothing of the guard waits for anybody, so what it costs is
what it computes, and other processes do not change that. Wall time is what a turn sees, so it is
printed beside it; it holds whatever else the machine did meanwhile, and would make of the promise
one about the machine.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Sequence

import attrs

from ion_framework.clock import SystemClock
from ion_framework.pipeline.bulkhead import Bulkhead
from ion_framework.pipeline.calling import call
from ion_framework.pipeline.containment import Containment
from ion_framework.pipeline.implementation import CallMode, Implementation
from ion_framework.pipeline.quarantine import Quarantine
from perf.reliability.promise import Finding, Promise, Setting

MOST_US = 30.0
ROUNDS = 60
CALLS = 1000


@attrs.frozen
class Taken:
    """What a call took, on the average of many.

    Attributes:
        processor_us: microseconds of this process's processor time.
        wall_us: microseconds on the clock.
    """

    processor_us: float
    wall_us: float


async def _hook(turn: object) -> None:
    """A hook that does nothing, so that only the guard is measured."""


def _plain(turn: object) -> None:
    """The same as a plain function."""


async def check(setting: Setting) -> Sequence[Finding]:
    """Call a hook that does nothing with all that surrounds a third party's, and without."""
    rounds = setting.number(ROUNDS, 10)
    bare = [await _bare() for _ in range(rounds)]
    bare_us = statistics.median(taken.processor_us for taken in bare)
    findings = []
    for name, function in (("async", _hook), ("plain", _plain)):
        item = _contained(function)
        samples = [await _calls(item) for _ in range(rounds)]
        cost_us = statistics.median(taken.processor_us for taken in samples) - bare_us
        wall_us = statistics.median(taken.wall_us for taken in samples)
        findings.append(
            Finding(
                f"cost of a call of a third party's {name} hook, median of {rounds} times {CALLS}",
                f"<= {MOST_US:g} µs",
                f"{cost_us:.1f} µs of processor time (awaiting it alone takes {bare_us:.2f} µs; "
                f"wall time of a call {wall_us:.1f} µs)",
                cost_us <= MOST_US,
                {
                    "processor time of a call": [taken.processor_us / 1e6 for taken in samples],
                    "wall time of a call": [taken.wall_us / 1e6 for taken in samples],
                },
            )
        )
    return findings


def _contained(function: object) -> Implementation:
    quarantine = Quarantine(SystemClock(), lambda _standing, _reason: None)
    return Implementation(
        hook="ion_finish",
        plugin="measured",
        distribution="ion-measured",
        version="1",
        function=function,  # type: ignore[arg-type]  # both functions can be called
        arguments=("turn",),
        mode=CallMode.SUPERVISED,
        containment=Containment(Bulkhead(), quarantine),
    )


async def _calls(item: Implementation) -> Taken:
    values = {"turn": None}
    gc.collect()
    began = _now()
    for _ in range(CALLS):
        await call(item, values, 5.0)
    return _since(began)


async def _bare() -> Taken:
    began = _now()
    for _ in range(CALLS):
        await _hook(None)
    return _since(began)


def _now() -> tuple[float, float]:
    return time.process_time(), time.perf_counter()


def _since(began: tuple[float, float]) -> Taken:
    processor_s, wall_s = (now - then for now, then in zip(_now(), began, strict=True))
    return Taken(processor_s / CALLS * 1e6, wall_s / CALLS * 1e6)


PROMISE = Promise(
    number=30,
    title="containing a call of a third party's hook costs at most 30 µs",
    check=check,
    seconds=5,
    fast=True,
)
