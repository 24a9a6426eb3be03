"""Figures of a confusion matrix: accuracy, precision, recall, F1 and their means over classes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import attrs

Cells: TypeAlias = Mapping[tuple[str, str], int]
"""How many rows are labelled with the first and read as the second."""


@attrs.frozen
class ClassScores:
    """How one label is read.

    Attributes:
        label: the label.
        precision: share of what is read so that is labelled so, 0 to 1; 0 where nothing is.
        recall: share of what is labelled so that is read so, 0 to 1; 0 where nothing is.
        f1: harmonic mean of both, 2 TP / (2 TP + FP + FN), 0 to 1.
        support: rows that are labelled so.
    """

    label: str
    precision: float
    recall: float
    f1: float
    support: int


@attrs.frozen
class Headline:
    """The figures that sum up a matrix.

    Attributes:
        accuracy: share of rows that are read as labelled, 0 to 1.
        macro_f1: unweighted mean of F1 over the labels that occur as labels, 0 to 1
            (Sokolova & Lapalme 2009; the mean of F1s, not the F1 of means).
        macro_recall: unweighted mean of recall over the same labels, 0 to 1 (balanced accuracy).
    """

    accuracy: float
    macro_f1: float
    macro_recall: float


def margins(cells: Cells) -> tuple[Counter[str], Counter[str]]:
    """How many rows are labelled with each label, and how many are read as each."""
    labelled: Counter[str] = Counter()
    read: Counter[str] = Counter()
    for (label, answer), count in cells.items():
        labelled[label] += count
        read[answer] += count
    return labelled, read


def headline(cells: Cells) -> Headline:
    """The figures that sum up a matrix.

    Labels that are read but never occur as labels are no classes of the means; they show in the
    precision of those that do. Computed a thousand times per bootstrap, so in one pass.

    Args:
        cells: the matrix, with at least one row.
    """
    labelled, read = margins(cells)
    right, f1s, recalls = 0, 0.0, 0.0
    classes = 0
    for label, support in labelled.items():
        if not support:
            continue
        hits = cells.get((label, label), 0)
        right += hits
        classes += 1
        f1s += 2 * hits / (support + read[label])
        recalls += hits / support
    return Headline(right / labelled.total(), f1s / classes, recalls / classes)


def per_class(cells: Cells, order: Sequence[str]) -> tuple[ClassScores, ...]:
    """The figures of every label that occurs as a label or as a reading.

    Args:
        cells: the matrix.
        order: every possible label, in the order wanted.
    """
    labelled, read = margins(cells)
    return tuple(
        _class_scores(label, cells.get((label, label), 0), labelled[label], read[label])
        for label in order
        if labelled[label] or read[label]
    )


def matrix(cells: Cells, labels: Sequence[str]) -> tuple[tuple[int, ...], ...]:
    """The counts as rows of labels and columns of readings.

    Args:
        cells: the matrix.
        labels: the labels, in the order wanted.
    """
    return tuple(tuple(cells.get((label, read), 0) for read in labels) for label in labels)


def _class_scores(label: str, hits: int, support: int, read: int) -> ClassScores:
    return ClassScores(
        label=label,
        precision=hits / read if read else 0.0,
        recall=hits / support if support else 0.0,
        f1=2 * hits / (support + read),
        support=support,
    )
