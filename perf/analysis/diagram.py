"""The reliability diagram: accuracy against confidence, one panel per component."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from perf.analysis import svg
from perf.analysis.readings import Component
from perf.analysis.scores import ComponentScores

SIDE = 220
LEFT = 56
TOP = 72
GAP = 64
BOTTOM = 52
TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)
LARGEST = 9.0
SMALLEST = 2.5


def diagram(title: str, components: Mapping[Component, ComponentScores]) -> str:
    """The reliability diagram as SVG (DeGroot & Fienberg 1983).

    A point is a bin, its area the share of messages in it. On the dashed line confidence is
    accuracy; below it the analyser is too sure of itself.

    Args:
        title: what it shows.
        components: the scores of each component, at least one.
    """
    width = max(LEFT + len(components) * (SIDE + GAP), 500)
    return svg.document(width, TOP + SIDE + BOTTOM, title, _body(title, components))


def _body(title: str, components: Mapping[Component, ComponentScores]) -> Iterator[str]:
    yield svg.text(12, 22, title, size=15)
    yield svg.text(12, 42, "points: bins of equal confidence; below the line: too sure of itself")
    for index, (component, scores) in enumerate(components.items()):
        left = LEFT + index * (SIDE + GAP)
        yield from _axes(left)
        words = f"{component.value}, ECE {scores.calibration.ece:.3f}"
        yield svg.text(left + SIDE / 2, TOP - 8, words, anchor="middle")
        yield from _points(left, scores)


def _axes(left: float) -> Iterator[str]:
    bottom = TOP + SIDE
    for tick in TICKS:
        across, up = left + SIDE * tick, bottom - SIDE * tick
        yield svg.line((left, up), (left + SIDE, up), svg.FAINT)
        yield svg.line((across, TOP), (across, bottom), svg.FAINT)
        yield svg.text(left - 6, up + 4, f"{tick:g}", anchor="end", size=10)
        yield svg.text(across, bottom + 16, f"{tick:g}", anchor="middle", size=10)
    yield svg.line((left, bottom), (left + SIDE, TOP), svg.INK, "4 4")
    yield svg.text(left + SIDE / 2, bottom + 36, "confidence", anchor="middle")
    yield svg.text(left - 36, TOP - 8, "accuracy", size=10)


def _points(left: float, scores: ComponentScores) -> Iterator[str]:
    for one in scores.calibration.bins:
        radius = max(SMALLEST, LARGEST * math.sqrt(one.rows / scores.rows))
        x, y = left + SIDE * one.confidence, TOP + SIDE * (1 - one.accuracy)
        yield svg.circle(x, y, radius, svg.ACCENT)
