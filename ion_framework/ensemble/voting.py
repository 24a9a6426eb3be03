"""Voting: which of several answers to one message is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import StrEnum

import attrs

from ion_framework.domain.frozen import frozen
from ion_framework.ensemble.contribution import Contribution
from ion_framework.ensemble.terms import likeness, terms_of

_PLACES = Decimal("0.0001")


class Voters(StrEnum):
    """Who votes.

    ``model``: each persona through the language model. ``agreement``: the answers themselves, by
    what they have in common.
    """

    MODEL = "model"
    AGREEMENT = "agreement"


@attrs.frozen
class Vote:
    """How the vote went.

    Attributes:
        voters: who voted.
        ballots: for each voter what it gave to whom, 0 to 1; one that abstained is not there.
        totals: for each proposal the sum of its ballots, each by the weight of its voter.
        winner: name of the persona whose proposal won.
    """

    voters: Voters
    ballots: Mapping[str, Mapping[str, Decimal]] = attrs.field(converter=frozen)
    totals: Mapping[str, Decimal] = attrs.field(converter=frozen)
    winner: str


def agreement_ballots(
    proposals: Sequence[Contribution],
) -> Mapping[str, Mapping[str, Decimal]]:
    """What each persona gives by the content alone: itself 1, others what they share with it.

    Deterministic: `ion_framework.ensemble.terms.likeness` of the two answers, 0 to 1. So the
    answer wins that says most of what the others say, too.
    """
    bags = {item.persona: terms_of(item.text) for item in proposals}
    return {
        voter: {
            other: Decimal(1)
            if other == voter
            else Decimal(likeness(bag, bags[other])).quantize(_PLACES)
            for other in bags
        }
        for voter, bag in bags.items()
    }


def count(
    voters: Voters,
    ballots: Mapping[str, Mapping[str, Decimal]],
    proposals: Sequence[Contribution],
) -> Vote:
    """Count the ballots; ties go to the heavier aspect, then to the earlier proposal.

    Args:
        voters: who voted.
        ballots: what they gave.
        proposals: the answers, at least one.
    """
    weights = {item.persona: item.aspect.weight for item in proposals}
    totals = {
        item.persona: sum(
            (weights[voter] * given.get(item.persona, 0) for voter, given in ballots.items()),
            Decimal(0),
        ).quantize(_PLACES)
        for item in proposals
    }
    winner = max(proposals, key=lambda item: (totals[item.persona], item.aspect.weight))
    return Vote(voters, dict(ballots), totals, winner.persona)
