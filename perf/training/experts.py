"""The three parts of the model, fitted one after the other.

*mentor* learns from our own messages, *public* from the public data sets and from our everyday
ones; the *gate* tells from the same features which of the two a message resembles. A single model
cannot serve both: with the public sources in it messages to a mentor are read worse, without them
posts and spoken sentences are.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np
from ion_resonance.grams import BUCKETS, HANGUL_BUCKETS
from scipy import sparse

from perf.training.corpus import LABELS, Message
from perf.training.features import Matrix, Table
from perf.training.fitting import Fit, Penalty, balance, fit

EVERYDAY = "everyday"
"""Our own messages that are not written to a mentor: posts, reviews, talk."""


@attrs.frozen
class Fusion:
    """How the public part of a component is added to the cues.

    Chosen so that a source that was left out of the training is read hardly worse than by the cues
    alone, and the others as well as that permits.

    Attributes:
        english: factor on the weights of features without Hangul.
        korean: factor on the weights of features with Hangul.
        biases: factor on its biases, which mostly say which labels the sources have.
        neutral: added to the neutral label in the cues' units: strangers' messages are mostly calm.
    """

    english: float
    korean: float
    biases: float
    neutral: float


FUSION = {"tone": Fusion(0.23, 0.4, 0.15, 0.3), "intent": Fusion(1.2, 1.5, 1.2, 0.0)}
NEUTRAL = {"tone": "calm", "intent": "learning"}


@attrs.frozen
class Recipe:
    """What was decided by experiment.

    Attributes:
        mentor: penalty of the mentor part.
        public: penalty of the public part.
        gate: penalty of the gate.
        gate_sharpness: factor on the gate's score.
        gate_shift: added to the gate's score after that; positive is towards the public part.
    """

    mentor: Penalty = attrs.field(factory=Penalty)
    public: Penalty = attrs.field(factory=lambda: Penalty(weights=1e-3, sources=1e-2))
    gate: Penalty = attrs.field(factory=lambda: Penalty(weights=3e-4, sources=1e6, steps=80))
    gate_sharpness: float = 1.3
    gate_shift: float = 1.0


@attrs.frozen(eq=False)
class Experts:
    """A fitted model of one component; the gate has one column."""

    mentor: Fit
    public: Fit

    def fused(self, given: Table, gate: Matrix) -> Matrix:
        """The scores of the fused model.

        Args:
            given: the messages.
            gate: how much each of them resembles the public sources, 0 to 1.
        """
        share = gate[:, None]
        return (
            given.cues
            + (1.0 - share) * self.mentor.scores(given)
            + share * self.public.scores(given)
        )


def fit_experts(given: Table, component: str, recipe: Recipe, own: Sequence[str]) -> Experts:
    """Fit the mentor and the public part of one component.

    Args:
        given: all training messages of the component.
        component: ``"tone"`` or ``"intent"``.
        recipe: how.
        own: names of the sources that are ours.
    """
    columns = len(LABELS[component])
    ours = given.where([message.source in own for message in given.messages])
    public = given.where(
        [message.source not in own or message.source == EVERYDAY for message in given.messages]
    )
    mentor_fit = fit(
        ours, balance(ours.messages), recipe.mentor, within_sources=True, columns=columns
    )
    public_fit = fit(
        public, balance(public.messages), recipe.public, within_sources=False, columns=columns
    )
    return Experts(mentor_fit, _fused(public_fit, component))


def _fused(public: Fit, component: str) -> Fit:
    use = FUSION[component]
    neutral = np.zeros(len(LABELS[component]))
    neutral[LABELS[component].index(NEUTRAL[component])] = use.neutral
    factors = np.full((BUCKETS, 1), use.english)
    factors[HANGUL_BUCKETS:] = use.korean
    return Fit(public.weights * factors, public.biases * use.biases + neutral)


def fit_gate(tables: Sequence[Table], recipe: Recipe, mentor: Sequence[str]) -> Fit:
    """Fit the gate on the messages of both components.

    Args:
        tables: the messages of each component.
        recipe: how.
        mentor: names of the sources whose messages are written to a mentor.
    """
    given = _distinct(tables, mentor)
    sides = [attrs.evolve(each, source="") for each in given.messages]
    marked = attrs.evolve(given, messages=tuple(sides))
    shares = balance([_side(each, mentor) for each in given.messages])
    both = fit(marked, shares, recipe.gate, within_sources=False, columns=2)
    sharp = recipe.gate_sharpness
    return Fit(
        sharp * (both.weights[:, 1:] - both.weights[:, :1]),
        sharp * (both.biases[1:] - both.biases[:1]) + recipe.gate_shift,
    )


def gate_shares(gate: Fit, given: Table) -> Matrix:
    """How much each message resembles the public sources, 0 to 1."""
    scores = given.counts @ gate.weights[:, 0] + gate.biases[0]
    return np.asarray(1.0 / (1.0 + np.exp(-scores)))


def _distinct(tables: Sequence[Table], mentor: Sequence[str]) -> Table:
    """The messages of all tables, each text once, labelled by the side that they are on."""
    messages = [message for each in tables for message in each.messages]
    counts = sparse.vstack([each.counts for each in tables]).tocsr()
    first = {message.text: place for place, message in reversed(list(enumerate(messages)))}
    places = sorted(first.values())
    kept = tuple(messages[place] for place in places)
    public = np.asarray([message.source not in mentor for message in kept], dtype=np.int64)
    return Table(kept, counts[places], np.zeros((len(kept), 2)), public)


def _side(message: Message, mentor: Sequence[str]) -> Message:
    """The message with its side for a label, so that both sides weigh the same."""
    side = "mentor" if message.source in mentor else "public"
    return attrs.evolve(message, label=side, source=side)
