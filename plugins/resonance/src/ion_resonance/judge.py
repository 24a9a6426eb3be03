"""From scores to a judgement: winner, runner-up and what the confidence means.

Cues and model add up to one score per value, and the scores to probabilities

    p(v) = exp(score(v) / T) / sum over all values of exp(score / T)

with the temperature T at which, on messages that the model was not trained on, a probability of 0.7
is right seven times in ten (Guo et al. 2017, "On Calibration of Modern Neural Networks"). The value
with the highest probability wins. Where that is lower than the threshold below which the analyser
abstains, the judgement is the neutral value (calm for the tone, learning for the intent) with the
probability that this one has, and the value that would have won is the runner-up.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp

import attrs

DIGITS = 3
"""Probabilities are given to so many places."""


@attrs.frozen
class Judgement:
    """What the scores of one component say.

    Attributes:
        primary: the value chosen.
        confidence: its probability, 0 to 1.
        secondary: the runner-up.
        secondary_confidence: its probability; higher than `confidence` where `abstained`.
        abstained: nothing was likely enough, and the neutral value stands in.
    """

    primary: str
    confidence: float
    secondary: str
    secondary_confidence: float
    abstained: bool


def judge(
    scores: Sequence[float],
    values: Sequence[str],
    *,
    neutral: str,
    temperature: float,
    abstain_below: float,
) -> Judgement:
    """Judge one component.

    Args:
        scores: a score per value.
        values: the values; of two that are equally likely the earlier one wins.
        neutral: the value to fall back to.
        temperature: what the scores are divided by, above 0.
        abstain_below: probability that the winner has to reach, 0 to 1.
    """
    likely = dict(zip(values, _probabilities(scores, temperature), strict=True))
    first, second = sorted(likely, key=likely.__getitem__, reverse=True)[:2]
    abstained = likely[first] < abstain_below
    if abstained and first != neutral:
        first, second = neutral, first
    return Judgement(
        primary=first,
        confidence=round(likely[first], DIGITS),
        secondary=second,
        secondary_confidence=round(likely[second], DIGITS),
        abstained=abstained,
    )


def _probabilities(scores: Sequence[float], temperature: float) -> list[float]:
    highest = max(scores)
    odds = [exp((score - highest) / temperature) for score in scores]
    everything = sum(odds)
    return [each / everything for each in odds]
