"""Plans: who answers what, in which order."""

from __future__ import annotations

from decimal import Decimal

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ion_framework.domain.persona import Collaboration
from ion_framework.ensemble.aspects import PartReading, divide
from ion_framework.ensemble.message_parts import MessagePart
from ion_framework.ensemble.order import steps_of
from ion_framework.ensemble.plan import (
    UNWRITTEN,
    Complexity,
    ExecutionMode,
    MergeStrategy,
    make_plan,
    without_model,
)
from ion_framework.errors import PluginOrderError
from ion_framework.settings.ensemble import EnsembleSettings
from ion_framework.testing import make_persona, make_resonance

SETTINGS = EnsembleSettings()


def persona(name, rank=1000, *after, role=""):
    """A persona that builds on others."""
    return make_persona(name, rank=rank, ensemble=Collaboration(role, after))


ANN, BOB, CAT, DAN = (persona(name, rank) for rank, name in enumerate(("ann", "bob", "cat", "dan")))


def reading(text, **fits):
    """A part with these fits."""
    part = MessagePart(text, 0, len(text))
    return PartReading(part, make_resonance(), {n: Decimal(str(v)) for n, v in fits.items()})


PARTS = [
    reading("a" * 40, ann=0.9, bob=0.2, cat=0.1, dan=0.1),
    reading("b" * 30, ann=0.1, bob=0.8, cat=0.1, dan=0.1),
    reading("c" * 20, ann=0.1, bob=0.2, cat=0.7, dan=0.1),
    reading("d" * 18, ann=0.1, bob=0.2, cat=0.3, dan=0.6),
]


@pytest.mark.parametrize(
    ("parts", "complexity", "names"),
    [
        (1, Complexity.SIMPLE, ["ann"]),
        (2, Complexity.MODERATE, ["ann", "bob"]),
        (3, Complexity.COMPLEX, ["ann", "bob", "cat"]),
        (4, Complexity.COMPLEX, ["ann", "bob", "cat", "dan"]),
    ],
)
def test_complexity_counts_aspects(parts, complexity, names):
    """Each persona that enough of a message speaks to is an aspect, and four answer at most."""
    plan = make_plan(PARTS[:parts], (ANN, BOB, CAT, DAN), SETTINGS)

    assert plan.complexity is complexity
    assert sorted(plan.personas) == names


def test_who_is_left_out_is_told():
    """Who is one too many is named with the reason, and whose part another answers is marked."""
    plan = make_plan(PARTS, (ANN, BOB, CAT, DAN), EnsembleSettings(personas=3))
    alone = make_plan(PARTS[:3], (ANN, BOB, CAT), SETTINGS)

    aspects = {aspect.persona: aspect for aspect in plan.aspects}
    assert aspects["cat"].text == f"{'c' * 20} {'d' * 18}"
    assert [part.text for part in aspects["cat"].taken_over] == ["d" * 18]
    assert "in place of dan it answers 1 part more" in aspects["cat"].reason
    assert any("dan is left out, though 17% of the message" in reason for reason in plan.reasons)
    assert [a.weight for a in plan.aspects] == [a.weight for a in alone.aspects]
    assert sum(aspect.weight for aspect in plan.aspects) == 1


def test_a_part_of_whom_too_little_speaks_to_is_marked():
    """A part too small for its persona is answered by another, which the aspect tells."""
    small = reading("d d d", dan=0.9, ann=0.2)
    plan = make_plan([*PARTS[:2], small], (ANN, BOB, DAN), SETTINGS)

    taken = [(aspect.persona, part.text) for aspect in plan.aspects for part in aspect.taken_over]
    assert taken == [("ann", "d d d")]
    assert not any("left out" in reason for reason in plan.reasons)


def test_feelings_count_beyond_their_length():
    """A sentence of somebody who is not well counts one and a half times its length."""
    part = MessagePart("x" * 20, 0, 20)
    calm, sad = (
        PartReading(part, make_resonance(f"{tone}-medium-learning"), {})
        for tone in ("calm", "frustrated")
    )

    assert sad.loudness == calm.loudness * Decimal("1.5")


def test_without_a_model_nothing_is_written_into_one():
    """A plan for a synthesis becomes one that puts answers together, and says why."""
    plan = make_plan(PARTS[:2], (ANN, BOB), SETTINGS, strategy=MergeStrategy.SYNTHESIS)

    assert plan.strategy is MergeStrategy.SYNTHESIS
    assert without_model(plan).strategy is MergeStrategy.HIERARCHICAL
    assert without_model(plan).reasons[-1] == UNWRITTEN
    assert without_model(without_model(plan)) == without_model(plan)


def test_a_small_share_is_no_aspect():
    """A part that is too small a share of the message brings no persona in."""
    plan = make_plan([PARTS[0], reading("b b b", bob=0.9, ann=0.1)], (ANN, BOB), SETTINGS)

    assert plan.mode is ExecutionMode.SINGLE
    assert plan.strategy is None


def test_force_brings_a_second_persona():
    """Where two are forced, the next best one answers the whole message, too."""
    plan = make_plan(PARTS[:1], (ANN, BOB, CAT), SETTINGS, force=True)

    assert plan.complexity is Complexity.SIMPLE
    assert [(aspect.persona, aspect.whole) for aspect in plan.aspects] == [
        ("ann", True),
        ("bob", True),
    ]
    assert plan.aspects[0].weight > plan.aspects[1].weight > 0


def test_one_persona_cannot_be_two():
    """A single persona answers alone even where two are forced, and the plan says why."""
    plan = make_plan(PARTS[:1], (ANN,), SETTINGS, force=True)

    assert plan.mode is ExecutionMode.SINGLE
    assert "no second persona" in plan.reasons[0]


AFTER_BOB = attrs.evolve(ANN, ensemble=Collaboration(after=("bob",)))
AFTER_BOTH = attrs.evolve(CAT, ensemble=Collaboration(after=("ann", "bob")))
MODES = {
    "nobody builds on anybody": ((ANN, BOB, CAT), ExecutionMode.PARALLEL, (("ann", "bob", "cat"),)),
    "each on the one before": (
        (AFTER_BOB, BOB, attrs.evolve(CAT, ensemble=Collaboration(after=("ann",)))),
        ExecutionMode.SEQUENTIAL,
        (("bob",), ("ann",), ("cat",)),
    ),
    "one on two": ((ANN, BOB, AFTER_BOTH), ExecutionMode.HYBRID, (("ann", "bob"), ("cat",))),
}


@pytest.mark.parametrize(("personas", "mode", "steps"), MODES.values(), ids=MODES)
def test_mode_follows_from_the_order(personas, mode, steps):
    """Plans are sequential, parallel or hybrid by who builds on whom."""
    plan = make_plan(PARTS[:3], personas, SETTINGS)

    assert (plan.mode, plan.steps) == (mode, steps)
    parallel = mode is ExecutionMode.PARALLEL
    assert plan.strategy is (MergeStrategy.WEIGHTED if parallel else MergeStrategy.HIERARCHICAL)


def test_votes_are_on_the_whole_message():
    """For a vote each answers the whole message, at the same time, whoever builds on whom."""
    plan = make_plan(PARTS[:3], (AFTER_BOB, BOB, CAT), SETTINGS, strategy=MergeStrategy.VOTING)

    assert plan.mode is ExecutionMode.PARALLEL
    assert all(aspect.whole and len(aspect.parts) == 3 for aspect in plan.aspects)
    assert len(plan.steps) == 1


def test_a_circle_is_named():
    """Personas that build on each other in a circle are an error that names them and the cure."""
    circle = (persona("ann", 1, "bob"), persona("bob", 2, "cat"), persona("cat", 3, "ann"))

    with pytest.raises(PluginOrderError) as caught:
        steps_of(circle)

    said = str(caught.value)
    assert all(name in said for name in ("ann", "bob", "cat", "[persona.ensemble]"))


def test_a_circle_does_not_matter_to_others():
    """Two that wait for each other stop no plan in which only one of them takes part."""
    ann, bob = persona("ann", 1, "bob"), persona("bob", 2, "ann")

    assert steps_of((ann, CAT)) == (("ann", "cat"),)
    assert steps_of((bob, CAT)) == (("bob", "cat"),)


def test_roles_order_whoever_has_them():
    """A persona that builds on a role answers after a fifth persona that takes it up."""
    last = persona("ann", 1, "role:evidence")
    fifth = persona("zoe", 2000, role="evidence")

    assert steps_of((last, fifth)) == (("zoe",), ("ann",))


NAMES = tuple("abcdef")


@given(
    st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), max_size=12),
    st.permutations(NAMES),
    st.integers(0, len(NAMES)),
)
def test_order_is_always_respected(edges, order, count):
    """Whatever is declared, each answers once and after all it builds on, or a circle is named."""
    place = {name: index for index, name in enumerate(NAMES)}
    chosen = [
        persona(name, 1, *(other for one, other in edges if one == name and one != other))
        for name in order[:count]
    ]
    acyclic = all(place[other] < place[one] for one, other in edges if one != other)

    try:
        steps = steps_of(chosen)
    except PluginOrderError:
        assert not acyclic
        return

    at = {name: index for index, step in enumerate(steps) for name in step}
    assert sorted(at) == sorted(item.name for item in chosen)
    for item in chosen:
        assert all(at[other] < at[item.name] for other in item.ensemble.after if other in at)


@given(
    st.lists(
        st.tuples(
            st.integers(1, 400), st.lists(st.decimals(0, 1, places=2), min_size=3, max_size=3)
        ),
        min_size=1,
        max_size=8,
    )
)
def test_every_part_is_answered_by_somebody(shapes):
    """However a message reads, all of its parts are answered and the weights are shares of 1."""
    parts = [
        PartReading(
            MessagePart("x" * length, index, index + length),
            make_resonance(),
            dict(zip(("ann", "bob", "cat"), fits, strict=True)),
        )
        for index, (length, fits) in enumerate(shapes)
    ]

    aspects = divide(parts, (ANN, BOB), (ANN, BOB, CAT))

    assert sum(aspect.weight for aspect in aspects) == 1
    assert all(aspect.weight >= 0 for aspect in aspects)
    assert {part for aspect in aspects for part in aspect.parts} == {r.part for r in parts}
