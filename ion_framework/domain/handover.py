"""Who holds a conversation: the persona that holds it keeps it unless another is clearly better.

Of the persona that holds it, h, and the one whose score is best for the message at hand, c, be

    lead(t) = score(c, t) - score(h, t)                       for message t
    mean(t) = weight x lead(t) + (1 - weight) x mean(t - 1)   and mean(1) = lead(1)

c takes over where lead(t) is at least ``clear_lead``, or where c was ahead in the message before
as well (lead(t - 1) > 0) and mean(t) is at least ``mean_lead``. One message of another mood, or
moods in turns, hand nothing over; a change that lasts for two messages does. All is exact decimals.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TypeAlias

import attrs

from ion_framework.domain.frozen import frozen
from ion_framework.domain.routing import RoutingDecision, confidence

Scores: TypeAlias = Mapping[str, Decimal]


def _all_frozen(scores: Iterable[Scores]) -> tuple[Scores, ...]:
    return tuple(map(frozen, scores))


@attrs.frozen
class Thresholds:
    """When another persona takes over.

    Attributes:
        clear_lead: lead in one message that is enough by itself.
        mean_lead: mean lead that is enough where the message before pointed there, too.
        weight: how much the latest message counts in the mean.
    """

    clear_lead: Decimal
    mean_lead: Decimal
    weight: Decimal


@attrs.frozen
class Holding:
    """Who holds a conversation.

    Attributes:
        persona: name of the persona that answered last.
        earlier: the scores for the messages before, oldest first.
    """

    persona: str
    earlier: tuple[Scores, ...] = attrs.field(default=(), converter=_all_frozen)


def held(
    decision: RoutingDecision, holding: Holding | None, thresholds: Thresholds
) -> RoutingDecision:
    """The router's decision inside a conversation: the same, or that its persona keeps it.

    A persona that keeps the conversation has the confidence of its own score against the best
    other one. What the router decided stands where nobody holds the conversation, or somebody
    without a score.

    Args:
        decision: what the router decided for this message alone.
        holding: who holds the conversation, None outside of one.
        thresholds: when another persona takes over.
    """
    holder, challenger = holding.persona if holding else "", decision.primary
    if holding is None or holder not in decision.scores or challenger not in decision.scores:
        return decision
    if challenger == holder:
        return decision
    leads = _leads(decision.scores, holding, challenger)
    mean = _mean(leads, thresholds.weight)
    lead, lasts = leads[-1], len(leads) > 1 and leads[-2] > 0
    if lead >= thresholds.clear_lead or (lasts and mean >= thresholds.mean_lead):
        reason = (
            f"{challenger} takes the conversation over from {holder}: ahead by {_shown(lead)}, "
            f"by {_shown(mean)} on average"
        )
        return attrs.evolve(decision, reasons=(*decision.reasons, reason))
    reason = (
        f"{holder} keeps the conversation: {challenger} is ahead by {_shown(lead)}, hand-over "
        f"needs {_shown(thresholds.clear_lead)} at once, or {_shown(thresholds.mean_lead)} on "
        f"average over two messages in a row (it is {_shown(mean)}"
        f"{'' if lasts else ', and in the message before it was not ahead'})"
    )
    return attrs.evolve(
        decision,
        primary=holder,
        secondary=challenger,
        confidence=confidence(decision.scores[holder], decision.scores[challenger]),
        reasons=(*decision.reasons, reason),
    )


def _leads(scores: Scores, holding: Holding, challenger: str) -> tuple[Decimal, ...]:
    """The challenger's leads, oldest first, without messages that did not score both."""
    return tuple(
        item[challenger] - item[holding.persona]
        for item in (*holding.earlier, scores)
        if challenger in item and holding.persona in item
    )


def _mean(leads: tuple[Decimal, ...], weight: Decimal) -> Decimal:
    mean = leads[0]
    for lead in leads[1:]:
        mean = weight * lead + (1 - weight) * mean
    return mean


def _shown(value: Decimal) -> str:
    return f"{round(value, 3).normalize():f}"
