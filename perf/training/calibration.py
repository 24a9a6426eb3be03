"""Temperatures: what makes a confidence of 0.7 right seven times in ten.

One temperature per component and side divides the scores before the softmax (Guo et al. 2017). It
is fitted by a bounded search for the least cross-entropy on messages that the scores were not
trained on, labels weighing the same.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from perf.training.features import Matrix

COOLEST, HOTTEST = 0.3, 5.0


def temperature(scores: Matrix, labels: NDArray[np.int64], shares: Matrix) -> float:
    """The temperature with the least cross-entropy.

    Args:
        scores: of messages that were held out, a row per message.
        labels: the number of each message's label.
        shares: a weight per message.
    """
    found = minimize_scalar(
        _loss(scores, labels, shares), bounds=(COOLEST, HOTTEST), method="bounded"
    )
    return float(found.x)


def _loss(scores: Matrix, labels: NDArray[np.int64], shares: Matrix) -> Callable[[float], float]:
    rows = np.arange(len(labels))

    def loss(heat: float) -> float:
        cooled = scores / heat
        cooled = cooled - cooled.max(axis=1, keepdims=True)
        likelihoods = cooled[rows, labels] - np.log(np.exp(cooled).sum(axis=1))
        return -float(shares @ likelihoods) / float(shares.sum())

    return loss
