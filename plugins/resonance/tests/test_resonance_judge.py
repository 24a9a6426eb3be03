"""The judgement: winner, runner-up, confidence, and when there is none to be sure of."""

from __future__ import annotations

import pytest
from ion_resonance.cues import Found
from ion_resonance.judge import DOUBT, GUESS, UNSURE, judge

ORDER = ("loud", "soft", "neutral")


def cue(value: str, weight: float) -> Found:
    """A cue for a value."""
    return Found("tone", value, weight, 0, 1)


def test_the_highest_total_wins_and_the_next_is_second():
    """Weights of one value add up."""
    made = judge([cue("soft", 2.0), cue("loud", 1.5), cue("soft", 1.0)], ORDER, "neutral")

    assert (made.primary, made.secondary) == ("soft", "loud")


def test_confidence_is_the_winners_share():
    """Confidence is the winner's total over all totals and the doubt."""
    made = judge([cue("soft", 3.0), cue("loud", 1.0)], ORDER, "neutral")

    assert round(3.0 / (4.0 + DOUBT), 3) == made.confidence
    assert round(1.0 / (4.0 + DOUBT), 3) == made.secondary_confidence


def test_equal_totals_go_to_the_earlier_value():
    """Of two equals the first in the order wins."""
    assert judge([cue("soft", 2.0), cue("loud", 2.0)], ORDER, "neutral").primary == "loud"


def test_without_a_cue_the_neutral_value_stands_unsurely():
    """Nothing said means neutral, at a guess, and no runner-up."""
    made = judge([], ORDER, "neutral")

    assert (made.primary, made.confidence, made.secondary) == ("neutral", GUESS, None)


def test_a_whisper_falls_back_to_neutral():
    """A total under the threshold does not decide, but is named as runner-up."""
    made = judge([cue("soft", 0.5)], ORDER, "neutral")

    assert (made.primary, made.secondary) == ("neutral", "soft")
    assert made.confidence <= UNSURE


def test_a_thin_margin_over_neutral_falls_back_to_neutral():
    """Where neutral is nearly as loud, neutral it is, with low confidence."""
    made = judge([cue("soft", 3.1), cue("neutral", 3.0)], ORDER, "neutral")

    assert (made.primary, made.secondary, made.confidence) == ("neutral", "soft", UNSURE)


@pytest.mark.parametrize("weight", [1.0, 3.0, 30.0])
def test_a_louder_cue_is_surer_but_never_certain(weight):
    """Confidence grows with the evidence and stays below 1."""
    made = judge([cue("soft", weight)], ORDER, "neutral")

    assert judge([cue("soft", weight / 2)], ORDER, "neutral").confidence < made.confidence < 1
