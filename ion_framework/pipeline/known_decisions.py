"""Decisions of a router that were checked before: a table gives the same one again and again."""

from __future__ import annotations

from types import MappingProxyType
from typing import cast

from ion_framework.domain.persona import Persona
from ion_framework.domain.routing import RoutingDecision
from ion_framework.pipeline.answer_checks import check_decision

MOST = 1024
"""Decisions that are remembered: a table has 216 of them."""


class KnownDecisions:
    """Checks decisions for one set of personas, each object once.

    A check looks at the score of every persona, so that it would make each turn dearer with every
    persona that is installed. A decision is frozen, and so is its mapping of scores: what could be
    used once can be used again.

    Attributes:
        personas: the personas that may be decided for.

    Args:
        personas: see above.
    """

    def __init__(self, personas: tuple[Persona, ...]) -> None:
        self.personas = personas
        self._names = frozenset(persona.name for persona in personas)
        self._good: dict[int, RoutingDecision] = {}

    def check(self, answer: object) -> None:
        """Refuse a decision that cannot be used.

        Raises:
            ValueError: it cannot; says why.
        """
        decision = cast("RoutingDecision", answer)
        if self._good.get(id(decision)) is decision:
            return
        check_decision(decision, self._names)
        # Held as well as noted: as long as it lives no other object has its id.
        if type(decision) is RoutingDecision and type(decision.scores) is MappingProxyType:
            if len(self._good) >= MOST:
                self._good.clear()
            self._good[id(decision)] = decision
