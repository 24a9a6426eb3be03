"""An earlier run to hold a run against: by ratios, because no two machines are equally fast.

A ratio has become worse where it differs by more than the tolerance, and the middle halves of both
runs' ratios do not meet: a median alone wanders on a machine with other work.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs

from perf.bench.results import machine
from perf.bench.rows import Row, quartiles
from perf.bench.table import short

TOLERANCE = 0.25
"""Share by which a ratio may be worse: half of it is what two runs on one machine differ by."""


class BaselineError(Exception):
    """A baseline cannot be used; says which file, why, and what to do."""


@attrs.frozen
class Known:
    """A ratio of an earlier run.

    Attributes:
        ratio: the median.
        low: where the middle half of the ratios begins.
        high: where it ends.
    """

    ratio: float
    low: float
    high: float

    @classmethod
    def of(cls, row: Row) -> Known:
        """What a row, which has a baseline, leaves for later runs."""
        assert row.ratio is not None  # noqa: S101  the caller has looked
        return cls(round(row.ratio, 4), *(round(end, 4) for end in quartiles(row.ratios)))


@attrs.frozen
class Compared:
    """A row beside the same one of an earlier run.

    Attributes:
        row: the row.
        then: its ratio of the earlier run.
        now: its ratio of this run.
        tolerance: share by which it may be worse.
    """

    row: Row
    then: Known
    now: Known
    tolerance: float

    @property
    def change(self) -> float:
        """How much worse it is, as a share of what it was; below 0 it is better."""
        if self.row.more:
            return self.then.ratio / self.now.ratio - 1 if self.now.ratio else float("inf")
        return self.now.ratio / self.then.ratio - 1 if self.then.ratio else 0.0

    @property
    def is_worse(self) -> bool:
        """Whether it is worse beyond tolerance and noise."""
        apart = self.now.high < self.then.low if self.row.more else self.now.low > self.then.high
        return apart and self.change > self.tolerance


def write_baseline(rows: Sequence[Row], file: Path) -> int:
    """Write the ratios of a run; returns how many there are."""
    known = {row.name: attrs.asdict(Known.of(row)) for row in _comparable(rows)}
    now = datetime.now(UTC).isoformat(timespec="seconds")
    content = {"format": 1, "at": now, **machine(), "ratios": known}
    file.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", "utf-8")
    return len(known)


def read_baseline(file: Path) -> Mapping[str, Known]:
    """The ratios of an earlier run.

    Raises:
        BaselineError: there is no such file, or it is none of `write_baseline`.
    """
    try:
        content: Any = json.loads(file.read_text("utf-8"))
        return {name: Known(**found) for name, found in content["ratios"].items()}
    except OSError as error:
        raise BaselineError(f"{file} cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BaselineError(
            f"{file} is no baseline ({error!r}); write one with --write-baseline {file}"
        ) from error


def compare(
    rows: Sequence[Row], known: Mapping[str, Known], tolerance: float = TOLERANCE
) -> tuple[Compared, ...]:
    """Every row that the earlier run has, too."""
    return tuple(
        Compared(row, known[row.name], Known.of(row), tolerance)
        for row in _comparable(rows)
        if row.name in known
    )


def verdict(compared: Sequence[Compared], file: Path) -> tuple[str, int]:
    """What to print of a comparison, and the exit code: 1 where something is worse, or no data."""
    if not compared:
        return f"Nothing that was measured stands in {file}: no data, so this fails.", 1
    worse = [item for item in compared if item.is_worse]
    if not worse:
        return f"None of {len(compared)} ratios is worse than in {file}.", 0
    lines = [f"{len(worse)} of {len(compared)} ratios are worse than in {file}:"]
    lines += [
        f"  {item.row.name}: {short(item.then.ratio)} then "
        f"[{short(item.then.low)} {short(item.then.high)}], {short(item.now.ratio)} now "
        f"[{short(item.now.low)} {short(item.now.high)}], {100 * item.change:+.0f} % worse "
        f"(tolerated: {100 * item.tolerance:g} %)"
        for item in worse
    ]
    return "\n".join(lines), 1


def _comparable(rows: Sequence[Row]) -> tuple[Row, ...]:
    return tuple(row for row in rows if row.compared and row.ratio is not None)
