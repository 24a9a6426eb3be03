"""What further personas cost a turn: with few and with many installed, in one process, in turns."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from decimal import Decimal
from random import Random

import attrs

from ion_framework import Ion, Reply
from ion_framework.domain.key import Intent, Pace, Tone
from ion_framework.domain.persona import Persona
from ion_framework.plugin_host.discovery import Candidate, installed
from ion_framework.testing import make_persona
from ion_framework.testing.builders import persona_plugin
from perf.bench.extent import Extent
from perf.bench.rows import Judged, Row, Target
from perf.bench.servers import MESSAGE
from perf.turn import fake_generator

BENCH = "personas"
SEED = 20261122
NEEDED = frozenset({"resonance", "two-tier-cache"})
"""The plugins that a routed turn from the cache takes, beside personas and a generator."""

ROUTING = Target(1.2, Judged.RATIO)
"""Routing among the most personas beside the fewest."""

MICRO = 1000
"""Microseconds of a millisecond."""


def personas(extent: Extent) -> Iterator[Row]:
    """The routing of a turn, and the whole turn from the cache, by the number of personas."""
    found = asyncio.run(measure(extent))
    fewest, most = min(found), max(found)
    for number in sorted(found):
        if number == fewest:
            continue
        for what, target in (("routing", ROUTING if number == most else None), ("turn", None)):
            yield Row(
                bench=BENCH,
                what=f"{what}, {number} personas",
                unit="us",
                ours=tuple(found[number].of(what)),
                bare=tuple(found[fewest].of(what)),
                rival=f"{fewest} personas",
                target=target,
            )


@attrs.frozen
class Times:
    """Microseconds with so many personas, one sample a round.

    Attributes:
        routing: of the stage in which the persona is chosen.
        turn: of a whole turn that the cache answers.
    """

    routing: list[float] = attrs.field(factory=list)
    turn: list[float] = attrs.field(factory=list)

    def of(self, what: str) -> Sequence[float]:
        """The samples of a row."""
        return self.routing if what == "routing" else self.turn


async def measure(extent: Extent) -> Mapping[int, Times]:
    """Every number of personas, round after round."""
    async with AsyncExitStack() as stack:
        ions = {
            number: await stack.enter_async_context(ion_with(number)) for number in extent.personas
        }
        times = {number: Times() for number in ions}
        calls = max(2, extent.calls // 10)
        for ion in ions.values():
            await _round(ion, calls, Times())
        for at in range(extent.rounds):
            for number in sorted(ions, reverse=bool(at % 2)):
                await _round(ions[number], calls, times[number])
    return times


def ion_with(number: int) -> Ion:
    """An `Ion` with so many personas, which differ in everything that they are drawn to."""
    random = Random(SEED)  # noqa: S311  repeatable, not secret
    parts = [found for found in installed() if found.name in NEEDED]
    made = [persona_plugin(_persona(f"persona-{at:03}", random)) for at in range(number)]
    candidates: tuple[Candidate, ...] = (*parts, fake_generator(), *made)
    return Ion(source=lambda: candidates, environ={})


def _persona(name: str, random: Random) -> Persona:
    def drawn() -> Decimal:
        return Decimal(random.randrange(101)) / 100

    return make_persona(
        name,
        tone={tone: drawn() for tone in Tone},
        pace={pace: drawn() for pace in Pace},
        intent={intent: drawn() for intent in Intent},
    )


async def _round(ion: Ion, turns: int, times: Times) -> None:
    began = time.perf_counter()
    for _ in range(turns):
        await ion.respond(MESSAGE)
    times.turn.append((time.perf_counter() - began) / turns * MICRO * MICRO)
    # A message that comes again is not routed again, unless nothing is remembered.
    routed = []
    for _ in range(turns):
        ion.forget()
        routed.append(_routing_us(await ion.respond(MESSAGE)))
    times.routing.append(statistics.median(routed))


def _routing_us(reply: Reply) -> float:
    found = next(stage for stage in reply.receipt.stages if stage.stage == "route")
    return found.duration_ms * MICRO
