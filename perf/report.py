"""Samples, what they are compared with, the table for people and the file for machines."""

from __future__ import annotations

import json
import platform
import statistics
from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

import attrs

RESULTS = Path(__file__).parent / "results"
HEADINGS = ("what", "unit", "bare", "ION", "ratio", "judged", "budget", "")


class Judged(StrEnum):
    """What a budget is compared with: the median itself, or what it is over the baseline's."""

    TOTAL = "total"
    OVER_BARE = "over bare"


@attrs.frozen
class Budget:
    """How much a measurement may be, in its unit."""

    limit: float
    judged: Judged = Judged.TOTAL


@attrs.frozen
class Measurement:
    """One thing measured, and its baseline.

    Attributes:
        what: the thing.
        unit: unit of the samples.
        samples: what was measured, in the order of the runs.
        bare: the baseline's samples, empty without one.
        budget: how much it may be, None where nothing is promised.
    """

    what: str
    unit: str
    samples: tuple[float, ...]
    bare: tuple[float, ...] = ()
    budget: Budget | None = None

    @property
    def judged(self) -> float:
        """The figure that the budget is about."""
        median = statistics.median(self.samples)
        if self.budget and self.budget.judged is Judged.OVER_BARE:
            return median - statistics.median(self.bare)
        return median

    @property
    def within(self) -> bool:
        """Whether the budget is kept; without a budget it is."""
        return self.budget is None or self.judged <= self.budget.limit

    def cells(self) -> tuple[str, ...]:
        """The row of the table."""
        ratio = ""
        if self.bare:
            ratio = f"{statistics.median(self.samples) / statistics.median(self.bare):.2f}x"
        if self.budget is None:
            return (
                self.what,
                self.unit,
                _spread(self.bare),
                _spread(self.samples),
                ratio,
                *[""] * 3,
            )
        return (
            self.what,
            self.unit,
            _spread(self.bare),
            _spread(self.samples),
            ratio,
            f"{self.judged:.1f} {self.budget.judged.value}",
            f"{self.budget.limit:g}",
            "ok" if self.within else "OVER",
        )


def _spread(samples: tuple[float, ...]) -> str:
    return f"{min(samples):.1f} / {statistics.median(samples):.1f}" if samples else "-"


def table(measurements: Iterable[Measurement]) -> str:
    """The measurements as lines of aligned columns; samples are shown as minimum / median."""
    rows = [HEADINGS, *(measurement.cells() for measurement in measurements)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(
            cell.ljust(width) if index < 2 else cell.rjust(width)  # noqa: PLR2004  two columns of words
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    return "\n".join((lines[0], "-" * sum((*widths, 2 * len(widths) - 2)), *lines[1:]))


def write(name: str, measurements: Iterable[Measurement], folder: Path) -> Path:
    """Write every raw sample as JSON; returns the file."""
    now = datetime.now(UTC)
    content = {
        "measured": name,
        "at": now.isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "measurements": [
            {
                **attrs.asdict(measurement),
                "judged": measurement.judged,
                "within": measurement.within,
            }
            for measurement in measurements
        ],
    }
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}-{now:%Y%m%dT%H%M%S%fZ}.json"
    file.write_text(json.dumps(content, indent=1) + "\n", "utf-8")
    return file


def publish(name: str, measurements: tuple[Measurement, ...], folder: Path, *, check: bool) -> int:
    """Print the table, write the samples; gives 1 where budgets are checked and one is broken."""
    print(table(measurements))
    print(f"\nSamples (bare and ION: minimum / median) are in {write(name, measurements, folder)}")
    return int(check and not all(measurement.within for measurement in measurements))
