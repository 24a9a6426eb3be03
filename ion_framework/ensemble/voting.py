"""Voting: which of several answers to one message is given. One persona, one ballot."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import StrEnum

import attrs

from ion_framework.domain.frozen import frozen
from ion_framework.ensemble.aspects import PartReading
from ion_framework.ensemble.contribution import Contribution
from ion_framework.ensemble.notices import without_notices
from ion_framework.ensemble.terms import terms_of

_PLACES = Decimal("0.0001")


class Voters(StrEnum):
    """How the personas come to their votes.

    ``model``: each judges through the language model. ``coverage``: no model is there, and each
    votes for the answer that takes up most of the words of those parts of the message that it fits
    best. That tells what an answer is about, not whether it is right.
    """

    MODEL = "model"
    COVERAGE = "coverage"


@attrs.frozen
class Vote:
    """How the vote went.

    Attributes:
        voters: how they came to their votes.
        ballots: for each voter the persona whose proposal it voted for; who abstained is missing.
        totals: for each proposal its ballots.
        winner: name of the persona whose proposal won.
        judgements: with ``coverage`` for each voter what it finds of each proposal, 0 to 1.
        tied: whether several had most ballots, so that the heavier aspect decided.
    """

    voters: Voters
    ballots: Mapping[str, str] = attrs.field(converter=frozen)
    totals: Mapping[str, int] = attrs.field(converter=frozen)
    winner: str
    judgements: Mapping[str, Mapping[str, Decimal]] = attrs.field(factory=dict, converter=frozen)
    tied: bool = False


def coverage(
    readings: Sequence[PartReading], proposals: Sequence[Contribution]
) -> Mapping[str, Mapping[str, Decimal]]:
    """How much of the message each proposal takes up, in the eyes of each persona: 0 to 1.

    The mean over the parts of the message of the share of a part's terms
    (`ion_framework.ensemble.terms`) that the proposal holds, each part weighed by how well it fits
    the persona. What all proposals say alike does not count.

    Args:
        readings: the message, part by part.
        proposals: the answers; their personas vote.
    """
    own = without_notices(proposals).own
    held = {item.persona: terms_of(own[item.persona]).keys() for item in proposals}
    parts = [(reading, terms_of(reading.part.text).keys()) for reading in readings]
    shares = {
        name: [
            (reading, Decimal(len(asked & held[name])) / len(asked))
            for reading, asked in parts
            if asked
        ]
        for name in held
    }
    return {voter: {name: _mean(voter, found) for name, found in shares.items()} for voter in held}


def _mean(voter: str, found: Sequence[tuple[PartReading, Decimal]]) -> Decimal:
    fits = [reading.fits.get(voter, Decimal(0)) for reading, _ in found]
    total = sum(fits, Decimal(0))
    if not total:
        return Decimal(0)
    summed = sum((fit * share for fit, (_, share) in zip(fits, found, strict=True)), Decimal(0))
    return (summed / total).quantize(_PLACES)


def ballots_of(judgements: Mapping[str, Mapping[str, Decimal]]) -> Mapping[str, str]:
    """The vote of each persona for what it finds best; one that finds several best abstains."""
    ballots = {}
    for voter, found in judgements.items():
        best = [name for name, value in found.items() if value == max(found.values())]
        if len(best) == 1:
            ballots[voter] = best[0]
    return ballots


def count(
    voters: Voters,
    ballots: Mapping[str, str],
    proposals: Sequence[Contribution],
    judgements: Mapping[str, Mapping[str, Decimal]] | None = None,
) -> Vote:
    """Count the ballots; only a tie goes to the heavier aspect, then to the earlier proposal.

    Args:
        voters: how the voters came to their votes.
        ballots: for each voter whom it voted for.
        proposals: the answers, at least one.
        judgements: what each voter finds of each proposal, where that is known.
    """
    counted = Counter(ballots.values())
    totals = {item.persona: counted[item.persona] for item in proposals}
    most = max(totals.values())
    best = [item for item in proposals if totals[item.persona] == most]
    winner = max(best, key=lambda item: item.aspect.weight)
    return Vote(voters, ballots, totals, winner.persona, judgements or {}, tied=len(best) > 1)
