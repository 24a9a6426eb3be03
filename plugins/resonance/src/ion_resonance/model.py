"""The linear model: what the pieces of words say beyond the cues.

It has two sides. *mentor* was trained on messages written to a mentor, *public* on posts, reviews,
meetings and requests; the *gate* tells from the same features how much a message resembles the
public sources. Per value (9 tones, 6 intents) each side holds one signed byte for every bucket of
`ion_resonance.grams`. With g for the gate's share and the sums over a message's features the score
of an intent is

    score = (1 - g) * (mentor bias + mentor scale * sum) + g * (public bias + public scale * sum)

in the units of the cues. What the public sources teach of tones holds for messages like their own
and misleads elsewhere. So *familiar* tells how much a message is written like each of them
(`ion_resonance.familiar`); with these shares f(s), and f for all of them together, that of a tone
is

    score = (1 - f) * (1 - g) * (mentor bias + mentor scale * sum) + (1 - f) * g * public bias
            + f * public scale * sum + the sum of f(s) * start(s)

where g comes from a shifted score of the gate, and calm has some more in a message of an uneven
pace that is not to a mentor. ``perf.training`` writes the files; ``weights/model.toml`` says from
which data and under which licences.

The bytes of a bucket are added as one integer with a lane of `ion_resonance.reading.LANE` bytes for
each value, so that one addition adds them all, and the sum of a word is remembered: words come
again, messages do not.
"""

from __future__ import annotations

import hashlib
import tomllib
import zlib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import attrs

from ion_resonance.familiar import PLAIN, Known, Style, known_of
from ion_resonance.grams import BUCKETS, END, START, Word, pair_bucket, word_buckets, words
from ion_resonance.reading import (
    BIAS,
    COLUMNS,
    FIRST_LANE,
    LANE,
    LANES,
    SIDES,
    VALUES,
    Parts,
    Reading,
    Table,
)

__all__ = [
    "COLUMNS",
    "SIDES",
    "VALUES",
    "LinearModel",
    "ModelError",
    "Reading",
    "Source",
    "assembled",
    "feature_buckets",
    "model",
    "provenance",
]

REMEMBERED = 4096
"""Words whose sums are kept, about a megabyte; then they are forgotten all at once."""


class ModelError(ValueError):
    """The packaged model cannot be used; says which file and why."""


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


class Rows(dict[int, int]):
    """One integer per bucket, with a lane per column of `COLUMNS`, made when it is first needed.

    Args:
        columns: the unsigned bytes of all columns, one column after the other.
    """

    def __init__(self, columns: bytes) -> None:
        super().__init__()
        # Turned once: a row is read from one place of memory, not from as many as it has lanes.
        self._bytes = bytearray(len(columns))
        for lane in range(LANES):
            self._bytes[lane::LANES] = columns[lane * BUCKETS : (lane + 1) * BUCKETS]

    def __missing__(self, bucket: int) -> int:
        lanes = bytearray(LANE * LANES)
        lanes[::LANE] = self._bytes[bucket * LANES : (bucket + 1) * LANES]
        row = self[bucket] = int.from_bytes(lanes, "little")
        return row


class LinearModel:
    """The weights, ready to be added up.

    Args:
        rows: the weights of each bucket.
        tables: the tables by name.
        temperatures: per side and component, what the scores are divided by for a probability.
        known: what is known of the familiar sources.
    """

    def __init__(
        self,
        rows: Rows,
        tables: Mapping[str, Table],
        temperatures: Mapping[str, Mapping[str, float]],
        known: Known,
    ) -> None:
        self._rows = rows
        self._tables = tables
        self._temperatures = temperatures
        self._known_sources = known
        self._known: dict[str, tuple[int, int]] = {}

    def read(self, text: str, style: Style = PLAIN) -> Reading:
        """Read a surface.

        Args:
            text: the surface.
            style: what else tells the style of the message.
        """
        parts = self._parts(words(text))
        return Reading(self._tables, self._temperatures, self._known_sources, parts, style)

    def forget(self) -> None:
        """Forget the words that were read; the next reading works them out again."""
        self._known.clear()

    def _parts(self, found: Sequence[Word]) -> Parts:
        """What the words at each place add, every word and every pair counted once."""
        places: list[tuple[int, int]] = []
        sums: list[int] = []
        features: list[int] = []
        known, rows = self._known.get, self._rows
        seen: set[str] = set()
        left, before = START, -1
        for form, start, end in found:
            added, count = (0, 0) if form in seen else known(form) or self._word(form)
            pair = f"{left} {form}"
            if pair not in seen:
                added, count = added + rows[pair_bucket(pair)], count + 1
            seen.add(form)
            seen.add(pair)
            left = form
            if start == before:
                sums[-1] += added
                features[-1] += count
                continue
            before = start
            places.append((start, end))
            sums.append(added)
            features.append(count)
        pair = f"{left} {END}"
        if found and pair not in seen:
            sums[-1] += rows[pair_bucket(pair)]
            features[-1] += 1
        return Parts(places, sums, features)

    def _word(self, form: str) -> tuple[int, int]:
        buckets = word_buckets(form)
        if len(self._known) >= REMEMBERED:
            self.forget()
        self._known[form] = known = sum(map(self._rows.__getitem__, buckets)), len(buckets)
        return known


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
    tables = {
        name: Table(stated["scale"], tuple(stated["biases"]), FIRST_LANE[name])
        for name, stated in ((name, described["tables"][name]) for name in COLUMNS)
    }
    unsigned = b"".join(columns[name] for name in COLUMNS).translate(_UNSIGNED)
    known = known_of(described["familiar"])
    return LinearModel(Rows(unsigned), tables, described["temperatures"], known)


_UNSIGNED = bytes((byte + BIAS) % 256 for byte in range(256))
"""From a signed byte to an unsigned one that is `BIAS` larger."""


@cache
def provenance() -> tuple[Source, ...]:
    """The data sets behind the packaged weights, with their licences."""
    return tuple(Source(**each) for each in _described()["source"])


def _described() -> Mapping[str, Any]:
    text = files(__package__).joinpath("weights", "model.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _column_bytes(name: str, described: Mapping[str, Any]) -> bytes:
    try:
        compressed = files(__package__).joinpath("weights", f"{name}.z").read_bytes()
    except FileNotFoundError as error:
        raise ModelError(f"weights/{name}.z is missing; install ion-resonance anew") from error
    if hashlib.sha256(compressed).hexdigest() != described["tables"][name]["sha256"]:
        raise ModelError(f"weights/{name}.z is not the file that weights/model.toml names")
    raw = zlib.decompress(compressed)
    expected = BUCKETS * COLUMNS[name]
    if len(raw) != expected:
        raise ModelError(f"weights/{name}.z holds {len(raw)} bytes; {expected} are expected")
    return raw
