"""How many events may be sent: a bucket of tokens, filled evenly."""

from __future__ import annotations

from ion_framework.clock import Clock


class RateGuard:
    """Lets so many through in a minute, all at once if need be, and counts the rest.

    Attributes:
        dropped: how many were not let through.

    Args:
        per_minute: how many.
        clock: the clock.
    """

    def __init__(self, per_minute: int, clock: Clock) -> None:
        self._most = float(per_minute)
        self._clock = clock
        self._left = self._most
        self._at = clock.monotonic()
        self.dropped = 0

    def admits(self) -> bool:
        """Whether one more may go."""
        now = self._clock.monotonic()
        self._left = min(self._most, self._left + (now - self._at) * self._most / 60)
        self._at = now
        if self._left < 1:
            self.dropped += 1
            return False
        self._left -= 1
        return True
