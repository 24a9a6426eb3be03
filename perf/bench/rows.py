"""What a benchmark finds: samples beside those of a baseline, round by round, and the promise."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from enum import StrEnum

import attrs


class Judged(StrEnum):
    """What a target is about: the ratio to the baseline, what is over it, or the figure itself."""

    RATIO = "ratio"
    OVER = "over"
    ALONE = "alone"


@attrs.frozen
class Target:
    """What is promised of a row.

    Attributes:
        limit: the bound; in the unit of the row, of a ratio without one.
        judged: which of its figures the bound is about.
        at_least: whether the figure has to reach the bound, else it must not go beyond it.
    """

    limit: float
    judged: Judged = Judged.ALONE
    at_least: bool = False

    def kept_by(self, figure: float) -> bool:
        """Whether a figure keeps it."""
        return figure >= self.limit if self.at_least else figure <= self.limit

    def __str__(self) -> str:
        sign = ">=" if self.at_least else "<="
        return f"{self.judged.value} {sign} {self.limit:g}"


@attrs.frozen(kw_only=True)
class Row:
    """One thing that was measured.

    Attributes:
        bench: the benchmark that it belongs to.
        what: the thing, unique in its benchmark.
        unit: unit of the samples.
        ours: ION's samples, one of each round.
        bare: the baseline's of the same rounds; empty without a baseline.
        rival: what the baseline is.
        more: whether more is better, else less is.
        target: what is promised, None where nothing is.
        compared: whether the ratio is held against that of an earlier run.
    """

    bench: str
    what: str
    unit: str
    ours: tuple[float, ...]
    bare: tuple[float, ...] = ()
    rival: str = ""
    more: bool = False
    target: Target | None = None
    compared: bool = True

    @property
    def name(self) -> str:
        """What names the row in files."""
        return f"{self.bench}: {self.what}"

    @property
    def ratios(self) -> tuple[float, ...]:
        """ION's figure over the baseline's, of each round: what loads the machine meets both."""
        return tuple(our / bare for our, bare in zip(self.ours, self.bare, strict=True) if bare)

    @property
    def ratio(self) -> float | None:
        """The median of the ratios, None without a baseline."""
        return statistics.median(self.ratios) if self.bare and self.ratios else None

    @property
    def judged(self) -> float:
        """The figure that the target is about."""
        wanted = self.target.judged if self.target else Judged.ALONE
        if wanted is Judged.RATIO:
            return statistics.median(self.ratios)
        if wanted is Judged.OVER:
            pairs = zip(self.ours, self.bare, strict=True)
            return statistics.median(our - bare for our, bare in pairs)
        return statistics.median(self.ours)

    @property
    def kept(self) -> bool:
        """Whether the target is kept; without one it is."""
        return self.target is None or self.target.kept_by(self.judged)


def quartiles(samples: Sequence[float]) -> tuple[float, float]:
    """The bounds of the middle half of some samples."""
    if len(samples) < 2:  # noqa: PLR2004  one sample has no spread
        return samples[0], samples[0]
    low, _, high = statistics.quantiles(samples, n=4, method="inclusive")
    return low, high
