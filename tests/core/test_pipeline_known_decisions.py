"""Decisions are checked once for each object, and again for other personas."""

from __future__ import annotations

from decimal import Decimal

import attrs
import pytest

from ion_framework.domain.key import ALL_KEYS
from ion_framework.domain.routing import RoutingTable, decide
from ion_framework.pipeline.known_decisions import MOST, KnownDecisions
from ion_framework.testing import make_persona

PERSONAS = tuple(make_persona(name) for name in ("sage", "owl"))
KEY = next(iter(ALL_KEYS))


def test_a_good_decision_passes_again_and_again():
    """A decision that can be used is let through however often it comes."""
    known, decision = KnownDecisions(PERSONAS), decide(KEY, PERSONAS)

    for _ in range(3):
        known.check(decision)


def test_every_decision_of_a_large_table_passes():
    """More decisions than are remembered are all let through."""
    known, table = KnownDecisions(PERSONAS), RoutingTable(PERSONAS).decisions()
    copies = [
        attrs.evolve(made, router=str(number)) for number in range(6) for made in table.values()
    ]

    assert len(copies) > MOST
    for made in copies:
        known.check(made)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"primary": "nobody"}, "'nobody', which is not active"),
        ({"confidence": Decimal(2)}, "its confidence is 2"),
        ({"scores": {"sage": Decimal("NaN")}}, "its scores is not finite"),
    ],
)
def test_a_bad_decision_is_refused_every_time(changes, told):
    """A decision that cannot be used is refused again, also beside a good one that is like it."""
    known, good = KnownDecisions(PERSONAS), decide(KEY, PERSONAS)
    known.check(good)
    bad = attrs.evolve(good, **changes)

    for _ in range(2):
        with pytest.raises(ValueError, match=told):
            known.check(bad)


def test_other_personas_have_decisions_of_their_own():
    """What was good among some personas is checked anew among others."""
    decision = decide(KEY, PERSONAS)
    KnownDecisions(PERSONAS).check(decision)

    with pytest.raises(ValueError, match="which is not active"):
        KnownDecisions((make_persona("fox"),)).check(decision)
