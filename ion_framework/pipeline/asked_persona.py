"""A persona that the caller asked for by name, and the decision that follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import attrs

from ion_framework.domain.persona import Persona, find_persona
from ion_framework.domain.routing import RoutingDecision, confidence
from ion_framework.errors import InvalidRequestError, UnknownPersonaError
from ion_framework.pipeline.turn import TurnRequest


def check_persona(request: TurnRequest, personas: Mapping[str, Persona]) -> None:
    """Refuse a request for a persona that is not active.

    Raises:
        InvalidRequestError: lists those that are.
    """
    if request.persona and personas:
        asked_persona(request.persona, personas)


def asked_persona(name: str, personas: Mapping[str, Persona]) -> Persona:
    """The persona of this name; case does not matter.

    Raises:
        InvalidRequestError: it is not active; lists those that are.
    """
    found = find_persona(name, personas)
    if found is None:
        known = UnknownPersonaError(name, tuple(personas))
        raise InvalidRequestError("persona", str(known))
    return found


def forced_decision(persona: Persona, decision: RoutingDecision | None) -> RoutingDecision:
    """The decision for a persona that was asked for, whatever the scores say.

    Its confidence is how sure the router would be of this persona: the formula of
    `ion_framework.domain.routing` over its own score and that of the best other one. It is 1
    where no router has scored it, because then the caller alone has decided.

    Args:
        persona: the persona.
        decision: the router's decision, None without one.
    """
    reason = f"{persona.name} was asked for by name"
    if decision is None:
        return RoutingDecision(
            persona.name, None, Decimal(1), {}, (reason,), "request", forced=True
        )
    reasons = (reason, *decision.reasons)
    if decision.primary == persona.name:
        return attrs.evolve(decision, reasons=reasons, forced=True)
    return attrs.evolve(
        decision,
        primary=persona.name,
        secondary=decision.primary,
        confidence=_confidence(persona.name, decision.scores),
        reasons=reasons,
        forced=True,
    )


def _confidence(name: str, scores: Mapping[str, Decimal]) -> Decimal:
    if name not in scores:
        return Decimal(1)
    others = (score for other, score in scores.items() if other != name)
    return confidence(scores[name], max(others, default=Decimal(0)))
