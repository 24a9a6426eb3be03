"""Whether confidences mean what they say, and what abstaining would buy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from statistics import fmean

import attrs

BINS = 10


@attrs.frozen
class Bin:
    """Readings of about equal confidence.

    Attributes:
        low: lowest confidence in it, 0 to 1.
        high: highest confidence in it, 0 to 1.
        rows: how many readings.
        confidence: their mean confidence, 0 to 1.
        accuracy: share of them that is right, 0 to 1.
    """

    low: float
    high: float
    rows: int
    confidence: float
    accuracy: float


@attrs.frozen
class Calibration:
    """How well confidence foretells being right.

    Attributes:
        ece: expected calibration error, 0 (confidence is accuracy) to 1: the mean of
            ``|accuracy - confidence|`` over the bins, each weighted by its share of the rows
            (Naeini, Cooper & Hauskrecht 2015; Guo et al. 2017), here with bins of equal mass.
        bins: the bins, least confident first.
    """

    ece: float
    bins: tuple[Bin, ...]


@attrs.frozen
class Coverage:
    """What is left when unsure readings do not count.

    Attributes:
        threshold: readings with a confidence below it count as abstained, 0 to 1.
        coverage: share of rows that are not abstained, 0 to 1.
        accuracy: share of these that are right, 0 to 1; None where none is left.
    """

    threshold: float
    coverage: float
    accuracy: float | None


def calibrate(judged: Sequence[tuple[float, bool]], bins: int = BINS) -> Calibration:
    """The expected calibration error and the table behind it.

    Readings of the same confidence stay in one bin: split, they would make the error depend on
    the order of the rows. So an analyser with few distinct confidences has fewer, uneven bins.

    Args:
        judged: confidence and whether the reading is right, at least one.
        bins: number of bins of equal mass, at least 1.
    """
    made = tuple(_bin(members) for members in _binned(judged, bins))
    error = sum(one.rows * abs(one.accuracy - one.confidence) for one in made) / len(judged)
    return Calibration(error, made)


def cover(judged: Sequence[tuple[float, bool]], threshold: float) -> Coverage:
    """Coverage and accuracy at a threshold.

    Args:
        judged: confidence and whether the reading is right, at least one.
        threshold: readings below it count as abstained.
    """
    kept = [right for confidence, right in judged if confidence >= threshold]
    return Coverage(threshold, len(kept) / len(judged), fmean(kept) if kept else None)


def _binned(judged: Sequence[tuple[float, bool]], bins: int) -> Iterator[list[tuple[float, bool]]]:
    total, done, number = len(judged), 0, 1
    members: list[tuple[float, bool]] = []
    for _, tied in groupby(sorted(judged), key=lambda pair: pair[0]):
        members += tied
        # The nth bin is full once n tenths of all rows are in it and those before.
        if done + len(members) >= total * number / bins:
            yield members
            done += len(members)
            number = done * bins // total + 1
            members = []


def _bin(members: Sequence[tuple[float, bool]]) -> Bin:
    confidences = [confidence for confidence, _ in members]
    return Bin(
        low=min(confidences),
        high=max(confidences),
        rows=len(members),
        confidence=fmean(confidences),
        accuracy=fmean(right for _, right in members),
    )
