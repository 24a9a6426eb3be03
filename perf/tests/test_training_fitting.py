"""Fitting: the function that is minimised, what is kept apart, and what a message weighs."""

from collections import Counter, defaultdict

import attrs
import numpy as np
import pytest
from scipy import sparse
from scipy.optimize import approx_fprime

from perf.training.corpus import Message
from perf.training.features import Table
from perf.training.fitting import Penalty, _groups, _members, _Problem, balance, fit

LABELS = 4
MARK = 5
"""The bucket of the word that every message of one source has."""


def tiny(*, messages: int = 40, seed: int = 3) -> Table:
    """Messages of two sources with two labels each; bucket `MARK` is in all of the second."""
    draw = np.random.default_rng(seed)
    labels = np.arange(messages) % LABELS
    sources = ["first" if label < LABELS // 2 else "second" for label in labels]
    counts = draw.integers(0, 2, (messages, MARK + 1)).astype(float)
    counts[:, 0] = labels % 2
    counts[:, MARK] = [source == "second" for source in sources]
    texts = [
        Message(f"message {place}", "en", str(label), source)
        for place, (label, source) in enumerate(zip(labels, sources, strict=True))
    ]
    cues = draw.normal(size=(messages, LABELS))
    no = np.zeros(messages, dtype=bool)
    return Table(tuple(texts), sparse.csr_matrix(counts), cues, labels, no, no)


def same(given: Table) -> np.ndarray:
    """One weight for every message."""
    return np.ones(len(given.messages))


@pytest.mark.parametrize("within_sources", [False, True])
def test_the_gradient_agrees_with_finite_differences(within_sources: bool):
    """The gradient is that of the loss, with every penalty and with weights of the messages."""
    given = tiny()
    groups, allowed = _groups(given, LABELS)
    draw = np.random.default_rng(5)
    problem = _Problem(
        counts=given.counts,
        transposed=given.counts.T.tocsr(),
        offsets=given.cues + (np.where(allowed[groups], 0.0, -1e9) if within_sources else 0.0),
        labels=given.labels,
        shares=draw.dirichlet(same(given)),
        groups=groups,
        members=_members(groups),
        penalty=Penalty(weights=0.1, sources=0.2, biases=0.3),
        columns=LABELS,
        spread=draw.uniform(0.5, 2.0, (MARK + 1, LABELS)),
    )
    place = draw.normal(size=(MARK + 1 + 1 + len(allowed)) * LABELS)

    numerical = approx_fprime(place, lambda vector: problem(vector)[0], 1e-6)

    assert np.abs(problem(place)[1] - numerical).max() < 1e-5
    assert np.abs(numerical).max() > 1e-2


def test_a_word_that_only_marks_its_source_gets_no_weight():
    """Told apart within sources, a source's habit weighs nothing; across sources it does."""
    given = without_noise(tiny())
    held = Penalty(weights=1e-3, sources=10.0, steps=500)

    within = fit(given, same(given), held, within_sources=True, columns=LABELS)
    across = fit(given, same(given), held, within_sources=False, columns=LABELS)

    assert np.abs(within.weights[MARK]).max() < 1e-6
    assert across.weights[MARK, 2:].min() > 1.0
    assert np.abs(within.weights[0]).min() > 1.0


def test_the_biases_of_the_sources_are_kept():
    """Of each source it is known how much each of its labels has, and that it lacks the others."""
    within = fit(tiny(), same(tiny()), Penalty(), within_sources=True, columns=LABELS)

    assert {"first", "second"} == within.sources.keys()
    assert [False, False, True, True] == list(np.isnan(within.sources["first"]))
    assert [True, True, False, False] == list(np.isnan(within.sources["second"]))


def test_contrast_spares_the_words_that_tell_labels_apart():
    """With contrast a word that tells labels apart outweighs noise by more than without."""
    given = tiny(messages=200)
    outweighed = []
    for contrast in (0.0, 1.0):
        held = Penalty(weights=0.05, contrast=contrast)
        weights = np.abs(fit(given, same(given), held, within_sources=True, columns=LABELS).weights)
        outweighed.append(weights[0].mean() / weights[1:MARK].mean())

    assert outweighed[1] > 1.5 * outweighed[0]


def without_noise(given: Table) -> Table:
    """The messages with the marking word, one word for odd and one for even labels, and no cues."""
    odd = given.labels % 2
    words = np.zeros(given.counts.shape)
    words[:, 0], words[:, 1], words[:, MARK] = odd, 1 - odd, given.labels >= LABELS // 2
    return attrs.evolve(given, counts=sparse.csr_matrix(words), cues=np.zeros_like(given.cues))


def without_cues(given: Table) -> Table:
    """The messages as if no cue had been found in them."""
    return attrs.evolve(given, cues=np.zeros_like(given.cues))


def test_what_the_cues_say_is_not_learned_again():
    """Where the cues tell the labels already, the weights stay smaller than without cues."""
    silent = without_cues(tiny())
    telling = attrs.evolve(silent, cues=9.0 * np.eye(LABELS)[silent.labels])
    largest = [
        np.abs(
            fit(given, same(given), Penalty(), within_sources=False, columns=LABELS).weights
        ).max()
        for given in (silent, telling)
    ]

    assert largest[1] < 0.05 * largest[0]


def test_fitting_twice_gives_the_same_weights():
    """The same messages give the same weights to the last bit."""
    first, second = (
        fit(tiny(), same(tiny()), Penalty(), within_sources=True, columns=LABELS) for _ in range(2)
    )

    assert first.weights.tobytes() == second.weights.tobytes()
    assert first.biases.tobytes() == second.biases.tobytes()


def corpus(groups: dict[tuple[str, str, str], int]) -> list[Message]:
    """So many messages of a language, source and label."""
    return [
        Message("text", language, label, source)
        for (language, source, label), count in groups.items()
        for _ in range(count)
    ]


def test_labels_and_sources_have_their_shares():
    """Labels weigh the same in each language, and sources the same within a label."""
    messages = corpus(
        {
            ("en", "a", "calm"): 200,
            ("en", "b", "calm"): 600,
            ("en", "a", "urgent"): 300,
            ("ko", "c", "calm"): 250,
        }
    )

    labels: dict[tuple[str, str], float] = defaultdict(float)
    sources: Counter[str] = Counter()
    for message, mass in zip(messages, balance(messages), strict=True):
        labels[message.language, message.label] += mass
        sources[message.source] += mass if message.label == "calm" else 0.0

    assert labels == pytest.approx({("en", "calm"): 1, ("en", "urgent"): 1, ("ko", "calm"): 1})
    assert sources == pytest.approx({"a": 0.5, "b": 0.5, "c": 1})


def test_small_groups_and_other_shares():
    """A group of fewer than 200 messages weighs less, and a source can be given more weight."""
    messages = corpus(
        {("en", "a", "calm"): 200, ("en", "b", "calm"): 100, ("en", "a", "urgent"): 20}
    )
    shares = balance(messages)
    preferred = balance(messages, own_share=4.0, own="b")

    assert [2 / 3, 1 / 3, 0.1] == pytest.approx(
        [shares[:200].sum(), shares[200:300].sum(), shares[300:].sum()]
    )
    assert [1 / 3, 2 / 3] == pytest.approx([preferred[:200].sum(), preferred[200:300].sum()])
