"""Runs in the order of time, for pictures of how percentiles and errors develop."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import attrs

from ion_load.figures import Figures, finite
from ion_load.naming import time_in
from ion_load.reading import read_figures
from ion_load.summarize_locust_csv import scenario_name_from_path

GATE = "gate"
"""What runs of the gate are called beside scenarios."""


@attrs.frozen
class Run:
    """One run.

    Attributes:
        scenario: what it belongs to.
        at: when it began.
        figures: what it measured.
    """

    scenario: str
    at: datetime
    figures: Figures

    def told(self) -> dict[str, Any]:
        """What is drawn of it, for machines."""
        figures = self.figures
        return {
            "at": self.at.isoformat(timespec="seconds"),
            "requests": figures.requests,
            "error_pct": finite(figures.error_pct),
            "p50_ms": finite(figures.p50_ms.value),
            "p95_ms": finite(figures.p95_ms.value),
            "p99_ms": finite(figures.p99_ms.value),
        }


def read_runs(files: Iterable[Path]) -> Mapping[str, tuple[Run, ...]]:
    """The runs of each scenario, oldest first; those without requests are left out.

    Raises:
        UnreadableError: a file is no result of a run.
    """
    runs = sorted((_run(file) for file in files), key=lambda run: run.at)
    found: dict[str, tuple[Run, ...]] = {}
    for run in runs:
        if run.figures.requests:
            found[run.scenario] = (*found.get(run.scenario, ()), run)
    return found


def _run(file: Path) -> Run:
    """One run; its time is what the file says, else its name, else when it was written."""
    figures = read_figures(file)
    if file.suffix == ".json":
        at = datetime.fromisoformat(json.loads(file.read_text("utf-8"))["at"])
        return Run(GATE, at.astimezone(), figures)
    written = datetime.fromtimestamp(file.stat().st_mtime).astimezone()
    return Run(scenario_name_from_path(file), time_in(file) or written, figures)
