"""How large the window should be, found out while the cache works."""

from __future__ import annotations

import math

SMALLEST_SHARE = 0.01
"""Share of the bounds that the window starts with: best where a few messages are asked often."""

LARGEST_SHARE = 0.8
"""Beyond this the main part would remember too little to find the way back."""

STEP = 0.0625
"""By how much of the bounds the window grows or shrinks at first."""

DECAY = 0.98
"""How a step shrinks from one to the next, so that the window settles."""

RESTART = 0.05
"""A hit ratio that changes by this much shows other traffic: steps begin at full size again."""

SAMPLE_PER_ENTRY = 10
"""Requests for each entry of the capacity between two steps."""

SMALLEST_SAMPLE = 1000
"""And not fewer than these, so that a ratio means something in a small cache."""


class WindowClimber:
    """Climbs the hill of hit ratios by the share of the window.

    A step that raised the hit ratio is followed by another in the same direction, one that lowered
    it by one back. Einziger, Eytan, Friedman, Manes: "Adaptive Software Cache Management",
    Middleware 2018; the numbers are Caffeine's. Two things are ours, because small caches make
    noisy ratios: a sample has at least `SMALLEST_SAMPLE` requests, and a change within one standard
    deviation of chance says nothing, whereupon the window shrinks.

    Attributes:
        share: share of the bounds that the window should have now, from `SMALLEST_SHARE` to
            `LARGEST_SHARE`.
        due_at: look-ups since the start at which the next step is due.

    Args:
        capacity: most entries that the cache holds at once, 1 or more.
    """

    __slots__ = ("_hits", "_ratio", "_requests", "_sample", "_step", "due_at", "share")

    def __init__(self, capacity: int) -> None:
        self.share = SMALLEST_SHARE
        self._sample = max(SMALLEST_SAMPLE, capacity * SAMPLE_PER_ENTRY)
        self._step = STEP
        self._ratio = 0.0
        self._hits = self._requests = 0
        self.due_at = self._sample

    def climb(self, hits: int, requests: int) -> bool:
        """Take a step, if there were enough requests since the last; returns whether it did.

        Args:
            hits: look-ups answered since the start.
            requests: look-ups since the start.
        """
        if requests < self.due_at:
            return False
        made = requests - self._requests
        ratio = (hits - self._hits) / made
        step = self._next_step(ratio - self._ratio, math.sqrt(2 * ratio * (1 - ratio) / made))
        self.share = min(max(self.share + step, SMALLEST_SHARE), LARGEST_SHARE)
        full = math.copysign(STEP, step)
        self._step = full if abs(ratio - self._ratio) >= RESTART else step * DECAY
        self._ratio, self._hits, self._requests = ratio, hits, requests
        self.due_at = requests + self._sample
        return True

    def _next_step(self, change: float, chance: float) -> float:
        if change > chance:
            return self._step
        if change < -chance:
            return -self._step
        return abs(self._step) if self.share <= SMALLEST_SHARE else -abs(self._step)
