"""Answers of the right type with figures and texts in them that would end the turn later on."""

import asyncio
from decimal import Decimal

import attrs
import pytest

from ion_framework.domain.resonance import Evidence, Rhythm
from ion_framework.domain.routing import decide
from ion_framework.pipeline.markers import hookimpl
from ion_framework.pipeline.receipt import Outcome
from ion_framework.testing import (
    FixedAnalyzer,
    make_persona,
    make_plugin,
    make_resonance,
    running_ion,
)

READING = make_resonance()
DECISION = decide(READING.key, (make_persona(),))
SURROGATE = "\ud800"


class Named:
    """An object that shows itself as the name of an active persona."""

    def __str__(self):
        return "sage"

    __repr__ = __str__

    def __hash__(self):
        return hash("sage")

    def __eq__(self, other):
        return other == "sage"


class Unruly(str):
    """A text that cannot be compared."""

    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, other):
        raise ArithmeticError("no comparison")


def evidence(**changes):
    """A reading with one piece of evidence."""
    item = attrs.evolve(Evidence("tone", "calm", "hm", 1.0, 0, 1), **changes)
    return attrs.evolve(READING, evidence=(item,))


def rhythm(**changes):
    """A reading with other measures."""
    measures = Rhythm(READING.rhythm.pace, 1, 2.0, 0.0, 0.0, 0.0)
    return attrs.evolve(READING, rhythm=attrs.evolve(measures, **changes))


READINGS = {
    "a weight beyond every float": (evidence(weight=10**400), "evidence.weight is not finite"),
    "an infinite weight": (evidence(weight=float("inf")), "evidence.weight is not finite"),
    "a cue with a lone surrogate": (evidence(cue=SURROGATE), "evidence.cue has a lone surrogate"),
    "a cue that is none": (evidence(cue=None), "evidence.cue holds NoneType instead of str"),
    "a value that is none": (evidence(value=3), "evidence.value holds int instead of str"),
    "no number of words": (
        rhythm(words_per_sentence=float("nan")),
        "rhythm.words_per_sentence is not finite",
    ),
    "an endless question": (
        rhythm(question_ratio=float("inf")),
        "rhythm.question_ratio is not finite",
    ),
    "sentences in words": (rhythm(sentences="two"), "rhythm.sentences holds str instead of int"),
    "a second tone that is none": (
        attrs.evolve(READING, tone=attrs.evolve(READING.tone, secondary="calm")),
        "tone.secondary holds str instead of Tone or NoneType",
    ),
    "a source with a lone surrogate": (
        attrs.evolve(READING, source=SURROGATE),
        "source has a lone surrogate at 0",
    ),
}
DECISIONS = {
    "no number for confidence": (
        attrs.evolve(DECISION, confidence=Decimal("NaN")),
        "its confidence is not finite",
    ),
    "a number that signals": (
        attrs.evolve(DECISION, confidence=Decimal("sNaN")),
        "its confidence is not finite",
    ),
    "no number for a score": (
        attrs.evolve(DECISION, scores={"sage": Decimal("NaN")}),
        "its scores is not finite",
    ),
    "a score without a name": (
        attrs.evolve(DECISION, scores={None: Decimal(1)}),
        "its scores holds NoneType instead of str",
    ),
    "an object that shows itself as a name": (
        attrs.evolve(DECISION, primary=Named()),
        "its primary holds Named instead of str",
    ),
    "a runner-up that shows itself as a name": (
        attrs.evolve(DECISION, secondary=Named()),
        "its secondary holds Named instead of str or NoneType",
    ),
    "a name that cannot be compared": (
        attrs.evolve(DECISION, primary=Unruly("sage")),
        "its answer cannot be checked: raised ArithmeticError: no comparison",
    ),
    "a router with a lone surrogate": (
        attrs.evolve(DECISION, router=SURROGATE),
        "its router has a lone surrogate at 0",
    ),
}


def respond(culprit, *good):
    """The reply to a turn, and what is told of the plugin that fails in it."""

    async def main():
        async with running_ion(culprit, *good) as ion:
            return await ion.respond("hello")

    reply = asyncio.run(main())
    (failed,) = [item for item in reply.receipt.plugins if item.outcome is Outcome.FAILED]
    return reply, (failed.plugin, failed.detail)


@pytest.mark.parametrize(("answer", "reason"), READINGS.values(), ids=READINGS)
def test_a_reading_that_nothing_could_write_down_is_a_failure(answer, reason):
    """A reading with figures or texts that no receipt could hold makes room for the next."""

    class Culprit:
        @hookimpl
        def ion_analyze(self):
            return answer

    reply, (plugin, detail) = respond(
        make_plugin("culprit", Culprit(), "analyzer"),
        make_plugin("spare", FixedAnalyzer(), "analyzer", fallback=True),
    )

    assert ("culprit", "spare") == (plugin, reply.resonance.source)
    assert reason in detail


@pytest.mark.parametrize(("answer", "reason"), DECISIONS.values(), ids=DECISIONS)
def test_a_decision_that_nothing_could_reckon_with_is_a_failure(answer, reason):
    """A decision whose figures or names are none makes room for the next."""

    class Culprit:
        @hookimpl
        def ion_route(self):
            return answer

    class Router:
        @hookimpl
        def ion_route(self, turn, personas):
            return decide(turn.resonance.key, personas)

    reply, (plugin, detail) = respond(
        make_plugin("culprit", Culprit(), "router"),
        make_plugin("spare", Router(), "router", fallback=True),
    )

    assert ("culprit", "spare") == (plugin, reply.decision.router)
    assert reason in detail


def test_a_change_that_cannot_be_compared_is_a_failure():
    """Metadata whose comparison raises costs the turn nothing but the metadata."""

    class Finisher:
        @hookimpl
        def ion_finish(self, reply):
            return attrs.evolve(reply, content=Unruly(reply.content))

    reply, failed = respond(make_plugin("culprit", Finisher(), "extension"))

    expected = "its answer cannot be checked: raised ArithmeticError: no comparison"
    assert ("culprit", expected) == failed
    assert "You said: hello" == reply.content
