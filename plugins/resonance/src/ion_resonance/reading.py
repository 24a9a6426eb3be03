"""What the linear model says of one message, value by value and word by word."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple

import attrs

from ion_framework import Intent, Tone
from ion_resonance.familiar import LENIENCE, SOURCES, Known, Style, logistic

LANE = array("I").itemsize
"""Bytes of a lane: four, room for more features of a byte each than a message can have, and a size
at which all lanes are read at once."""

VALUES: Mapping[str, tuple[str, ...]] = {"tone": tuple(Tone), "intent": tuple(Intent)}
"""The values of each component, in the order of the columns."""

SIDES = ("mentor", "public")
GATE = "gate"
FAMILIAR = "familiar"
COLUMNS: Mapping[str, int] = {
    **{f"{side}-{component}": len(VALUES[component]) for side in SIDES for component in VALUES},
    GATE: 1,
    FAMILIAR: len(SOURCES),
}
"""The tables of the model with their number of columns, in the order of their lanes; `FAMILIAR` has
the last ones."""

LANES = sum(COLUMNS.values())
"""How many lanes there are."""

_BYTES = LANE * LANES

FIRST_LANE = dict(zip(COLUMNS, accumulate(COLUMNS.values(), initial=0), strict=False))
"""The first lane of each table."""

BIAS = 128
"""What is added to a signed byte, so that a lane never falls below zero."""

FAMILIAR_STYLE = "familiar style"
UNEVEN_PACE = "uneven pace"
"""Names of what the style of a message adds, in the evidence."""

_NAMES = {part: (f"{SIDES[0]}-{part}", f"{SIDES[1]}-{part}") for part in VALUES}
_CALM = VALUES["tone"].index(Tone.CALM)


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
        known: what is known of the familiar sources.
        parts: what the words add.
        style: what else tells the style of the message.

    Attributes:
        gate: how much the message resembles the public sources, 0 to 1.
        familiar: how much it is written like each of the familiar sources, together 0 to 1.
    """

    def __init__(
        self,
        tables: Mapping[str, Table],
        temperatures: Mapping[str, Mapping[str, float]],
        known: Known,
        parts: Parts,
        style: Style,
    ) -> None:
        self._tables = tables
        self._temperatures = temperatures
        self._known = known
        self._parts = parts
        self._even = style.even
        every = BIAS * sum(parts.features)
        self._totals = [lane - every for lane in _lanes([sum(parts.sums)])]
        gate, familiar = tables[GATE], tables[FAMILIAR]
        score = gate.biases[0] + gate.scale * self._totals[gate.lane]
        self.gate = logistic(score)
        scale, lanes = familiar.scale, self._totals[familiar.lane :]
        styles = [bias + scale * lane for bias, lane in zip(familiar.biases, lanes, strict=True)]
        self.familiar = known.shares(styles, small=style.small)
        if any(self.familiar):
            lenient = logistic(score + LENIENCE)
            self.familiar = [share * lenient for share in self.familiar]
        self._known_share = share = sum(self.familiar)
        strange = (1.0 - share) * logistic(score + known.shift)
        # Per component how much the mentor side counts, the words of the public side, and what the
        # public side has before a word is read.
        self._shares = {
            "tone": (1.0 - share - strange, share, strange),
            "intent": (1.0 - self.gate, self.gate, self.gate),
        }

    @cached_property
    def _lanes(self) -> array[int]:
        return _lanes(self._parts.sums)

    def scores(self, component: str) -> list[float]:
        """The score of each value, in the order of `VALUES` and in the units of the cues."""
        mentor, public, start = self._shares[component]
        one, other = self._sides(component)
        scale, other_scale = mentor * one.scale, public * other.scale
        size = len(one.biases)
        scores = [
            mentor * bias + start * other_bias + (scale * lane + other_scale * other_lane)
            for bias, other_bias, lane, other_lane in zip(
                one.biases,
                other.biases,
                self._totals[one.lane : one.lane + size],
                self._totals[other.lane : other.lane + size],
                strict=True,
            )
        ]
        if component == "tone":
            if self._known_share:
                for place, score in enumerate(scores):
                    scores[place] = score + self._familiar_start(place)
            scores[_CALM] += self._uneven()
        return scores

    def bias(self, component: str, place: int) -> float:
        """What a value has before a word is read, whatever the style."""
        mentor, _, start = self._shares[component]
        one, other = self._sides(component)
        return mentor * one.biases[place] + start * other.biases[place]

    def style(self, component: str, place: int) -> tuple[tuple[str, float], ...]:
        """What a value has for the style of the message, by name."""
        if component != "tone":
            return ()
        start = self._familiar_start(place) if self._known_share else 0.0
        uneven = self._uneven() if place == _CALM else 0.0
        return (FAMILIAR_STYLE, start), (UNEVEN_PACE, uneven)

    def temperature(self, component: str) -> float:
        """What the scores of this message are divided by for a probability."""
        mentor = self._shares[component][0]
        one, other = SIDES
        heats = self._temperatures
        return mentor * heats[one][component] + (1.0 - mentor) * heats[other][component]

    def contributions(self, component: str, value: str) -> Iterator[tuple[tuple[int, int], float]]:
        """What the words at each place add to the score of a value."""
        place = VALUES[component].index(value)
        mentor, public, _ = self._shares[component]
        one, other = self._sides(component)
        scale, other_scale = mentor * one.scale, public * other.scale
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

    def _uneven(self) -> float:
        """What calm has for a pace that is not medium; nothing in a message to a mentor."""
        return 0.0 if self._even else (1.0 - self._shares["tone"][0]) * self._known.uneven

    def _familiar_start(self, place: int) -> float:
        """What a tone has in the sources that the message is written like."""
        pairs = zip(self.familiar, self._known.starts, strict=True)
        return sum([share * starts[place] for share, starts in pairs])

    def _sides(self, component: str) -> tuple[Table, Table]:
        one, other = _NAMES[component]
        return self._tables[one], self._tables[other]


def _lanes(sums: Sequence[int]) -> array[int]:
    """The lanes of some sums, one sum behind the other."""
    found = array("I", b"".join([each.to_bytes(_BYTES, "little") for each in sums]))
    if sys.byteorder == "big":
        found.byteswap()
    return found
