"""Failures in a row, in the order in which tries began instead of that in which they ended.

A service refuses within milliseconds and speaks after seconds. Counted as they come, the refusals
of a second stand in a row although every other try of that second is about to be answered. Here a
failure counts only when every try that began before it has ended, or has taken so long that
nothing more is expected of it. The row is

    the failures of the tries that began after the youngest one that spoke,
    up to the oldest one from which something is still expected.

How long something is expected follows the service: twice the longest of its recent waits for a
first word, within two bounds. So a try that hangs holds verdicts back for some time, not for ever.
"""

from __future__ import annotations

import math
from collections import deque

import attrs

MOST_HELD = 10_000
"""Tries that are remembered at most; beyond them nothing more is expected of the oldest."""

_WAITS = 2
"""Twice the longest recent wait: service times vary more than that only where all is lost."""

_FADING = 1 / 32
"""Share by which each shorter wait pulls the longest one down: about 30 answers are recent."""


@attrs.define(eq=False)
class RowTry:
    """One try in a row. Made by `FailureRow.begin`."""

    number: int
    """Its place in the order of beginnings."""
    began: float
    """When it began, in seconds."""
    ended: bool = False
    """Whether it has failed or been left."""
    failed_at: float | None = None
    """When it failed, in seconds; None where it did not."""


class FailureRow:
    """Counts failures in a row. All times are seconds on one clock that never goes back.

    Each operation is O(1) amortised: every try enters once and leaves once. At most ``most_held``
    tries are remembered.

    Args:
        least_s: seconds for which something is expected of a try at least; at least 0.
        most_s: seconds for which it is at most, and as long as no wait is known.
        most_held: tries that are remembered at most; at least 1.
    """

    def __init__(self, least_s: float, most_s: float, most_held: int = MOST_HELD) -> None:
        self._least_s = least_s
        self._most_s = most_s
        self._most_held = most_held
        # After each operation the first of these, if there is one, was still expected to end.
        self._waiting: deque[RowTry] = deque()
        self._number = 0
        self._spoke = 0
        self._longest_wait_s = math.inf
        self._count = 0
        self._first_at = self._last_at = 0.0

    @property
    def count(self) -> int:
        """How many failures stand in the row."""
        return self._count

    @property
    def lasted_s(self) -> float:
        """Seconds from the first failure of the row to the last, 0 without two."""
        return self._last_at - self._first_at if self._count else 0.0

    @property
    def usual_s(self) -> float | None:
        """Twice the longest of the recent waits for a first word, in seconds; None before one."""
        known = not math.isinf(self._longest_wait_s)
        return _WAITS * self._longest_wait_s if known else None

    @property
    def patience_s(self) -> float:
        """Seconds for which something is expected of a try."""
        return min(self._most_s, max(self._least_s, _WAITS * self._longest_wait_s))

    def begin(self, now: float) -> RowTry:
        """A try begins."""
        if len(self._waiting) >= self._most_held:
            self._waiting.popleft()
            self._release(now)
        self._number += 1
        entry = RowTry(self._number, now)
        self._waiting.append(entry)
        return entry

    def spoke(self, entry: RowTry, now: float) -> None:
        """A try has its first word: what began before it belongs to no row any more."""
        self._note_wait(now - entry.began)
        if entry.number <= self._spoke:
            return
        self._spoke = entry.number
        self._count = 0
        while self._waiting and self._waiting[0].number <= entry.number:
            self._waiting.popleft()
        self._release(now)

    def failed(self, entry: RowTry, now: float) -> None:
        """A try failed, and the service is to blame; of no effect if a younger one spoke."""
        if entry.number <= self._spoke:
            return
        if not self._waiting or entry.number < self._waiting[0].number:
            # Nobody waited for it any more, so that nothing is left to order.
            self._add(now)
        entry.failed_at = now
        self._end(entry, now)

    def left(self, entry: RowTry, now: float) -> None:
        """A try ended and says nothing about the service."""
        if entry.number > self._spoke:
            self._end(entry, now)

    def restart(self) -> None:
        """Forget the row, and every try that has begun; how long the service takes stays known."""
        self._waiting.clear()
        self._spoke = self._number
        self._count = 0

    def _end(self, entry: RowTry, now: float) -> None:
        entry.ended = True
        self._release(now)

    def _release(self, now: float) -> None:
        """Count what no older try holds back."""
        waiting, given_up = self._waiting, now - self.patience_s
        while waiting and (waiting[0].ended or waiting[0].began <= given_up):
            failed_at = waiting.popleft().failed_at
            if failed_at is not None:
                self._add(failed_at)

    def _add(self, at: float) -> None:
        # Not in the order of their ends: the first of the row may have failed last.
        self._first_at = min(self._first_at, at) if self._count else at
        self._last_at = max(self._last_at, at) if self._count else at
        self._count += 1

    def _note_wait(self, waited_s: float) -> None:
        longest = self._longest_wait_s
        if waited_s >= longest or math.isinf(longest):
            self._longest_wait_s = waited_s
        else:
            self._longest_wait_s = longest + (waited_s - longest) * _FADING
