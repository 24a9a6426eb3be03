"""The judgement: probabilities, winner, runner-up, and when nothing is likely enough."""

from __future__ import annotations

from math import exp

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ion_resonance.judge import Judgement, judge

VALUES = ("loud", "soft", "neutral")
SCORES = st.lists(st.floats(-30, 30), min_size=2, max_size=9)


def judged(*scores: float, temperature: float = 1.0, abstain_below: float = 0.0) -> Judgement:
    """The judgement on scores for the first of the values."""
    return judge(
        scores,
        VALUES[: len(scores)],
        neutral=VALUES[len(scores) - 1],
        temperature=temperature,
        abstain_below=abstain_below,
    )


def test_the_highest_score_wins_and_the_next_is_second() -> None:
    """The values are ranked by their scores."""
    made = judged(1.5, 3.0, 0.0)

    assert ("soft", "loud", False) == (made.primary, made.secondary, made.abstained)


def test_confidences_are_the_softmax_of_the_scores() -> None:
    """A probability is the exponential of a score over the sum of all."""
    made = judged(1.0, 2.0, 0.0)

    everything = exp(1.0) + exp(2.0) + exp(0.0)
    assert round(exp(2.0) / everything, 3) == made.confidence
    assert round(exp(1.0) / everything, 3) == made.secondary_confidence


def test_the_temperature_divides_the_scores() -> None:
    """Twice the temperature reads like half the scores; the order stays."""
    assert judged(1.0, 2.0, 0.0, temperature=2.0) == judged(0.5, 1.0, 0.0)
    assert judged(1.0, 2.0, temperature=0.5).confidence > judged(1.0, 2.0).confidence


def test_equal_scores_go_to_the_earlier_value() -> None:
    """Of two equals the first in the order wins, the other is second."""
    made = judged(2.0, 2.0, 0.0)

    assert ("loud", "soft") == (made.primary, made.secondary)
    assert made.confidence == made.secondary_confidence


def test_below_the_threshold_neutral_stands_in() -> None:
    """An abstention is neutral with its own probability, and names what would have won."""
    made = judged(0.2, 0.1, 0.0, abstain_below=0.5)
    plain = judged(0.2, 0.1, 0.0)

    assert ("neutral", "loud", True) == (made.primary, made.secondary, made.abstained)
    assert made.secondary_confidence == plain.confidence > made.confidence


def test_an_unsure_neutral_is_an_abstention_with_its_own_runner_up() -> None:
    """Where neutral leads without being likely enough, the second stays second."""
    made = judged(0.0, 0.1, 0.2, abstain_below=0.5)

    assert ("neutral", "soft", True) == (made.primary, made.secondary, made.abstained)
    assert made.confidence > made.secondary_confidence


def test_what_reaches_the_threshold_is_no_abstention() -> None:
    """The threshold itself is likely enough."""
    assert not judged(0.0, 0.0, abstain_below=0.5).abstained


@pytest.mark.parametrize("score", [1e3, 1e6, -1e6])
def test_huge_scores_do_no_harm(score: float) -> None:
    """Scores beyond every exponential still make probabilities."""
    made = judged(score, 0.0, 0.0)

    assert 0.0 <= made.secondary_confidence <= made.confidence <= 1.0


@given(st.floats(-30, 30), st.floats(-30, 30), st.floats(0.1, 10))
def test_two_probabilities_sum_to_one(one: float, other: float, temperature: float) -> None:
    """Of two values the probabilities add up to 1."""
    made = judged(one, other, temperature=temperature)

    assert made.confidence + made.secondary_confidence == pytest.approx(1.0, abs=0.0011)


@given(SCORES, st.floats(0.0, 1.0))
def test_probabilities_are_never_more_than_everything(scores: list[float], least: float) -> None:
    """Winner and runner-up are two values that share at most 1, and abstaining says why."""
    values = [str(place) for place in range(len(scores))]
    made = judge(scores, values, neutral="0", temperature=1.0, abstain_below=least)

    assert made.primary != made.secondary
    assert 0.0 <= made.confidence + made.secondary_confidence <= 1.0011
    assert made.primary == "0" or not made.abstained
    assert made.abstained or made.confidence >= least - 0.0006
    assert made.confidence >= 1 / len(scores) - 0.0006 or made.abstained
