"""The picture of a trend, as PNG and SVG; it needs matplotlib, the extra ``plots``."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from ion_load.trend import Run

_HINT = "ion load trend needs matplotlib: pip install 'ion-load[plots]'"
_PERCENTILES = ("p50_ms", "p95_ms", "p99_ms")
_INCHES = (10.0, 3.2)
_STYLES = ("-", "--", ":")
_MARKERS = ("o", "s", "^")
_APART = 0.1
"""How far the percentiles of a single run stand apart: equal ones would hide each other."""

_NAMES = 12
"""Runs that are named below a picture; of more, some are."""

_LEAST_MS, _LEAST_PCT = 0.1, 1.0
"""Upper ends of axes on which everything is less: as it comes, one of zeros has no scale."""


def draw(runs: Mapping[str, tuple[Run, ...]], target: Path) -> tuple[Path, Path]:
    """Draw one row a scenario: percentiles with P95's range on the left, errors on the right.

    Args:
        runs: the runs of each scenario, oldest first; at least one.
        target: the files' path without a suffix.

    Returns:
        the PNG and the SVG.

    Raises:
        click.ClickException: matplotlib is not installed.
        OSError: the files cannot be written.
    """
    try:
        import matplotlib as mpl  # half a second, and an extra

        mpl.use("Agg")
        # Otherwise ids in the SVG are random, and the same runs make another file.
        mpl.rcParams["svg.hashsalt"] = "ion-load"
        from matplotlib.figure import Figure
    except ImportError as error:
        raise click.ClickException(f"{_HINT} ({error})") from error
    figure = Figure(figsize=(_INCHES[0], _INCHES[1] * len(runs)), layout="constrained")
    rows: Any = figure.subplots(len(runs), 2, squeeze=False)
    for (scenario, each), (left, right) in zip(runs.items(), rows, strict=True):
        panels(left, right, scenario, each)
    target.parent.mkdir(parents=True, exist_ok=True)
    files = (_with(target, ".png"), _with(target, ".svg"))
    figure.savefig(files[0], dpi=120)
    figure.savefig(files[1], metadata={"Date": None})
    return files


def panels(left: Any, right: Any, scenario: str, runs: tuple[Run, ...]) -> None:
    """Draw a scenario's row: latencies into the left axes of matplotlib, errors into the right."""
    _latencies(left, scenario, runs)
    _errors(right, scenario, runs)


def _latencies(axes: Any, scenario: str, runs: tuple[Run, ...]) -> None:
    alone = len(runs) == 1
    for number, name in enumerate(_PERCENTILES):
        values = [getattr(run.figures, name).value for run in runs]
        places = [place + (number - 1) * _APART * alone for place in range(len(runs))]
        marker = {"marker": _MARKERS[number], "markersize": 6 if alone else 3}
        axes.plot(places, values, _STYLES[number], **marker, label=name[:3].upper())
    _doubt(axes, runs)
    axes.set_title(f"{scenario}: latency")
    axes.set_ylabel("ms")
    axes.legend(fontsize="small", loc="center left", bbox_to_anchor=(1, 0.5))
    _name_runs(axes, runs, _LEAST_MS)


def _doubt(axes: Any, runs: tuple[Run, ...]) -> None:
    """The range of P95: a band, which a single run cannot have, so that it has a line.

    What has no upper end goes up to the edge of the picture.
    """
    ranges = [run.figures.p95_ms for run in runs]
    top = max(axes.get_ylim()[1], *(each.high for each in ranges if math.isfinite(each.high)), 0.0)
    low = [each.low for each in ranges]
    high = [each.high if math.isfinite(each.high) else top for each in ranges]
    look = {"color": "C1", "label": "P95, 95 %\nconfidence"}
    if len(runs) == 1:
        axes.vlines([0], low, high, alpha=0.4, **look)
    else:
        axes.fill_between(range(len(runs)), low, high, alpha=0.15, **look)
    if any(math.isinf(each.high) for each in ranges):
        axes.set_ylim(top=top)


def _errors(axes: Any, scenario: str, runs: tuple[Run, ...]) -> None:
    axes.bar(range(len(runs)), [run.figures.error_pct for run in runs], width=0.6)
    axes.set_title(f"{scenario}: errors")
    axes.set_ylabel("% of requests")
    _name_runs(axes, runs, _LEAST_PCT)


def _name_runs(axes: Any, runs: tuple[Run, ...], least: float) -> None:
    axes.set_ylim(0, max(axes.get_ylim()[1], least))
    if len(runs) == 1:
        axes.set_xlim(-1, 1)
    places = range(0, len(runs), -(-len(runs) // _NAMES))
    names = [f"{runs[place].at:%m-%d %H:%M}" for place in places]
    axes.set_xticks(places, names, rotation=30, ha="right", fontsize="small")


def _with(target: Path, suffix: str) -> Path:
    """The path with a suffix; a dot in the name is part of the name."""
    return target.with_name(target.name + suffix)
