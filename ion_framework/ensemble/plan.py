"""The plan for a message: who answers, in what steps, and how the answers are joined."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum

import attrs

from ion_framework.domain.persona import Persona
from ion_framework.ensemble.aspects import Aspect, PartReading, best_fits, divide, leading, shares
from ion_framework.ensemble.order import steps_of
from ion_framework.settings.ensemble import EnsembleSettings


class Complexity(StrEnum):
    """How many personas a message speaks to: none or one, two, or more."""

    SIMPLE = "simple"
    MODERATE = "moderate"
    COMPLEX = "complex"

    @classmethod
    def of(cls, aspects: int) -> Complexity:
        """The complexity of a message with so many aspects."""
        if aspects <= 1:
            return cls.SIMPLE
        return cls.MODERATE if aspects == _TWO else cls.COMPLEX


class ExecutionMode(StrEnum):
    """How the parts are answered.

    ``single``: by one persona, in a turn like every other. ``sequential``: one after the other,
    each sees the answers before it. ``parallel``: at the same time. ``hybrid``: in steps, at least
    one of them with several at the same time.
    """

    SINGLE = "single"
    SEQUENTIAL = "sequential"
    PARALLEL = "parallel"
    HYBRID = "hybrid"


class MergeStrategy(StrEnum):
    """How the answers become one.

    ``concatenate``: every answer under the name of its persona, in the order of the steps.
    ``hierarchical``: the answer of the heaviest aspect, then the others' under their names.
    ``weighted``: ordered by weight, each as long as its weight allows beside the heaviest.
    ``voting``: all answer the whole message, independently; the answer with most votes is given.
    ``synthesis``: the persona of the heaviest aspect writes one answer out of all, through the
    language model.
    """

    CONCATENATE = "concatenate"
    HIERARCHICAL = "hierarchical"
    WEIGHTED = "weighted"
    VOTING = "voting"
    SYNTHESIS = "synthesis"


UNWRITTEN = "no language model is there to write one answer out of all, so they are put together"


@attrs.frozen
class Plan:
    """Who answers a message, and how.

    Attributes:
        complexity: how many personas the message speaks to.
        mode: how the parts are answered.
        strategy: how the answers become one; None where only one persona answers.
        aspects: who answers what, the heaviest first; empty where only one persona answers.
        steps: names of personas, step by step: those of a step answer at the same time.
        reasons: one sentence each.
    """

    complexity: Complexity
    mode: ExecutionMode
    strategy: MergeStrategy | None
    aspects: tuple[Aspect, ...]
    steps: tuple[tuple[str, ...], ...]
    reasons: tuple[str, ...]

    @property
    def personas(self) -> tuple[str, ...]:
        """Those who answer, in the order of the steps."""
        return tuple(name for step in self.steps for name in step)


def make_plan(
    readings: Sequence[PartReading],
    personas: Sequence[Persona],
    settings: EnsembleSettings,
    *,
    force: bool = False,
    strategy: MergeStrategy | None = None,
) -> Plan:
    """Plan who answers.

    Args:
        readings: the message, part by part; at least one.
        personas: who could answer.
        settings: bounds.
        force: at least two personas answer, as far as there are two.
        strategy: how the answers become one; by default ``weighted`` where all answer at the same
            time and ``hierarchical`` otherwise.

    Raises:
        PluginOrderError: the chosen personas build on each other in a circle.
    """
    leaders = leading(readings, personas, settings.share)
    complexity = Complexity.of(len(leaders))
    chosen = leaders[: settings.personas]
    if force and len(chosen) < _TWO:
        more = (item for item in best_fits(readings, personas) if item not in chosen)
        chosen = (*chosen, *more)[:_TWO]
    if len(chosen) < _TWO:
        return _single(complexity, chosen, len(personas), len(readings))
    aspects = divide(readings, chosen, personas)
    remarks = tuple(_left_out(leaders, chosen, readings, personas))
    if strategy is MergeStrategy.VOTING:
        plan = _vote(complexity, aspects, readings)
    else:
        plan = _joint(complexity, aspects, chosen, strategy, len(readings))
    return attrs.evolve(plan, reasons=(*plan.reasons, *remarks))


def without_model(plan: Plan) -> Plan:
    """The plan where no language model is there: none could write one answer out of several."""
    if plan.strategy is not MergeStrategy.SYNTHESIS:
        return plan
    reasons = (*plan.reasons, UNWRITTEN)
    return attrs.evolve(plan, strategy=MergeStrategy.HIERARCHICAL, reasons=reasons)


def _left_out(
    leaders: Sequence[Persona],
    chosen: Sequence[Persona],
    readings: Sequence[PartReading],
    personas: Sequence[Persona],
) -> Iterator[str]:
    """Who does not answer though enough of the message speaks to it, and why."""
    found = shares(readings, personas)
    for persona in leaders:
        if persona not in chosen:
            yield (
                f"{persona.name} is left out, though {found[persona.name]:.0%} of the message "
                f"speaks to it: at most {len(chosen)} answer (ensemble.personas)"
            )


def _single(complexity: Complexity, chosen: Sequence[Persona], known: int, parts: int) -> Plan:
    reason = "there is no second persona" if known == 1 else "one persona fits the whole message"
    return Plan(
        complexity=complexity,
        mode=ExecutionMode.SINGLE,
        strategy=None,
        aspects=(),
        steps=(tuple(persona.name for persona in chosen),),
        reasons=(f"{_parts_read(parts)}: {reason}",),
    )


def _vote(
    complexity: Complexity, aspects: tuple[Aspect, ...], readings: Sequence[PartReading]
) -> Plan:
    every = tuple(reading.part for reading in readings)
    return Plan(
        complexity=complexity,
        mode=ExecutionMode.PARALLEL,
        strategy=MergeStrategy.VOTING,
        aspects=tuple(
            attrs.evolve(aspect, parts=every, whole=True, taken_over=()) for aspect in aspects
        ),
        steps=(tuple(aspect.persona for aspect in aspects),),
        reasons=(
            *(aspect.reason for aspect in aspects),
            "each answers the whole message without seeing the others, and they vote",
        ),
    )


def _joint(
    complexity: Complexity,
    aspects: tuple[Aspect, ...],
    chosen: Sequence[Persona],
    strategy: MergeStrategy | None,
    parts: int,
) -> Plan:
    by_name = {persona.name: persona for persona in chosen}
    steps = steps_of(by_name[aspect.persona] for aspect in aspects)
    mode = _mode(steps)
    usual = MergeStrategy.WEIGHTED if mode is ExecutionMode.PARALLEL else MergeStrategy.HIERARCHICAL
    order = ", then ".join(" and ".join(step) for step in steps)
    return Plan(
        complexity=complexity,
        mode=mode,
        strategy=strategy or usual,
        aspects=aspects,
        steps=steps,
        reasons=(
            *(aspect.reason for aspect in aspects),
            f"{_parts_read(parts)}; the order follows from on whom each builds: {order}",
        ),
    )


def _parts_read(parts: int) -> str:
    return "1 part was read" if parts == 1 else f"{parts} parts were read"


def _mode(steps: tuple[tuple[str, ...], ...]) -> ExecutionMode:
    if len(steps) == 1:
        return ExecutionMode.PARALLEL
    if all(len(step) == 1 for step in steps):
        return ExecutionMode.SEQUENTIAL
    return ExecutionMode.HYBRID


_TWO = 2
