"""How much a message is written like each of the public sources that taught the tones.

One logistic regression per source tells its messages from those of all others: posts, requests and
messages to a mentor, ours and public ones. A source that was left out of the training is unlike all
that were not, more or less; `SHIFT` is chosen so that it is hardly ever taken for one of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import attrs
import numpy as np
from ion_resonance.familiar import FAINT, SOURCES
from ion_resonance.grams import BUCKETS
from numpy.typing import NDArray
from scipy import sparse

from perf.training.features import Matrix, Table
from perf.training.fitting import Fit, Penalty, fit

PENALTY = Penalty(weights=7e-4, sources=1e6, steps=80)
SHIFT = -2.3
"""Added to every score: nearly certain has to be what counts as familiar."""

LOUDNESS = 10.0
"""Small letters count as so many words: the penalty holds what is loud back less."""

NEVER = -30.0
"""The score of a source that there are no messages of."""


@attrs.frozen(eq=False)
class Familiar:
    """A column per source of `SOURCES`.

    Attributes:
        columns: weights and biases.
        small: added to the scores of a message in small letters.
    """

    columns: Fit
    small: Matrix

    def shares(self, given: Table) -> Matrix:
        """A row per message, a column per source; the sum of a row is 1 at most."""
        scores = self.columns.scores(given) + np.outer(given.small, self.small)
        shares = 1.0 / (1.0 + np.exp(-np.clip(scores, NEVER, -NEVER)))
        shares = np.where(shares > FAINT, shares, 0.0)
        return np.asarray(shares / np.maximum(shares.sum(axis=1, keepdims=True), 1.0))


def fit_familiar(given: Table) -> Familiar:
    """Fit every source's column.

    Args:
        given: every message once, with its language and source.
    """
    groups = [(message.language, message.source) for message in given.messages]
    louder = sparse.csr_matrix(LOUDNESS * given.small[:, None])
    wider = sparse.hstack([given.counts, louder]).tocsr()
    fits = [_fitted(given, wider, groups, name) for name in SOURCES]
    weights = np.hstack([each.weights for each in fits])
    columns = Fit(weights[:-1], np.concatenate([each.biases for each in fits]))
    return Familiar(columns, LOUDNESS * weights[-1])


def nothing_familiar() -> Familiar:
    """What says of every message that it is like no source."""
    columns = Fit(np.zeros((BUCKETS, len(SOURCES))), np.full(len(SOURCES), NEVER))
    return Familiar(columns, np.zeros(len(SOURCES)))


def _fitted(
    given: Table, counts: sparse.csr_matrix, groups: Sequence[tuple[str, str]], name: str
) -> Fit:
    """The log-odds of a source against all others, as one column."""
    wanted = np.asarray([source == name for _, source in groups])
    if not wanted.any():
        return Fit(np.zeros((counts.shape[1], 1)), np.asarray([NEVER]))
    # To the fit all messages are of one group: no source's habit is to be kept apart.
    one = tuple(attrs.evolve(each, language="", source="") for each in given.messages)
    labels = wanted.astype(np.int64)
    marked = attrs.evolve(
        given, messages=one, counts=counts, cues=np.zeros((len(labels), 2)), labels=labels
    )
    both = fit(marked, _masses(groups, wanted), PENALTY, within_sources=False, columns=2)
    weights = both.weights[:, 1:] - both.weights[:, :1]
    return Fit(weights, both.biases[1:] - both.biases[:1] + SHIFT)


def _masses(groups: Sequence[tuple[str, str]], wanted: NDArray[np.bool_]) -> Matrix:
    """A weight per message.

    The source, the others of its language and those of other languages weigh the same, and within
    each of these three every source does.
    """
    language, _ = groups[int(wanted.argmax())]
    sides = {
        group: 0 if own else 1 if group[0] == language else 2
        for group, own in zip(groups, wanted, strict=True)
    }
    many, sizes = Counter(sides.values()), Counter(groups)
    return np.asarray([1.0 / many[sides[group]] / sizes[group] for group in groups])
