"""Calling a plugin's provide hooks, once, at activation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from ion_framework.domain.persona import Persona
from ion_framework.pipeline.markers import Family
from ion_framework.plugin_host.importing import describe
from ion_framework.plugin_host.inspection import RULES, implemented
from ion_framework.plugin_host.record import Status
from ion_framework.plugin_host.registry import Registration

PERSONAS = "ion_provide_personas"


class Taken:
    """Names of personas that are taken, with the plugin that has each."""

    def __init__(self) -> None:
        self._by: dict[str, str] = {}

    def claim(self, personas: Sequence[Persona], plugin: str) -> str:
        """Take names; says which is not free, empty where all were."""
        for persona in personas:
            if persona.name in self._by:
                return (
                    f"brings the persona {persona.name!r}, which {self._by[persona.name]} has "
                    "brought already; give it another name"
                )
            self._by[persona.name] = plugin
        return ""


@attrs.frozen
class Outcome:
    """What a plugin provided.

    Attributes:
        values: what it returned, by hook; None left out.
        personas: the personas that it brings.
        problem: what went wrong, empty where nothing did.
        status: what the plugin becomes where something went wrong.
    """

    values: Mapping[str, object] = attrs.field(factory=dict)
    personas: tuple[Persona, ...] = ()
    problem: str = ""
    status: Status = Status.FAILED


def provide(registration: Registration, taken: Taken) -> Outcome:
    """Call every provide hook that an object implements, `ion_startup` excepted.

    Args:
        registration: the object.
        taken: names of personas that are taken; its own are added.
    """
    values: dict[str, object] = {}
    for hook in implemented(registration.target):
        rules = RULES[hook]
        if rules.family is not Family.PROVIDE or not rules.returns:
            continue
        try:
            value = getattr(registration.target, hook)()
        except KeyboardInterrupt:
            raise
        except BaseException as failure:  # noqa: BLE001  SystemExit in a plugin must not end the host
            return Outcome(problem=f"{hook} raised {describe(failure)}")
        if value is None:
            continue
        if not isinstance(value, rules.returns):
            wanted = " or ".join(kind.__name__ for kind in rules.returns)
            return Outcome(problem=f"{hook} returned {type(value).__name__} instead of {wanted}")
        values[hook] = value
    return _with_personas(registration, values, taken)


def _with_personas(
    registration: Registration, values: Mapping[str, object], taken: Taken
) -> Outcome:
    personas: list[Persona] = []
    brought = values.get(PERSONAS, ())
    for item in brought if isinstance(brought, list | tuple) else ():
        if not isinstance(item, Persona):
            kind = type(item).__name__
            return Outcome(problem=f"{PERSONAS} returned a {kind} instead of a Persona")
        personas.append(item)
    problem = taken.claim(personas, registration.record.name)
    if problem:
        return Outcome(problem=problem, status=Status.INVALID)
    return Outcome(values, tuple(personas))
