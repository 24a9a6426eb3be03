"""The numbers of one process: in memory, or in a file that outlives the process.

A number is a C double at a fixed place, so that counting is one addition. What a place means stands
in a journal: the n-th line names the n-th series, and the width of its metric says where the next
one begins.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ion_metrics.names import HTTP_DURATION, SERIES_REFUSED, TURN_DURATION, Metric

if TYPE_CHECKING:
    from ion_metrics.files import Shelf

CAPACITY = 65_536
"""Numbers of one process; at most 16 for a series, so that there is room for 4,000 and more."""

SCRATCH = max(HTTP_DURATION.width, TURN_DURATION.width, 32)
"""Places at the beginning that mean nothing: what finds no room is counted there."""

Series = tuple[str, tuple[str, ...]]
"""The name of a metric and the values of its labels."""

Numbers = Mapping[Series, tuple[float, ...]]
"""Series with their numbers: one, or those of the buckets and the sum of a histogram."""


class Ledger:
    """The numbers of this process.

    Attributes:
        values: the numbers; another object once they are kept in a file, so it is not to be held.
    """

    def __init__(self) -> None:
        self.values: memoryview[float] = _blank()
        self._places: dict[Series, tuple[int, int]] = {}
        self._used = SCRATCH
        self._shelf: Shelf | None = None
        self._refused = self.place(SERIES_REFUSED)

    def place(self, metric: Metric, labels: tuple[str, ...] = ()) -> int:
        """Where the numbers of a series are; it begins with 0.

        Args:
            metric: its metric.
            labels: the values of its labels, in the order of the metric.
        """
        series = (metric.name, labels)
        known = self._places.get(series)
        if known is not None:
            return known[0]
        if self._used + metric.width > CAPACITY:
            self.values[self._refused] += 1.0
            return 0
        place, self._used = self._used, self._used + metric.width
        self._places[series] = (place, metric.width)
        if self._shelf is not None:
            self._shelf.note(series)
        return place

    def keep_on(self, shelf: Shelf) -> None:
        """Keep the numbers in a file from now on.

        Raises:
            OSError: there is no room for it, or no right to write; they stay in memory.
        """
        values = shelf.open(CAPACITY)
        values[:] = self.values
        for series in self._places:
            shelf.note(series)
        self.values, self._shelf = values, shelf

    def let_go(self) -> None:
        """Go on in memory; what was counted stays in the file, and here it begins with 0 again."""
        if self._shelf is None:
            return
        shelf, self._shelf = self._shelf, None
        self.values = _blank()
        shelf.close()

    def numbers(self) -> Numbers:
        """Everything now; may be called in another thread."""
        values = self.values
        return {
            series: tuple(values[place : place + width])
            for series, (place, width) in tuple(self._places.items())
        }


def _blank() -> memoryview[float]:
    return memoryview(bytearray(8 * CAPACITY)).cast("d")
