"""The short way to the line of an ordinary answer: the same line, byte for byte."""

from __future__ import annotations

import io
import json
import math
from decimal import Decimal

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ion_log.lines import json_line
from ion_log.plugin import Log
from ion_log.settings import LogSettings
from ion_log.telling import Teller
from ion_log.turn_lines import TurnLines

from ion_framework.domain.trace_context import TraceContext
from ion_framework.pipeline.receipt import CacheOutcome, CacheStatus, StageTiming
from ion_framework.testing import make_turn_completed

ALL = LogSettings(turns="all", format="json")
TEXTS = st.text(st.characters(exclude_categories=()), max_size=20)
TRACES = st.builds(TraceContext, TEXTS, TEXTS, st.integers(0, 255))
STAGES = st.lists(
    st.builds(StageTiming, TEXTS, st.just(0.0), st.floats(-1e9, 1e9) | st.integers(0, 9))
)


def usual(at=1.0, duration_s=0.25, stages=(), trace=None, **reply):
    """A turn that was answered from the cache."""
    receipt = {
        "attempts": (),
        "stages": tuple(stages),
        "cache": CacheOutcome(CacheStatus.HIT),
        "confidence": Decimal("0.7213"),
    }
    event = make_turn_completed(
        request={"trace": trace, "request_id": reply.pop("request_id", "r-1")},
        receipt=receipt,
        **reply,
    )
    return attrs.evolve(event, at=at, duration_s=duration_s)


def long_way(event, settings=ALL):
    """The line as it is put together of what the teller says."""
    return json_line(Teller(settings).line(event))


@given(
    st.tuples(st.floats(0, 4e9), st.floats(0, 1e6)),
    STAGES,
    st.none() | TRACES,
    st.fixed_dictionaries({"request_id": TEXTS, "model": TEXTS, "generator": TEXTS}),
    st.sampled_from([None, "mine"]),
)
def test_it_is_the_line_that_the_teller_tells(times, stages, trace, texts, project):
    """Whatever is in an answer, the short way writes what the long way writes."""
    lines = TurnLines(project)
    for event in (
        usual(*times, stages, trace, **texts),
        usual(times[0] + 0.5, 0.001, stages, **texts),
    ):
        settings = attrs.evolve(ALL, project=project)

        assert lines.line(event) == lines.line(event) == long_way(event, settings)


@pytest.mark.parametrize("at", [0.0, 1.9999995, 1.9999996, 1.0000005, 1_795_253_400.25])
def test_times_are_rounded_as_the_calendar_rounds_them(at):
    """Half a microsecond goes to the even one, and a whole second more to the next."""
    assert TurnLines(None).line(usual(at)) == long_way(usual(at))


def test_answers_that_differ_in_little_have_lines_of_their_own():
    """Of two answers with one confidence each line has its own persona, key, model and cache."""
    lines, first = TurnLines(None), usual()
    receipt = first.reply.receipt
    missed = attrs.evolve(receipt, cache=CacheOutcome(CacheStatus.MISS))
    for reply in (
        first.reply,
        attrs.evolve(first.reply, persona="other"),
        attrs.evolve(first.reply, model="other"),
        attrs.evolve(first.reply, generator="other"),
        attrs.evolve(first.reply, receipt=missed),
        first.reply,
    ):
        event = attrs.evolve(first, reply=reply)

        assert lines.line(event) == long_way(event)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_number_that_json_does_not_have_is_not_written(value):
    """A duration that is no number takes the long way, which counts a line that is lost."""
    log = Log(ALL, io.StringIO())
    log.ion_observe(usual(duration_s=value))
    log.ion_observe(usual(stages=(StageTiming("cache", 0.0, value),)))

    assert TurnLines(None).line(usual(duration_s=value)) is None
    assert log.unwritten == 2


def test_a_time_before_the_epoch_takes_the_long_way():
    """The short way knows no negative times, and the line is there all the same."""
    stream = io.StringIO()
    Log(ALL, stream).ion_observe(usual(at=-0.5))

    assert TurnLines(None).line(usual(at=-0.5)) is None
    assert json.loads(stream.getvalue())["timestamp"] == "1969-12-31T23:59:59.500000Z"


def test_what_it_remembers_is_bounded():
    """Thousands of confidences and stages are not kept, and their lines are right."""
    lines = TurnLines(None)
    for number in range(2_500):
        event = usual(stages=(StageTiming(f"stage-{number}", 0.0, 1.0),))
        receipt = attrs.evolve(event.reply.receipt, confidence=Decimal(number) / 10_000)
        event = attrs.evolve(event, reply=attrs.evolve(event.reply, receipt=receipt))
        line = lines.line(event)

    assert line == long_way(event)
    assert sum(map(len, (lines._answers, lines._stages))) <= 2_000
