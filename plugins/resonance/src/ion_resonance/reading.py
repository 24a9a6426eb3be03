"""What the linear model says of one message, value by value and word by word."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from math import exp
from typing import NamedTuple

import attrs

from ion_framework import Intent, Tone
from ion_resonance.grams import Word

LANE = array("I").itemsize
"""Bytes of a lane: four, room for more features of a byte each than a message can have, and a size
at which all lanes are read at once."""

VALUES: Mapping[str, tuple[str, ...]] = {"tone": tuple(Tone), "intent": tuple(Intent)}
"""The values of each component, in the order of the columns."""

SIDES = ("mentor", "public")
GATE = "gate"
COLUMNS: Mapping[str, int] = {
    **{f"{side}-{component}": len(VALUES[component]) for side in SIDES for component in VALUES},
    GATE: 1,
}
"""The tables of the model with their number of columns, in the order of their lanes."""

LANES = sum(COLUMNS.values())
"""How many lanes there are."""

FIRST_LANE = dict(zip(COLUMNS, accumulate(COLUMNS.values(), initial=0), strict=False))
"""The first lane of each table."""

BIAS = 128
"""What is added to a signed byte, so that a lane never falls below zero."""

_FLATTEST = 30.0


@attrs.frozen
class Table:
    """The numbers of one table that are no bytes.

    Attributes:
        scale: what one unit of a byte is worth.
        biases: a constant per column.
        lane: number of its first lane.
    """

    scale: float
    biases: tuple[float, ...]
    lane: int


class Parts(NamedTuple):
    """What the words of a message add to the scores, each with the pair that it ends.

    Attributes:
        words: the words; the last comes again for the pair that it begins.
        sums: the lanes of each, every lane with `BIAS` for every feature.
        features: how many features those are the sum of.
    """

    words: Sequence[Word]
    sums: Sequence[int]
    features: Sequence[int]


class Reading:
    """What the model says of one message.

    Args:
        tables: the tables of the model.
        temperatures: per side and component, what scores are divided by for a probability.
        parts: what the words add.

    Attributes:
        gate: how much the message resembles the public sources, 0 to 1.
    """

    def __init__(
        self,
        tables: Mapping[str, Table],
        temperatures: Mapping[str, Mapping[str, float]],
        parts: Parts,
    ) -> None:
        self._tables = tables
        self._temperatures = temperatures
        self._parts = parts
        self._lanes = _lanes(parts.sums)
        every = BIAS * sum(parts.features)
        self._totals = [lane - every for lane in _lanes([sum(parts.sums)])]
        gate = tables[GATE]
        score = gate.biases[0] + gate.scale * self._totals[gate.lane]
        self.gate = 1.0 / (1.0 + exp(-min(max(score, -_FLATTEST), _FLATTEST)))
        self._shares = (SIDES[0], 1.0 - self.gate), (SIDES[1], self.gate)

    def scores(self, component: str) -> list[float]:
        """The score of each value, in the order of `VALUES` and in the units of the cues."""
        size = len(VALUES[component])
        biases, totals = [0.0] * size, [0.0] * size
        for share, table in self._sides(component):
            lanes = self._totals[table.lane : table.lane + size]
            biases = [bias + share * each for bias, each in zip(biases, table.biases, strict=True)]
            scale = share * table.scale
            totals = [total + scale * lane for total, lane in zip(totals, lanes, strict=True)]
        return [bias + total for bias, total in zip(biases, totals, strict=True)]

    def bias(self, component: str, place: int) -> float:
        """What a value has before a word is read."""
        return sum(share * table.biases[place] for share, table in self._sides(component))

    def temperature(self, component: str) -> float:
        """What the scores of this message are divided by for a probability."""
        return sum(share * self._temperatures[side][component] for side, share in self._shares)

    def contributions(self, component: str, value: str) -> Iterator[tuple[Word, float]]:
        """What each word adds to the score of a value."""
        place = VALUES[component].index(value)
        biases = [BIAS * features for features in self._parts.features]
        weights = [0.0] * len(biases)
        for share, table in self._sides(component):
            lanes = self._lanes[table.lane + place :: LANES]
            scale = share * table.scale
            weights = [
                weight + scale * (lane - bias)
                for weight, lane, bias in zip(weights, lanes, biases, strict=True)
            ]
        return zip(self._parts.words, weights, strict=True)

    def _sides(self, component: str) -> list[tuple[float, Table]]:
        return [(share, self._tables[f"{side}-{component}"]) for side, share in self._shares]


def _lanes(sums: Sequence[int]) -> array[int]:
    """The lanes of some sums, one sum behind the other."""
    found = array("I", b"".join([each.to_bytes(LANE * LANES, "little") for each in sums]))
    if sys.byteorder == "big":
        found.byteswap()
    return found
