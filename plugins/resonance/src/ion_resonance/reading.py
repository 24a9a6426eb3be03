"""What the linear model says of one message, value by value and word by word."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import accumulate
from math import exp
from typing import NamedTuple

import attrs

from ion_framework import Intent, Tone

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

_BYTES = LANE * LANES

FIRST_LANE = dict(zip(COLUMNS, accumulate(COLUMNS.values(), initial=0), strict=False))
"""The first lane of each table."""

_NAMES = {(side, part): f"{side}-{part}" for side in SIDES for part in VALUES}

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
    """What the words of a message add to the scores, place by place.

    Attributes:
        places: where on the surface each word starts and where it ends; ``don't`` is one place,
            though two words.
        sums: the lanes of each, every lane with `BIAS` for every feature: the word, its pieces and
            the pair that it ends. The last has the pair that it begins, too.
        features: how many features those are the sum of.
    """

    places: Sequence[tuple[int, int]]
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
        every = BIAS * sum(parts.features)
        self._totals = [lane - every for lane in _lanes([sum(parts.sums)])]
        gate = tables[GATE]
        score = gate.biases[0] + gate.scale * self._totals[gate.lane]
        self.gate = 1.0 / (1.0 + exp(-min(max(score, -_FLATTEST), _FLATTEST)))
        self._shares = (SIDES[0], 1.0 - self.gate), (SIDES[1], self.gate)
        self._sides = {
            part: [(share, tables[_NAMES[side, part]]) for side, share in self._shares]
            for part in VALUES
        }

    @cached_property
    def _lanes(self) -> array[int]:
        return _lanes(self._parts.sums)

    def scores(self, component: str) -> list[float]:
        """The score of each value, in the order of `VALUES` and in the units of the cues."""
        (share, one), (other_share, other) = self._sides[component]
        scale, other_scale = share * one.scale, other_share * other.scale
        size = len(one.biases)
        return [
            share * bias + other_share * other_bias + (scale * lane + other_scale * other_lane)
            for bias, other_bias, lane, other_lane in zip(
                one.biases,
                other.biases,
                self._totals[one.lane : one.lane + size],
                self._totals[other.lane : other.lane + size],
                strict=True,
            )
        ]

    def bias(self, component: str, place: int) -> float:
        """What a value has before a word is read."""
        (share, one), (other_share, other) = self._sides[component]
        return share * one.biases[place] + other_share * other.biases[place]

    def temperature(self, component: str) -> float:
        """What the scores of this message are divided by for a probability."""
        return sum(share * self._temperatures[side][component] for side, share in self._shares)

    def contributions(self, component: str, value: str) -> Iterator[tuple[tuple[int, int], float]]:
        """What the words at each place add to the score of a value."""
        place = VALUES[component].index(value)
        (share, one), (other_share, other) = self._sides[component]
        scale, other_scale = share * one.scale, other_share * other.scale
        lanes = self._lanes
        every = BIAS * (scale + other_scale)
        weights = [
            scale * lane + other_scale * other_lane - every * features
            for lane, other_lane, features in zip(
                lanes[one.lane + place :: LANES],
                lanes[other.lane + place :: LANES],
                self._parts.features,
                strict=True,
            )
        ]
        return zip(self._parts.places, weights, strict=True)


def _lanes(sums: Sequence[int]) -> array[int]:
    """The lanes of some sums, one sum behind the other."""
    found = array("I", b"".join([each.to_bytes(_BYTES, "little") for each in sums]))
    if sys.byteorder == "big":
        found.byteswap()
    return found
