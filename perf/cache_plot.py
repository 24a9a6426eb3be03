"""The picture of `perf.bench_cache`: how long each cache takes, and what it keeps."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = {"ION": "#0b5cad", "aiocache": "#c2571a", "cashews": "#3d7f4d", "cachetools": "#8a8f98"}
BAR = 0.2
INK = "#1b1f24"
UNBOUNDED = "aiocache"
"""It has no bound: what it was given once it has until the time is over."""


class Figures(Protocol):
    """A row of the bench: samples by contestant."""

    @property
    def what(self) -> str:
        """The thing."""

    @property
    def unit(self) -> str:
        """Unit of the samples."""

    @property
    def samples(self) -> Mapping[str, Sequence[float]]:
        """Samples by the contestants' names."""


def draw(rows: Sequence[Figures], folder: Path) -> tuple[Path, ...]:
    """Draw times and hit ratios; returns the files, one PNG and one SVG."""
    # Only who draws pays for it.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(13.5, 6.8), layout="constrained", facecolor="white")
    times, ratios = figure.subplots(1, 2, width_ratios=(2.1, 1))
    _times(times, [row for row in rows if row.unit == "us"])
    _ratios(ratios, next(row for row in rows if row.unit == "%"))
    figure.suptitle("ION's cache beside others, in one run on one machine", color=INK)
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"cache-{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}"
    files = tuple(folder / f"{stem}.{kind}" for kind in ("png", "svg"))
    for file in files:
        figure.savefig(file, dpi=150)
    return files


def _times(axes: Axes, rows: Sequence[Figures]) -> None:
    """A group of bars for each thing that was timed, ION's first."""
    names = list(COLOURS)
    for place, row in enumerate(rows):
        present = [name for name in names if name in row.samples]
        for index, name in enumerate(present):
            height = place + (index - (len(present) - 1) / 2) * BAR
            median = statistics.median(row.samples[name])
            axes.barh(height, median, BAR * 0.9, color=COLOURS[name])
            axes.text(median * 1.08, height, _short(median), va="center", fontsize=8, color=INK)
    axes.set_yticks(range(len(rows)), [row.what.replace(", ", ",\n", 1) for row in rows])
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.set_xlim(right=axes.get_xlim()[1] * 2)
    axes.set_xlabel("microseconds a call, median (less is better; each line is ten times the last)")
    axes.set_title("Time", loc="left")
    axes.grid(axis="x", alpha=0.3)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    handles = [axes.barh(0, 0, color=COLOURS[name], label=name) for name in names]
    axes.legend(handles=handles, loc="lower right", frameon=False)


def _ratios(axes: Axes, row: Figures) -> None:
    """The share of the repeatable requests that each answered."""
    for place, name in enumerate(row.samples):
        ratio = 100 - statistics.median(row.samples[name])
        bounded = name != UNBOUNDED
        axes.bar(
            place,
            ratio,
            0.65,
            color=COLOURS[name] if bounded else "white",
            edgecolor=COLOURS[name],
            hatch="" if bounded else "///",
        )
        axes.text(place, ratio + 1, f"{ratio:.1f}", ha="center", fontsize=9, color=INK)
    labels = [name if name != UNBOUNDED else f"{name}\n(no bound)" for name in row.samples]
    axes.set_xticks(range(len(labels)), labels, fontsize=8.5)
    axes.set_ylim(0, 100)
    axes.set_ylabel("hits, per cent of the requests that can be one (more is better)")
    axes.set_title("Hit ratio, room for 500 answers", loc="left")
    axes.grid(axis="y", alpha=0.3)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def _short(value: float) -> str:
    """A number with three digits that count."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"  # noqa: PLR2004  three digits
