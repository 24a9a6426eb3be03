"""Pictures of a run: one for each benchmark, every ratio with its rounds and what is promised."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from perf.bench.rows import Judged, Row, quartiles
from perf.bench.table import short

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INK, BETTER, WORSE, BOUND = "#1b1f24", "#0b5cad", "#c2571a", "#b3261e"
ROW_INCHES, HEAD_INCHES, WIDTH_INCHES = 0.42, 1.5, 11.0


def draw(rows: Sequence[Row], folder: Path) -> tuple[Path, ...]:
    """Draw what has a ratio; returns the files, a PNG and an SVG of each benchmark."""
    folder.mkdir(parents=True, exist_ok=True)
    stamp = f"{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}"
    files: list[Path] = []
    for bench in dict.fromkeys(row.bench for row in rows):
        own = [row for row in rows if row.bench == bench and row.compared and row.ratios]
        if own:
            files += _picture(bench, own, folder / f"bench-{bench}-{stamp}")
    return tuple(files)


def _picture(bench: str, rows: Sequence[Row], stem: Path) -> tuple[Path, ...]:
    # Only who draws pays for it.
    from matplotlib.figure import Figure

    height = HEAD_INCHES + ROW_INCHES * len(rows)
    figure = Figure(figsize=(WIDTH_INCHES, height), layout="constrained", facecolor="white")
    axes = figure.subplots()
    for place, row in enumerate(rows):
        _draw_row(axes, place, row)
    axes.axvline(1.0, color=INK, linewidth=0.8)
    axes.set_xscale("log")
    axes.set_yticks(range(len(rows)), [f"{row.what}  [{row.rival}]" for row in rows], fontsize=8)
    axes.invert_yaxis()
    axes.set_xlabel("ION's figure over that of what stands in brackets; 1 is as good as that")
    axes.set_title(f"{bench}: every round, the middle half, the median", loc="left", color=INK)
    axes.grid(axis="x", alpha=0.3)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    files = tuple(stem.with_suffix(f".{kind}") for kind in ("png", "svg"))
    for file in files:
        figure.savefig(file, dpi=130)
    return files


def _draw_row(axes: Axes, place: int, row: Row) -> None:
    low, high = quartiles(row.ratios)
    ratio = row.ratio or 0.0
    colour = BETTER if (ratio >= 1) == row.more else WORSE
    axes.plot(row.ratios, [place] * len(row.ratios), ".", color=colour, alpha=0.25)
    axes.plot((low, high), (place, place), color=colour, linewidth=4, alpha=0.5)
    axes.plot(ratio, place, "o", color=colour)
    axes.annotate(
        short(ratio), (ratio, place), (0, 7), textcoords="offset points", ha="center", fontsize=8
    )
    if row.target is not None and row.target.judged is Judged.RATIO:
        axes.plot(row.target.limit, place, "|", color=BOUND, markersize=16, markeredgewidth=2)
