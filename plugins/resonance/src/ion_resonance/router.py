"""Routing by table: all 216 decisions are computed once per set of personas."""

from __future__ import annotations

import attrs

from ion_framework import ResonanceKey, RoutingDecision, RoutingTable
from ion_framework.domain.persona import Persona


class Router:
    """Looks decisions up in the table of the personas that it was last asked about.

    Args:
        name: name of the plugin, noted in every decision.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._personas: tuple[Persona, ...] = ()
        self._decisions: dict[ResonanceKey, RoutingDecision] = {}

    def route(self, key: ResonanceKey, personas: tuple[Persona, ...]) -> RoutingDecision | None:
        """The decision for a key among these personas; None where there is no persona."""
        # The engine gives the same tuple while nothing changes.
        if personas is not self._personas and personas != self._personas:
            self._decisions = self._computed(personas)
        self._personas = personas
        return self._decisions.get(key)

    def _computed(self, personas: tuple[Persona, ...]) -> dict[ResonanceKey, RoutingDecision]:
        table = RoutingTable(personas).decisions()
        return {key: attrs.evolve(made, router=self._name) for key, made in table.items()}
