"""The temperature that makes confidences mean what they say."""

import numpy as np
import pytest

from perf.training.calibration import COOLEST, HOTTEST, temperature

MESSAGES, LABELS = 4000, 5


def calibrated() -> tuple[np.ndarray, np.ndarray]:
    """Scores, and labels drawn with the very probabilities that the scores state."""
    draw = np.random.default_rng(7)
    scores = draw.normal(scale=2.0, size=(MESSAGES, LABELS))
    odds = np.exp(scores)
    shares = odds / odds.sum(axis=1, keepdims=True)
    drawn = (draw.random((MESSAGES, 1)) > shares.cumsum(axis=1)).sum(axis=1)
    return scores, drawn


def test_calibrated_scores_stay_as_they_are():
    """Scores that state the true probabilities have a temperature of about 1."""
    scores, labels = calibrated()

    assert temperature(scores, labels, np.ones(MESSAGES)) == pytest.approx(1.0, abs=0.05)


def test_doubled_scores_have_twice_the_temperature():
    """The temperature is proportional to the scores."""
    scores, labels = calibrated()
    once, twice = (temperature(scores * by, labels, np.ones(MESSAGES)) for by in (1.0, 2.0))

    assert twice == pytest.approx(2.0 * once, rel=1e-3)


def test_weights_count_like_repeated_messages():
    """A message that weighs three times counts like three, and the unit does not matter."""
    scores, labels = calibrated()
    weights = np.where(np.arange(MESSAGES) % 2 == 0, 3.0, 1.0)
    repeated = np.repeat(np.arange(MESSAGES), weights.astype(int))

    expected = temperature(scores[repeated], labels[repeated], np.ones(len(repeated)))
    assert temperature(scores, labels, weights) == pytest.approx(expected, rel=1e-3)
    assert temperature(scores, labels, 0.01 * weights) == pytest.approx(expected, rel=1e-3)


def test_the_temperature_has_limits():
    """Scores that are always right cool to the lower limit, misleading ones heat to the upper."""
    labels = np.arange(MESSAGES) % LABELS
    right = np.eye(LABELS)[labels]

    assert temperature(right, labels, np.ones(MESSAGES)) == pytest.approx(COOLEST, rel=1e-3)
    assert temperature(-right, labels, np.ones(MESSAGES)) == pytest.approx(HOTTEST, rel=1e-3)
