"""In what order personas answer: after those on whose answers they build."""

from __future__ import annotations

from collections.abc import Iterable
from graphlib import CycleError, TopologicalSorter

from ion_framework.domain.persona import Persona
from ion_framework.errors import PluginOrderError


def steps_of(personas: Iterable[Persona]) -> tuple[tuple[str, ...], ...]:
    """The personas in steps: each builds only on those of earlier steps.

    A persona answers as early as it can; within a step the order is the one given.

    Args:
        personas: those who take part, in the order that decides where nothing else does.

    Raises:
        PluginOrderError: they build on each other in a circle; names it.
    """
    known = tuple(personas)
    sorter = TopologicalSorter(
        {
            persona.name: [
                other.name
                for other in known
                if other is not persona and persona.ensemble.builds_on(other)
            ]
            for persona in known
        }
    )
    try:
        sorter.prepare()
    except CycleError as error:
        circle = " after ".join(reversed(error.args[1]))
        raise PluginOrderError(
            f"personas build on each other in a circle: {circle}; take one of these out of "
            "`after` in the table [persona.ensemble] of its manifest"
        ) from None
    places = {persona.name: index for index, persona in enumerate(known)}
    steps = []
    while sorter.is_active():
        ready = sorter.get_ready()
        steps.append(tuple(sorted(ready, key=places.__getitem__)))
        sorter.done(*ready)
    return tuple(steps)
