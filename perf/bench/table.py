"""Rows as a table for people: medians with the middle half of the samples."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence

from perf.bench.rows import Row, quartiles

HEADINGS = ("what", "unit", "ION", "beside", "", "ratio", "target", "found", "")
_WORDS = frozenset({0, 1, 4})
"""Columns of words; the others hold numbers."""


def table(rows: Sequence[Row]) -> str:
    """The rows as aligned lines, with a heading for each benchmark."""
    cells = [HEADINGS, *(_cells(row) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [_line(HEADINGS, widths)]
    bench = ""
    for row, item in zip(rows, cells[1:], strict=True):
        if row.bench != bench:
            bench = row.bench
            lines += ["", f"[{bench}]"]
        lines.append(_line(item, widths))
    return "\n".join(lines)


def _line(cells: Iterable[str], widths: Sequence[int]) -> str:
    padded = (
        cell.ljust(width) if index in _WORDS else cell.rjust(width)
        for index, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return "  ".join(padded).rstrip()


def _cells(row: Row) -> tuple[str, ...]:
    ratio = row.ratio
    target = row.target
    return (
        row.what,
        row.unit,
        spread(row.ours),
        spread(row.bare) if row.bare else "-",
        row.rival,
        f"{ratio:.2f}" if ratio is not None else "",
        str(target) if target else "",
        short(row.judged) if target else "",
        "" if target is None else "kept" if row.kept else "MISSED",
    )


def spread(samples: Sequence[float]) -> str:
    """The median of some samples, and in brackets where their middle half lies."""
    low, high = quartiles(samples)
    return f"{short(statistics.median(samples))} [{short(low)} {short(high)}]"


def short(value: float) -> str:
    """A number with three digits that count."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"  # noqa: PLR2004  three digits
