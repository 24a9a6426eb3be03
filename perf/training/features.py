"""Messages as the analyser sees them: sparse features, and what the cues say already."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np
from ion_resonance.cues import search, totals, without
from ion_resonance.familiar import in_small_letters
from ion_resonance.grams import BUCKETS
from ion_resonance.model import feature_buckets
from ion_resonance.rhythm import measure, rhythm
from ion_resonance.voice import voice_of
from numpy.typing import NDArray
from scipy import sparse

from ion_framework import Pace
from perf.training.corpus import LABELS, Message

Matrix = NDArray[np.float64]


@attrs.frozen(eq=False)
class Table:
    """Messages ready to be fitted.

    Attributes:
        messages: the messages.
        counts: a row per message, a column per bucket.
        cues: a row per message, the cues' total for each label.
        labels: the number of each message's label.
        small: which messages are in small letters.
        uneven: which messages have another pace than medium.
    """

    messages: tuple[Message, ...]
    counts: sparse.csr_matrix
    cues: Matrix
    labels: NDArray[np.int64]
    small: NDArray[np.bool_]
    uneven: NDArray[np.bool_]

    def take(self, chosen: Sequence[int] | NDArray[np.int64]) -> Table:
        """Some of the messages."""
        places = np.asarray(chosen, dtype=np.int64)
        return Table(
            tuple(self.messages[place] for place in places),
            self.counts[places],
            self.cues[places],
            self.labels[places],
            self.small[places],
            self.uneven[places],
        )

    def where(self, wanted: Sequence[bool]) -> Table:
        """The messages whose flag is set."""
        return self.take(np.flatnonzero(np.asarray(wanted, dtype=bool)))


def table(messages: Sequence[Message], component: str) -> Table:
    """Read the messages as the analyser will."""
    columns: list[int] = []
    ends = [0]
    cues = np.zeros((len(messages), len(LABELS[component])))
    small, uneven = np.zeros((2, len(messages)), dtype=bool)
    for row, message in enumerate(messages):
        surface = voice_of(message.text)
        found, denied = search(surface)
        columns.extend(feature_buckets(without(surface.text, denied)))
        ends.append(len(columns))
        cues[row] = totals(found, component)
        small[row] = in_small_letters(surface)
        connectives = [cue for cue in found if cue.component == "pace"]
        uneven[row] = rhythm(measure(surface), connectives)[0].pace is not Pace.MEDIUM
    shape = (len(messages), BUCKETS)
    counts = sparse.csr_matrix((np.ones(len(columns)), columns, ends), shape=shape)
    counts.sum_duplicates()
    numbers = [LABELS[component].index(message.label) for message in messages]
    labels = np.asarray(numbers, dtype=np.int64)
    return Table(tuple(messages), counts, cues, labels, small, uneven)
