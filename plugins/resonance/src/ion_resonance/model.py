"""The linear model: what the pieces of words say beyond the cues.

It has two sides. *mentor* was trained on messages written to a mentor, *public* on posts, reviews,
meetings and requests; the *gate* tells from the same features how much a message resembles the
public sources. Per value (9 tones, 6 intents) each side holds one signed byte for every bucket of
`ion_resonance.grams`. With g for the gate's share and the sums over a message's features

    score = (1 - g) * (mentor bias + mentor scale * sum) + g * (public bias + public scale * sum)

in the units of the cues. ``perf.training`` writes the files; ``weights/model.toml`` says from which
data and under which licences.

The bytes of a bucket are kept as one integer with a lane of `LANE` bytes for each value, so that one
addition adds them all, and the sum of a word is remembered: words come again, messages do not.
"""

from __future__ import annotations

import hashlib
import tomllib
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from itertools import accumulate
from math import exp
from typing import Any, NamedTuple

import attrs

from ion_framework import Intent, Tone
from ion_resonance.grams import BUCKETS, END, START, Word, pair_bucket, word_buckets, words

LANE = 3
"""Bytes of a lane: room for 65,793 features of a byte each, more than a message can have."""

REMEMBERED = 4096
"""Words whose sums are kept, about a megabyte; then they are forgotten all at once."""

VALUES: Mapping[str, tuple[str, ...]] = {"tone": tuple(Tone), "intent": tuple(Intent)}
"""The values of each component, in the order of the columns."""

SIDES = ("mentor", "public")
GATE = "gate"
COLUMNS: Mapping[str, int] = {
    **{f"{side}-{component}": len(VALUES[component]) for side in SIDES for component in VALUES},
    GATE: 1,
}
"""The tables of the model with their number of columns, in the order of their lanes."""

_BIAS = 128
_BITS = 8 * LANE
_MASK = (1 << _BITS) - 1
_FIRST_LANE = dict(zip(COLUMNS, accumulate(COLUMNS.values(), initial=0), strict=False))
_FLATTEST = 30.0


class ModelError(ValueError):
    """The packaged model cannot be used; says which file and why."""


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


@attrs.frozen
class Source:
    """A data set that weights were trained on.

    Attributes:
        name: as in the ``source`` column of the training files.
        origin: where it is from.
        licence: SPDX expression.
        tone: how many messages the tones were learned from.
        intent: how many messages the intents were learned from.
    """

    name: str
    origin: str
    licence: str
    tone: int
    intent: int


class Part(NamedTuple):
    """What one word, with the pair that it ends, adds to the scores.

    Attributes:
        word: the word.
        sums: the lanes, each with `_BIAS` for every feature.
        features: how many features they are the sum of.
    """

    word: Word
    sums: int
    features: int


class LinearModel:
    """The weights, ready to be added up.

    Args:
        rows: one integer per bucket, with a lane per column of `COLUMNS`.
        tables: the tables by name.
        temperatures: per side and component, what the scores are divided by for a probability.
    """

    def __init__(
        self,
        rows: Sequence[int],
        tables: Mapping[str, Table],
        temperatures: Mapping[str, Mapping[str, float]],
    ) -> None:
        self._rows = rows
        self._tables = tables
        self._temperatures = temperatures
        self._known: dict[str, tuple[int, int]] = {}

    def read(self, text: str) -> Reading:
        """Read a surface."""
        parts = self._parts(words(text))
        sums = sum(part.sums for part in parts)
        features = sum(part.features for part in parts)
        return Reading(self._tables, self._temperatures, parts, sums, features)

    def _parts(self, found: Iterable[Word]) -> list[Part]:
        """What each word of a message adds, every word and every pair counted once."""
        parts: list[Part] = []
        seen: set[str] = set()
        left = START
        last = None
        for word in found:
            sums, features = (0, 0) if word.form in seen else self._word(word.form)
            seen.add(word.form)
            sums, features = self._paired(left, word.form, seen, sums, features)
            parts.append(Part(word, sums, features))
            left, last = word.form, word
        if last is not None:
            parts.append(Part(last, *self._paired(left, END, seen, 0, 0)))
        return parts

    def _paired(
        self, left: str, right: str, seen: set[str], sums: int, features: int
    ) -> tuple[int, int]:
        pair = f"{left} {right}"
        if pair in seen:
            return sums, features
        seen.add(pair)
        return sums + self._rows[pair_bucket(pair)], features + 1

    def _word(self, form: str) -> tuple[int, int]:
        known = self._known.get(form)
        if known is None:
            buckets = word_buckets(form)
            known = sum(map(self._rows.__getitem__, buckets)), len(buckets)
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            self._known[form] = known
        return known


class Reading:
    """What the model says of one message.

    Attributes:
        gate: how much the message resembles the public sources, 0 to 1.
    """

    def __init__(
        self,
        tables: Mapping[str, Table],
        temperatures: Mapping[str, Mapping[str, float]],
        parts: Sequence[Part],
        sums: int,
        features: int,
    ) -> None:
        self._tables = tables
        self._temperatures = temperatures
        self._parts = parts
        self._sums = sums
        self._features = features
        gate = tables[GATE]
        score = gate.biases[0] + gate.scale * _lane(sums, features, gate.lane)
        self.gate = 1.0 / (1.0 + exp(-min(max(score, -_FLATTEST), _FLATTEST)))
        self._shares = (SIDES[0], 1.0 - self.gate), (SIDES[1], self.gate)

    def scores(self, component: str) -> list[float]:
        """The score of each value, in the order of `VALUES` and in the units of the cues."""
        return [
            self.bias(component, place) + self._weighted(component, place, self._sums, self._features)
            for place in range(len(VALUES[component]))
        ]

    def bias(self, component: str, place: int) -> float:
        """What a value has before a word is read."""
        return sum(
            share * self._tables[f"{side}-{component}"].biases[place]
            for side, share in self._shares
        )

    def temperature(self, component: str) -> float:
        """What the scores of this message are divided by for a probability."""
        return sum(share * self._temperatures[side][component] for side, share in self._shares)

    def contributions(self, component: str, value: str) -> Iterator[tuple[Word, float]]:
        """What each word adds to the score of a value."""
        place = VALUES[component].index(value)
        for word, sums, features in self._parts:
            yield word, self._weighted(component, place, sums, features)

    def _weighted(self, component: str, place: int, sums: int, features: int) -> float:
        total = 0.0
        for side, share in self._shares:
            table = self._tables[f"{side}-{component}"]
            total += share * table.scale * _lane(sums, features, table.lane + place)
        return total


def feature_buckets(text: str) -> list[int]:
    """The buckets of a surface's features, every word and every pair once.

    A bucket comes as often as features share it; that is what `LinearModel` adds up.
    """
    found = [word.form for word in words(text)]
    buckets = [bucket for form in dict.fromkeys(found) for bucket in word_buckets(form)]
    if found:
        pairs = zip([START, *found], [*found, END], strict=True)
        buckets += [pair_bucket(pair) for pair in dict.fromkeys(map(" ".join, pairs))]
    return buckets


def _lane(sums: int, features: int, lane: int) -> int:
    return ((sums >> _BITS * lane) & _MASK) - _BIAS * features


@cache
def model() -> LinearModel:
    """The packaged model, read once.

    Raises:
        ModelError: a file is missing, or is not the one that ``model.toml`` names.
    """
    described = _described()
    return assembled(described, {name: _column_bytes(name, described) for name in COLUMNS})


def assembled(described: Mapping[str, Any], columns: Mapping[str, bytes]) -> LinearModel:
    """A model from its description and the bytes of its tables, one column after the other."""
    width = LANE * sum(COLUMNS.values())
    buffer = bytearray(BUCKETS * width)
    tables: dict[str, Table] = {}
    for name, count in COLUMNS.items():
        stated, lane = described["tables"][name], _FIRST_LANE[name]
        tables[name] = Table(stated["scale"], tuple(stated["biases"]), lane)
        unsigned = columns[name].translate(_UNSIGNED)
        for place in range(count):
            column = unsigned[place * BUCKETS : (place + 1) * BUCKETS]
            buffer[(lane + place) * LANE :: width] = column
    rows = [
        int.from_bytes(buffer[start : start + width], "little")
        for start in range(0, len(buffer), width)
    ]
    return LinearModel(rows, tables, described["temperatures"])


_UNSIGNED = bytes((byte + _BIAS) % 256 for byte in range(256))
"""From a signed byte to an unsigned one that is `_BIAS` larger."""


@cache
def provenance() -> tuple[Source, ...]:
    """The data sets behind the packaged weights, with their licences."""
    return tuple(Source(**each) for each in _described()["source"])


def _described() -> Mapping[str, Any]:
    text = files(__package__).joinpath("weights", "model.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _column_bytes(name: str, described: Mapping[str, Any]) -> bytes:
    compressed = files(__package__).joinpath("weights", f"{name}.z").read_bytes()
    if hashlib.sha256(compressed).hexdigest() != described["tables"][name]["sha256"]:
        raise ModelError(f"weights/{name}.z is not the file that weights/model.toml names")
    raw = zlib.decompress(compressed)
    expected = BUCKETS * COLUMNS[name]
    if len(raw) != expected:
        raise ModelError(f"weights/{name}.z holds {len(raw)} bytes; {expected} are expected")
    return raw
