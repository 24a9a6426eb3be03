"""Personas recommended for scenarios."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from ion_framework.domain.key import Tone
from ion_framework.domain.language import Language
from ion_framework.ensemble.claims_memo import claims_of
from ion_framework.ensemble.recommending import advise
from ion_framework.errors import NoAnswerError
from ion_framework.testing import make_persona, running_ion
from tests.support.ensembles import ANALYZER, ANN, BOB, speaker

GARDENER = make_persona(
    "gardener", rank=3000, keywords={Language.ENGLISH: ("garden",), Language.KOREAN: ("정원",)}
)


def advice(scenario, *background, personas=(ANN, BOB, GARDENER)):
    """The advice for a scenario."""

    async def main():
        async with running_ion(ANALYZER, speaker(), personas=personas) as ion:
            return await advise(ion, scenario, background)

    return asyncio.run(main())


@pytest.mark.parametrize("scenario", ["what to plant in a garden", "정원에 무엇을 심을까요"])
def test_a_fifth_persona_is_recommended_by_its_own_words(scenario):
    """A persona that nobody knows is recommended for what it says of itself, in any language."""
    found = advice(scenario)

    assert found.persona == "gardener"
    assert found.claims["gardener"].words


def test_affinities_count_where_nobody_claims():
    """A scenario that nobody claims goes to the persona that its reading fits."""
    found = advice("somebody is anxious")

    assert found.persona == "ann"
    assert found.resonance.key.tone is Tone.ANXIOUS
    assert list(found.scores) == ["ann", "gardener", "bob"]
    assert all(Decimal(0) <= score <= 1 for score in found.scores.values())


def test_background_counts_for_the_subject():
    """What was said before tells more of the subject."""
    assert advice("help me", "my garden is dry").persona == "gardener"


def test_without_personas_nobody_is_recommended():
    """An installation without personas says what is missing."""
    with pytest.raises(NoAnswerError, match="no persona is active"):
        advice("a garden", personas=())


def test_claims_follow_the_personas():
    """What personas say of themselves is read once, and again where they have changed."""

    class Installation:
        personas = (ANN,)

    installation = Installation()
    first = claims_of(installation)

    assert claims_of(installation) is first
    installation.personas = (ANN, GARDENER)
    assert set(claims_of(installation).of("garden")) == {"ann", "gardener"}
