"""How often the model may be asked: a token bucket."""

from __future__ import annotations

from ion_framework.clock import Clock

MINUTE_S = 60.0


class TokenBucket:
    """Holds a minute's worth of calls at most and fills evenly.

    Args:
        calls_per_minute: calls in a minute, and at once after a minute of rest.
        clock: the clock.
    """

    def __init__(self, calls_per_minute: int, clock: Clock) -> None:
        self._size = float(calls_per_minute)
        self._clock = clock
        self._left = self._size
        self._at = clock.monotonic()

    def take(self) -> bool:
        """Take one call out; says whether there was one."""
        now = self._clock.monotonic()
        self._left = min(self._size, self._left + (now - self._at) * self._size / MINUTE_S)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
