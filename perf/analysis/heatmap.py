"""A confusion matrix as a picture: the darker a field, the larger its share of the label."""

from __future__ import annotations

from collections.abc import Iterator

from perf.analysis import svg
from perf.analysis.scores import ComponentScores

FIELD = 52
LEFT = 116
TOP = 132
RIGHT = 64
BOTTOM = 20

_DARK = (8, 66, 128)
_LIGHT = (240, 245, 250)
_TURN = 0.7
"""Share from which on white figures are read better than black ones; both have contrast 4.5."""


def heatmap(title: str, scores: ComponentScores) -> str:
    """The confusion matrix as SVG.

    Rows are labels, columns readings; a field shows the number of messages, its colour their
    share of the row (recall, on the diagonal), so that rare labels show as clearly as common ones.

    Args:
        title: what it shows.
        scores: the scores of one component.
    """
    side = FIELD * len(scores.labels)
    return svg.document(
        max(LEFT + side + RIGHT, 460), TOP + side + BOTTOM, title, _body(title, scores)
    )


def _body(title: str, scores: ComponentScores) -> Iterator[str]:
    yield svg.text(12, 22, title, size=15)
    yield svg.text(12, 42, "rows: labelled as; columns: read as; colour: share of the row")
    for index, label in enumerate(scores.labels):
        middle = FIELD * index + FIELD / 2
        yield svg.text(LEFT + middle, TOP - 8, label, turned=True)
        yield svg.text(LEFT - 8, TOP + middle + 4, label, anchor="end")
    for row, counts in enumerate(scores.confusion):
        for column, count in enumerate(counts):
            yield from _field(row, column, count, sum(counts))


def _field(row: int, column: int, count: int, total: int) -> Iterator[str]:
    share = count / total if total else 0.0
    x, y = LEFT + FIELD * column, TOP + FIELD * row
    yield svg.rectangle(x + 1, y + 1, FIELD - 2, FIELD - 2, colour(share))
    middle, line = x + FIELD / 2, y + FIELD / 2 + 4
    yield svg.text(middle, line, str(count), anchor="middle", fill=figure_colour(share))


def colour(share: float) -> str:
    """The colour of a share, 0 (light) to 1 (dark), as ``#rrggbb``."""
    mixed = (round(a + (b - a) * share) for a, b in zip(_LIGHT, _DARK, strict=True))
    return "#" + "".join(f"{part:02x}" for part in mixed)


def figure_colour(share: float) -> str:
    """The colour of the figure on the field of a share, as ``#rrggbb``."""
    return svg.PAPER if share >= _TURN else "#000000"
