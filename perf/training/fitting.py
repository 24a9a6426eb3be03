"""Multinomial logistic regression on top of the cues, with what sources have in common set apart.

The model is fitted to what the cues leave open: their totals enter as a fixed offset. Each source
has its own bias per label, kept apart from the model's, so that the weights need not learn which
labels a source happens to have. Minimised is the weighted cross-entropy plus half the squared
norm of the weights times `Penalty.weights` (Tikhonov), with L-BFGS from zero: no randomness.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

import attrs
import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import minimize

from perf.training.corpus import Message
from perf.training.features import Matrix, Table

DAMPED_BELOW = 200
"""A group of fewer messages weighs less than a full one, in proportion."""

SMOOTHING = 1.0
"""Messages added to both sides of a rate, so that a rare word has no extreme one."""

FREEST = 4.0
"""No weight may grow more freely than so many times the usual."""


@attrs.frozen
class Penalty:
    """How strongly the parts of the model are held back.

    Attributes:
        weights: on the squared weights of the features.
        sources: on the squared biases of the sources; small leaves them free.
        biases: on the squared biases that stay.
        steps: iterations at most; few of them are a penalty too.
        contrast: 0 to hold every weight back alike; more to spare the words that are found with a
            label more or less often than with others, as naive Bayes does (Wang & Manning 2012).
    """

    weights: float = 3e-3
    sources: float = 1e-5
    biases: float = 1e-4
    steps: int = 50
    contrast: float = 0.0


@attrs.frozen(eq=False)
class Fit:
    """A fitted model.

    Attributes:
        weights: per bucket and label.
        biases: per label.
        sources: per source the bias of each label within it; NaN for a label that it lacks, if the
            fit was one within sources.
    """

    weights: Matrix
    biases: Matrix
    sources: Mapping[str, Matrix] = attrs.field(factory=dict)

    def scores(self, given: Table) -> Matrix:
        """What the model adds to the cues, a row per message."""
        return np.asarray(given.counts @ self.weights + self.biases)


def balance(messages: Sequence[Message], own_share: float = 1.0, own: str = "") -> Matrix:
    """A weight per message: labels weigh the same in each language, within them the sources.

    Args:
        messages: the messages.
        own_share: how many times another source's weight the source named ``own`` has.
        own: name of that source.
    """
    groups = Counter((each.language, each.source, each.label) for each in messages)
    parts = {
        key: (own_share if key[1] == own else 1.0) * min(1.0, count / DAMPED_BELOW)
        for key, count in groups.items()
    }
    sums: dict[tuple[str, str], float] = defaultdict(float)
    for (language, _, label), part in parts.items():
        sums[language, label] += part
    masses = {
        key: part / max(sums[key[0], key[2]], 1.0) / groups[key] for key, part in parts.items()
    }
    return np.asarray([masses[each.language, each.source, each.label] for each in messages])


def fit(
    given: Table, shares: Matrix, penalty: Penalty, *, within_sources: bool, columns: int
) -> Fit:
    """Fit a model.

    Args:
        given: the messages.
        shares: a weight per message, in any unit.
        penalty: what holds the model back.
        within_sources: a message is only told apart from the labels that its source has.
        columns: number of labels.
    """
    groups, allowed = _groups(given, columns)
    # Buckets that no message has would keep the weight 0 in which they start.
    used = np.flatnonzero(given.counts.getnnz(axis=0))
    counts = given.counts[:, used]
    problem = _Problem(
        counts=counts,
        transposed=counts.T.tocsr(),
        offsets=given.cues + (np.where(allowed[groups], 0.0, -1e9) if within_sources else 0.0),
        labels=given.labels,
        shares=shares / shares.sum(),
        groups=groups,
        members=_members(groups),
        penalty=penalty,
        columns=columns,
        spread=_spread(counts, given.labels, shares, penalty.contrast, columns),
    )
    size = (len(used) + 1 + len(allowed)) * columns
    options = {"maxiter": penalty.steps}
    found = minimize(problem, np.zeros(size), jac=True, method="L-BFGS-B", options=options)
    weights = np.zeros((given.counts.shape[1], columns))
    kept, biases, sources = problem.parts(found.x)
    weights[used] = problem.spread * kept
    lacking = ~allowed if within_sources else np.zeros_like(allowed)
    within = np.where(lacking, np.nan, biases + sources)
    names = dict(zip(groups, (message.source for message in given.messages), strict=True))
    return Fit(weights, biases[0], {names[number]: each for number, each in enumerate(within)})


def _spread(
    counts: sparse.csr_matrix,
    labels: NDArray[np.int64],
    shares: Matrix,
    contrast: float,
    columns: int,
) -> Matrix:
    """How freely each weight may grow, 1 in the mean square.

    It is the log-ratio of a bucket's rate with a label to that with the others, `SMOOTHING` added
    to both, to the power of ``contrast``.
    """
    spread = np.ones((counts.shape[1], columns))
    if not contrast:
        return spread
    each = np.zeros((len(labels), columns))
    each[np.arange(len(labels)), labels] = shares / shares.sum() * len(labels)
    found, masses = (counts > 0).astype(np.float64).T @ each, each.sum(axis=0)
    others, other_masses = found.sum(axis=1, keepdims=True) - found, masses.sum() - masses
    rates = (found + SMOOTHING) / (masses + 2 * SMOOTHING)
    other_rates = (others + SMOOTHING) / (other_masses + 2 * SMOOTHING)
    spread = np.abs(np.log(rates / other_rates)) ** contrast
    return np.asarray(np.minimum(spread / np.sqrt((spread**2).mean()), FREEST))


def _groups(given: Table, columns: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The number of each message's source, and which labels each source has."""
    keys = [(message.language, message.source) for message in given.messages]
    numbers = {key: number for number, key in enumerate(sorted(set(keys)))}
    groups = np.asarray([numbers[key] for key in keys], dtype=np.int64)
    allowed = np.zeros((len(numbers), columns), dtype=bool)
    allowed[groups, given.labels] = True
    return groups, allowed


def _members(groups: NDArray[np.int64]) -> sparse.csr_matrix:
    places = (groups, np.arange(len(groups)))
    return sparse.csr_matrix((np.ones(len(groups)), places), shape=(groups.max() + 1, len(groups)))


@attrs.frozen(eq=False)
class _Problem:
    """The function to be minimised: a vector in, loss and gradient out."""

    counts: sparse.csr_matrix
    transposed: sparse.csr_matrix
    offsets: Matrix
    labels: NDArray[np.int64]
    shares: Matrix
    groups: NDArray[np.int64]
    members: sparse.csr_matrix
    penalty: Penalty
    columns: int
    spread: Matrix

    def parts(self, vector: Matrix) -> tuple[Matrix, Matrix, Matrix]:
        """Weights, biases and the sources' biases."""
        rows = vector.reshape(-1, self.columns)
        buckets = self.counts.shape[1]
        return rows[:buckets], rows[buckets : buckets + 1], rows[buckets + 1 :]

    def __call__(self, vector: Matrix) -> tuple[float, Matrix]:
        weights, biases, sources = self.parts(vector)
        scores = self.counts @ (self.spread * weights) + biases
        scores += sources[self.groups] + self.offsets
        scores -= scores.max(axis=1, keepdims=True)
        odds = np.exp(scores)
        sums = odds.sum(axis=1, keepdims=True)
        rows = np.arange(len(self.labels))
        likelihoods = scores[rows, self.labels] - np.log(sums[:, 0])
        slopes = odds / sums
        slopes[rows, self.labels] -= 1.0
        slopes *= self.shares[:, None]
        held = self.penalty
        loss = -float(self.shares @ likelihoods) + 0.5 * float(
            held.weights * (weights**2).sum()
            + held.biases * (biases**2).sum()
            + held.sources * (sources**2).sum()
        )
        gradient = np.vstack(
            [
                self.spread * (self.transposed @ slopes) + held.weights * weights,
                slopes.sum(axis=0, keepdims=True) + held.biases * biases,
                self.members @ slopes + held.sources * sources,
            ]
        )
        return loss, gradient.ravel()
