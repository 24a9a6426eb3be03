"""Readings of counters over time, in slots: what they grew by in any window, in bounded memory."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from itertools import starmap
from math import floor


class History:
    """Readings at the borders of slots of equal length; what is older than all slots is forgotten.

    Counters only grow. A sum over processes may dip while one of them is replaced, so that the
    highest reading so far stands in for a lower one.

    Args:
        width: counters in a reading.
        slots: how many slots; the longest window is one less of them.
        slot_s: seconds of a slot.
    """

    def __init__(self, width: int, slots: int, slot_s: float) -> None:
        self._width = width
        self._slots = slots
        self._slot_s = slot_s
        self._at_borders = array("d", bytes(8 * width * slots))
        self._first: tuple[float, Sequence[float]] | None = None
        self._last: tuple[float, Sequence[float]] = (0.0, (0.0,) * width)

    @property
    def observed_s(self) -> float:
        """Seconds between the first reading and the last."""
        return self._last[0] - self._first[0] if self._first else 0.0

    def add(self, at: float, reading: Sequence[float]) -> None:
        """Take a reading.

        Args:
            at: seconds on a clock that never goes back.
            reading: the counters.
        """
        if self._first is None:
            self._first = self._last = (at, tuple(reading))
            return
        new = (at, tuple(starmap(max, zip(self._last[1], reading, strict=True))))
        border = floor(self._last[0] / self._slot_s) + 1
        latest = floor(at / self._slot_s)
        for number in range(max(border, latest - self._slots + 1), latest + 1):
            self._keep(number, _between(self._last, new, number * self._slot_s))
        self._last = new

    def grown(self, window_s: float) -> tuple[float, ...]:
        """What each counter grew by until the last reading.

        Args:
            window_s: for how many seconds before; of what was not observed nothing is known, so
                that a shorter history counts as a whole window.

        Raises:
            ValueError: the window is longer than what is kept.
        """
        if window_s > (self._slots - 1) * self._slot_s:
            raise ValueError(f"only {(self._slots - 1) * self._slot_s:g} s are kept: {window_s:g}")
        before = self._reading_at(self._last[0] - window_s)
        return tuple(new - old for new, old in zip(self._last[1], before, strict=True))

    def _reading_at(self, at: float) -> Sequence[float]:
        if self._first is None or at <= self._first[0]:
            return self._first[1] if self._first else self._last[1]
        number = floor(at / self._slot_s)
        below = (number * self._slot_s, self._kept(number))
        above = ((number + 1) * self._slot_s, self._kept(number + 1))
        below = below if below[0] > self._first[0] else self._first
        above = above if above[0] <= self._last[0] else self._last
        return _between(below, above, at)

    def _keep(self, number: int, reading: Sequence[float]) -> None:
        start = number % self._slots * self._width
        self._at_borders[start : start + self._width] = array("d", reading)

    def _kept(self, number: int) -> Sequence[float]:
        start = number % self._slots * self._width
        return self._at_borders[start : start + self._width]


def _between(
    below: tuple[float, Sequence[float]], above: tuple[float, Sequence[float]], at: float
) -> tuple[float, ...]:
    """A reading between two, as if the counters had grown evenly."""
    length_s = above[0] - below[0]
    share = (at - below[0]) / length_s if length_s > 0 else 1.0
    return tuple(old + (new - old) * share for old, new in zip(below[1], above[1], strict=True))
