"""Which persona suits a scenario described in words."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

import attrs

from ion_framework.domain.frozen import frozen
from ion_framework.domain.resonance import Resonance
from ion_framework.ensemble.claims import Claim
from ion_framework.ensemble.claims_memo import claims_of
from ion_framework.errors import NoAnswerError
from ion_framework.pipeline.unanswered import NO_PERSONA

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ion_framework.ion import Ion

SCORE_SHARE, CLAIM_SHARE = Decimal("0.4"), Decimal("0.6")
"""What the routing score and the claim count. More than in a message the subject decides: a
description of a situation tells little of the tone in which somebody will write."""

_PLACES = Decimal("0.0001")


@attrs.frozen
class Advice:
    """Which persona suits a scenario, and why.

    Attributes:
        persona: name of the best one.
        scores: how well each suits it, 0 to 1 to four places, best first.
        resonance: the reading of the scenario.
        claims: what each finds of itself in it.
    """

    persona: str
    scores: Mapping[str, Decimal] = attrs.field(converter=frozen)
    resonance: Resonance
    claims: Mapping[str, Claim] = attrs.field(converter=frozen)


async def advise(ion: Ion, scenario: str, background: Sequence[str] = ()) -> Advice:
    """Recommend a persona for a scenario.

    score = 0.4 x routing score of the scenario's reading + 0.6 x claim, where the claim is how far
    scenario and background are about what the persona says of itself
    (`ion_framework.ensemble.claims`). Ties go to the lower rank, then to the name.

    Args:
        ion: the installation; active.
        scenario: the scenario, Korean or English, not blank.
        background: what was said before, for the claims only.

    Raises:
        NoAnswerError: no persona, analyser or router is active, or none could read the scenario.
    """
    if not ion.personas:
        raise NoAnswerError("route", NO_PERSONA)
    resonance = await ion.analyze(scenario)
    decision = await ion.route(scenario, resonance)
    claims = claims_of(ion).of("\n".join((scenario, *background)))
    scores = {
        name: (
            SCORE_SHARE * Decimal(decision.scores.get(name, 0)) + CLAIM_SHARE * claim.strength
        ).quantize(_PLACES)
        for name, claim in claims.items()
    }
    # Personas come by rank and name, and sorting is stable.
    ordered = dict(sorted(scores.items(), key=lambda pair: -pair[1]))
    return Advice(next(iter(ordered)), ordered, resonance, claims)
