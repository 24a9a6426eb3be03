"""Containing the call of a third party's hook costs next to nothing."""

from __future__ import annotations

import asyncio
import gc
import statistics
import time
from collections.abc import Sequence

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


async def _hook(turn: object) -> None:
    """A hook that does nothing, so that only the guard is measured."""


def _plain(turn: object) -> None:
    """The same as a plain function."""


async def check(setting: Setting) -> Sequence[Finding]:
    """Call a hook that does nothing with all that surrounds a third party's, and without.

    Processor time is measured: nothing here waits, and what other processes do is no cost.
    """
    rounds = setting.number(ROUNDS, 10)
    bare_us = statistics.median([await _bare_us() for _ in range(rounds)])
    findings = []
    for name, function in (("async", _hook), ("plain", _plain)):
        item = _contained(function)
        samples = [await _call_us(item) for _ in range(rounds)]
        cost_us = statistics.median(samples) - bare_us
        findings.append(
            Finding(
                f"cost of a call of a third party's {name} hook, median of {rounds} times {CALLS}",
                f"<= {MOST_US:g} µs",
                f"{cost_us:.1f} µs (awaiting it alone takes {bare_us:.2f} µs)",
                cost_us <= MOST_US,
                {"seconds of a call": [sample / 1e6 for sample in samples]},
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


async def _call_us(item: Implementation) -> float:
    values = {"turn": None}
    gc.collect()
    began = time.process_time()
    for _ in range(CALLS):
        await call(item, values, 5.0)
    return _us(began)


async def _bare_us() -> float:
    began = time.process_time()
    for _ in range(CALLS):
        await _hook(None)
    await asyncio.sleep(0)
    return _us(began)


def _us(began: float) -> float:
    return (time.process_time() - began) / CALLS * 1e6


PROMISE = Promise(
    number=30,
    title="containing a call of a third party's hook costs at most 30 µs",
    check=check,
    seconds=5,
    fast=True,
)
