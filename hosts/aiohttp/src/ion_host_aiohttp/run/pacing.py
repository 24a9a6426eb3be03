"""How many requests this process can work on at once, found by how long they wait for it.

An event loop does one thing at a time. Where more arrives than it can work on, the time that a
request waits before it begins grows without bound while every figure of the outside looks well. So
this wait is measured, of every request, and the number of requests inside is steered by it: a tenth
fewer while they wait too long, some more while they do not (additive increase, multiplicative
decrease, as TCP does). A model that takes long is no overload, a loop that lags is: any number of
requests that wait for a model are let in.
"""

from __future__ import annotations

TARGET_S = 0.01
"""Seconds from the arrival of a request to its beginning that are well; where the loop is not busy
it is a tenth of a millisecond."""
LEAST = 6.0
"""A turn meets the event loop some twenty times, and between two of these it has to let everything
pass that is refused meanwhile. With few turns inside, refusing would be all that is done."""
DECREASE, INCREASE, RECOVERY = 0.9, 0.25, 0.1
"""What a bound becomes of itself, what is added where it is reached, and where it is not."""
SETTLE_S = 0.02
"""Seconds between two decreases: what was let in before the first must have its effect."""
PROBE_S = 0.05
"""Seconds without a measurement after which one request is let in to get one."""


class Pacing:
    """Bounds how many requests are inside: those that are worked on, and those that wait to begin.

    Args:
        most: the bound that it never exceeds.
        target_s: the wait that it steers to, in seconds.

    Attributes:
        arrived: whole requests that were let in and have not begun. One whose body is still on its
            way asks nothing of the processor.
    """

    def __init__(self, most: int = 256, target_s: float = TARGET_S) -> None:
        self._most = float(max(most, LEAST))
        self._target_s = target_s
        self._allowed = self._most
        self._decreased_at = 0.0
        self._measured_at = 0.0
        self.arrived = 0

    @property
    def allowed(self) -> float:
        """How many may be inside now."""
        return self._allowed

    def admits(self, working: int, now: float) -> bool:
        """Whether one more may come in.

        Args:
            working: requests that are worked on.
            now: reading of the loop's clock.
        """
        if self.arrived + working < self._allowed:
            return True
        if now - self._measured_at > PROBE_S:
            self._measured_at = now
            return True
        return False

    def arrive(self) -> None:
        """A whole request comes in."""
        self.arrived += 1

    def vanish(self) -> None:
        """One that came in does not begin."""
        self.arrived -= 1

    def begin(self, waited_s: float, working: int, now: float) -> None:
        """A request begins.

        Args:
            waited_s: seconds since its arrival.
            working: requests that are worked on.
            now: reading of the loop's clock.
        """
        inside = self.arrived + working
        self._measured_at = now
        if waited_s <= self._target_s:
            more = INCREASE if 2 * inside >= self._allowed else RECOVERY
            self._allowed = min(self._most, self._allowed + more)
        elif now - self._decreased_at >= SETTLE_S:
            self._decreased_at = now
            # A bound far above what is inside would take long to come down to it.
            self._allowed = max(LEAST, min(self._allowed, inside) * DECREASE)
