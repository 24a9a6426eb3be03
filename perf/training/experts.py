"""The sides of the model and the gate between them, fitted one after the other.

*mentor* learns from our own messages, *public* from the public data sets, for the intents from our
everyday messages too; the *gate* tells from the same features which of the two a message resembles.
A single model cannot serve both: with the public sources in it messages to a mentor are read worse,
without them posts and spoken sentences are. Of tones the public sources teach little that holds
elsewhere, so there the public side counts in what is written like one of them
(`perf.training.familiar`), and elsewhere the cues decide.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs
import numpy as np
from ion_resonance.familiar import SOURCES
from ion_resonance.grams import BUCKETS, HANGUL_BUCKETS
from scipy import sparse

from perf.training.corpus import LABELS, Message
from perf.training.features import Matrix, Table
from perf.training.fitting import Fit, Penalty, balance, fit

EVERYDAY = "everyday"
"""Our own messages that are not written to a mentor: posts, reviews, talk."""


@attrs.frozen
class Fusion:
    """How the public part of a component is fitted, and how it is added to the cues.

    Chosen so that a source that was left out of the training is read no worse than by the cues
    alone, and the others as well as that permits.

    Attributes:
        penalty: of the fit.
        familiar: it counts where the style is familiar, and each source starts from its own
            biases; it learns from the public sources alone, each within its labels.
        english: factor on the weights of features without Hangul.
        korean: factor on the weights of features with Hangul.
        biases: factor on its biases, or the sources', which mostly say which labels there are.
        neutral: added to the neutral label in the cues' units where the style is not familiar:
            strangers' messages are mostly calm.
        lacking: what a label has that a familiar source lacks.
        uneven: added to the neutral label for a pace that is not medium, except in messages to a
            mentor: the persona for short and long calm messages would be found too seldom.
        shift: added to the gate's score for this component; negative is towards the mentor part.
    """

    penalty: Penalty
    english: float
    korean: float
    biases: float
    familiar: bool = False
    neutral: float = 0.0
    lacking: float = 0.0
    uneven: float = 0.0
    shift: float = 0.0


FUSION = {
    "tone": Fusion(
        Penalty(weights=3e-3, sources=1e-4, steps=60, contrast=0.5),
        english=0.6,
        korean=0.6,
        biases=0.5,
        familiar=True,
        neutral=0.45,
        lacking=-2.0,
        uneven=0.5,
        shift=-1.0,
    ),
    "intent": Fusion(Penalty(weights=1e-3, sources=1e-2), english=1.2, korean=1.5, biases=1.2),
}
NEUTRAL = {"tone": "calm", "intent": "learning"}


@attrs.frozen
class Recipe:
    """What was decided by experiment.

    Attributes:
        mentor: penalty of the mentor part.
        gate: penalty of the gate.
        gate_sharpness: factor on the gate's score.
        gate_shift: added to the gate's score after that; positive is towards the public part.
    """

    mentor: Penalty = attrs.field(factory=Penalty)
    gate: Penalty = attrs.field(factory=lambda: Penalty(weights=3e-4, sources=1e6, steps=80))
    gate_sharpness: float = 1.3
    gate_shift: float = 1.0


@attrs.frozen(eq=False)
class Experts:
    """A fitted model of one component.

    Attributes:
        mentor: the mentor part.
        public: the public part.
        starts: a row per source of `SOURCES`: what each label has in it before a word is read.
            Empty for a component whose public part counts whether or not the style is familiar.
        uneven: added to the neutral label for an uneven pace.
        shift: added to the gate's score.
    """

    mentor: Fit
    public: Fit
    starts: Matrix = attrs.field(factory=lambda: np.zeros((0, 0)))
    uneven: Matrix = attrs.field(factory=lambda: np.zeros(1))
    shift: float = 0.0

    def fused(self, given: Table, gate: Matrix, familiar: Matrix) -> Matrix:
        """The scores of the fused model.

        Args:
            given: the messages.
            gate: the gate's score of each of them.
            familiar: how much each is written like each of `SOURCES`, 0 to 1 together.
        """
        own, words = self.mentor.scores(given), given.counts @ self.public.weights
        share = 1.0 / (1.0 + np.exp(-gate[:, None] - self.shift))
        if not self.starts.size:
            scores = given.cues + (1.0 - share) * own + share * (words + self.public.biases)
            return np.asarray(scores)
        known = familiar.sum(axis=1, keepdims=True)
        strange = (1.0 - known) * share
        mentor = 1.0 - known - strange
        scores = given.cues + mentor * own + strange * self.public.biases
        scores += known * words + familiar @ self.starts
        return np.asarray(scores + (1.0 - mentor) * given.uneven[:, None] * self.uneven)


def fit_experts(given: Table, component: str, recipe: Recipe, own: Sequence[str]) -> Experts:
    """Fit the mentor and the public part of one component.

    Args:
        given: all training messages of the component.
        component: ``"tone"`` or ``"intent"``.
        recipe: how.
        own: names of the sources that are ours.
    """
    use, columns = FUSION[component], len(LABELS[component])
    ours = given.where([message.source in own for message in given.messages])
    mentor = fit(ours, balance(ours.messages), recipe.mentor, within_sources=True, columns=columns)
    public = given.where(
        [
            message.source not in own or (message.source == EVERYDAY and not use.familiar)
            for message in given.messages
        ]
    )
    fitted = fit(
        public,
        balance(public.messages),
        use.penalty,
        within_sources=use.familiar,
        columns=columns,
    )
    return _fused(mentor, fitted, component)


def _fused(mentor: Fit, public: Fit, component: str) -> Experts:
    use, labels = FUSION[component], LABELS[component]
    calm = np.asarray([float(label == NEUTRAL[component]) for label in labels])
    factors = np.full((BUCKETS, 1), use.english)
    factors[HANGUL_BUCKETS:] = use.korean
    weights = public.weights * factors
    if not use.familiar:
        return Experts(mentor, Fit(weights, public.biases * use.biases + use.neutral * calm))
    starts = np.vstack([_starts(public.sources, name, use, len(labels)) for name in SOURCES])
    strange = Fit(weights, use.neutral * calm)
    return Experts(mentor, strange, starts, use.uneven * calm, use.shift)


def _starts(sources: Mapping[str, Matrix], name: str, use: Fusion, columns: int) -> Matrix:
    biases = sources.get(name, np.zeros(columns))
    return np.where(np.isnan(biases), use.lacking, use.biases * biases)


def fit_gate(tables: Sequence[Table], recipe: Recipe, mentor: Sequence[str]) -> Fit:
    """Fit the gate on the messages of both components.

    Args:
        tables: the messages of each component.
        recipe: how.
        mentor: names of the sources whose messages are written to a mentor.
    """
    given = distinct(tables, mentor)
    sides = [attrs.evolve(each, source="") for each in given.messages]
    marked = attrs.evolve(given, messages=tuple(sides))
    shares = balance([_side(each, mentor) for each in given.messages])
    both = fit(marked, shares, recipe.gate, within_sources=False, columns=2)
    sharp = recipe.gate_sharpness
    return Fit(
        sharp * (both.weights[:, 1:] - both.weights[:, :1]),
        sharp * (both.biases[1:] - both.biases[:1]) + recipe.gate_shift,
    )


def distinct(tables: Sequence[Table], mentor: Sequence[str]) -> Table:
    """The messages of all tables, each text once, labelled by the side that they are on."""
    messages = [message for each in tables for message in each.messages]
    counts = sparse.vstack([each.counts for each in tables]).tocsr()
    first = {message.text: place for place, message in reversed(list(enumerate(messages)))}
    places = sorted(first.values())
    kept = tuple(messages[place] for place in places)
    public = np.asarray([message.source not in mentor for message in kept], dtype=np.int64)
    small = np.concatenate([each.small for each in tables])[places]
    uneven = np.concatenate([each.uneven for each in tables])[places]
    return Table(kept, counts[places], np.zeros((len(kept), 2)), public, small, uneven)


def _side(message: Message, mentor: Sequence[str]) -> Message:
    """The message with its side for a label, so that both sides weigh the same."""
    side = "mentor" if message.source in mentor else "public"
    return attrs.evolve(message, label=side, source=side)
