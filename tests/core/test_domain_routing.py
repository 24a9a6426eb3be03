"""Resonance routing: the formula in exact decimals, ties, the table, against the known figures."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from fractions import Fraction

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ion_framework.domain.key import ALL_KEYS, Intent, Pace, ResonanceKey, Tone
from ion_framework.domain.routing import RoutingTable, confidence, decide, score
from ion_framework.errors import UnknownPersonaError
from ion_framework.testing import make_persona

# The affinities of the four personas of the original system, in the order of the enums.
FIGURES = {
    "lua": (
        10,
        "1 1 1 .3 .6 .7 .5 .8 .6",
        "1 1 .9 .8",
        "1 .7 .6 .8 .5 1",
    ),
    "elro": (
        20,
        ".4 .3 .5 1 1 1 .8 .6 .5",
        ".4 .8 .7 1",
        ".6 1 1 .7 .8 .4",
    ),
    "riri": (
        30,
        ".6 .4 .6 1 1 .9 .6 .7 .7",
        ".5 .9 1 1",
        ".7 .9 .9 1 .9 .7",
    ),
    "nana": (
        40,
        ".5 .7 .7 .5 .7 .8 1 1 1",
        ".6 .9 .8 1",
        ".8 .8 .7 .9 1 .6",
    ),
}


def _affinities(kind, figures):
    return dict(zip(kind, map(Decimal, figures.split()), strict=True))


def four_personas():
    """The four personas of the original system."""
    return tuple(
        make_persona(
            name,
            tone=_affinities(Tone, tones),
            pace=_affinities(Pace, paces),
            intent=_affinities(Intent, intents),
            rank=rank,
        )
        for name, (rank, tones, paces, intents) in FIGURES.items()
    )


TABLE = RoutingTable(four_personas())


def test_the_distribution_over_all_keys_is_the_known_one():
    """Of the 216 keys Lua wins 83, Nana 66, Riri 52 and Elro 15."""
    winners = Counter(decision.primary for decision in TABLE.decisions().values())
    assert {"lua": 83, "nana": 66, "riri": 52, "elro": 15} == winners


def test_confidence_spans_the_known_range():
    """Confidence over the 216 keys runs from 0.546 to 0.823."""
    values = [decision.confidence for decision in TABLE.decisions().values()]
    assert (Decimal("0.546"), Decimal("0.823")) == (min(values), max(values))


def test_every_score_follows_the_formula_exactly():
    """Every score of every key is 0.5 tone + 0.3 pace + 0.2 intent, without rounding."""
    half, three, fifth = Fraction(1, 2), Fraction(3, 10), Fraction(1, 5)
    for persona in four_personas():
        for key in ALL_KEYS:
            tone, pace, intent = map(Fraction, persona.affinities.of(key))
            expected = half * tone + three * pace + fifth * intent
            assert expected == Fraction(score(persona, key))


@pytest.mark.parametrize(
    ("key", "primary", "second"),
    [
        ("curious-burst-planning", "elro", "riri"),
        ("curious-flowing-seek_advice", "elro", "riri"),
        ("curious-flowing-planning", "elro", "riri"),
        ("confused-burst-problem_solving", "lua", "nana"),
        ("confused-burst-learning", "lua", "nana"),
        ("confused-burst-validation", "lua", "nana"),
        ("collaborative-burst-reflection", "lua", "nana"),
    ],
)
def test_the_seven_ties_go_by_rank(key, primary, second):
    """In each of the seven exact ties the lower rank is first and the next rank second."""
    decision = TABLE[ResonanceKey.parse(key)]
    assert decision.scores[primary] == decision.scores[second]
    assert (primary, second) == (decision.primary, decision.secondary)
    assert "goes before" in decision.reasons[-1]


def test_there_are_exactly_seven_ties_for_the_first_place():
    """No other key has two personas with the highest score."""
    ties = [d for d in TABLE.decisions().values() if d.margin == 0]
    assert 7 == len(ties)


@pytest.mark.parametrize(
    ("key", "second"),
    [
        ("frustrated-burst-seek_advice", "riri"),
        ("curious-burst-seek_advice", "elro"),
        ("confused-flowing-planning", "lua"),
    ],
)
def test_float_noise_decides_nothing(key, second):
    """Three second places that binary floats would decide by noise go by rank."""
    assert second == TABLE[ResonanceKey.parse(key)].secondary


def test_equal_ranks_go_by_name():
    """Two equal personas of equal rank go by name, and the reason says so."""
    decision = decide(ALL_KEYS[0], (make_persona("b"), make_persona("a")))
    assert ("a", "b") == (decision.primary, decision.secondary)
    assert "name decides" in decision.reasons[-1]


def test_a_fifth_persona_competes_at_once():
    """A persona with the highest affinities wins its key against the four."""
    fifth = make_persona(
        "sage",
        tone={Tone.CALM: Decimal(1)},
        pace={Pace.CONTEMPLATIVE: Decimal(1)},
        intent={Intent.REFLECTION: Decimal(1)},
    )
    table = RoutingTable((*four_personas(), fifth))
    assert "sage" == table[ResonanceKey.parse("calm-contemplative-reflection")].primary


def test_what_a_manifest_does_not_name_is_one_half():
    """A persona without affinities scores 0.5 everywhere."""
    assert {Decimal("0.5")} == {score(make_persona(), key) for key in ALL_KEYS}


def test_a_single_persona_has_no_second():
    """With one persona there is no runner-up, and confidence is its score."""
    decision = decide(ALL_KEYS[0], (make_persona(),))
    assert (None, Decimal("0.5")) == (decision.secondary, decision.confidence)


def test_without_personas_there_is_a_clear_error():
    """Without a persona, deciding and looking up are errors."""
    with pytest.raises(UnknownPersonaError, match="none is active"):
        decide(ALL_KEYS[0], ())
    with pytest.raises(UnknownPersonaError):
        RoutingTable(())[ALL_KEYS[0]]


shares = st.decimals(min_value=0, max_value=1, places=2)


@given(shares, shares)
def test_confidence_stays_between_0_and_1(first, second):
    """Confidence never leaves 0 to 1."""
    assert 0 <= confidence(max(first, second), min(first, second)) <= 1


@given(st.sampled_from(ALL_KEYS), st.permutations(four_personas()))
def test_the_order_of_installation_does_not_matter(key, personas):
    """A decision does not depend on the order in which the personas are given."""
    assert TABLE[key] == decide(key, personas)


def test_a_decision_is_a_value():
    """Two decisions with the same content are equal and can be evolved."""
    decision = TABLE[ALL_KEYS[0]]
    assert attrs.evolve(decision, router="x") != decision


def test_nobody_can_change_what_the_table_holds():
    """The scores of a decision, which all turns share, cannot be changed."""
    with pytest.raises(TypeError):
        TABLE[ALL_KEYS[0]].scores["lua"] = Decimal(0)


def test_a_persona_keeps_a_copy_of_its_mappings():
    """Changing the mapping that a persona was made from changes nothing in the persona."""
    tones = {Tone.CALM: Decimal(1)}
    persona = make_persona(tone=tones)
    tones[Tone.CALM] = Decimal(0)
    assert Decimal(1) == persona.affinities.tone[Tone.CALM]
