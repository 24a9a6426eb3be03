"""Whether a queue is overload or only a burst.

A queue that fills and runs dry again has done what it is for: it has kept requests that came at one
instant until there was time for each. One that does not run dry adds a wait to every request and
gives nothing for it. What tells them apart is not how long the queue is, nor how long somebody has
waited, but the least wait over a span of time: of a burst it is nothing, of more load than can be
worked off it is not (Nichols, Jacobson: Controlling Queue Delay, ACM Queue 10/5, 2012).

CoDel drops what waits. A caller who is refused after a second has lost the second, so here, as soon
as a queue is standing, newcomers are refused at once instead, but for those whose wait will be
short; who is in the queue is served. CoDel lowers its interval while drops do not help; here it is
lowered for a time after a standing queue, so that load that comes back is not waited for as long.
"""

from __future__ import annotations

TARGET_S = 0.05
"""Seconds: a queue whose least wait is longer is standing, and while it is only those are let in
who may expect to wait for less. CoDel's twentieth of the interval: so many requests that chance
alone does not refuse some under a load that can be borne."""
INTERVAL_S = 1.0
"""Seconds over which the least wait is taken: some hundreds of requests at one instant are worked
off in less, and half of what a request may wait at most by default."""
AGAIN_S = 0.1
"""The same shortly after a queue has been standing."""
MEMORY_S = 3.0
"""How long after that."""


class StandingQueue:
    """Watches one queue by what leaves it.

    Args:
        target_s: wait above which the queue may be standing, in seconds.
        interval_s: seconds for which it has to stay above.
    """

    def __init__(self, target_s: float = TARGET_S, interval_s: float = INTERVAL_S) -> None:
        self.target_s = target_s
        self._interval_s = interval_s
        self._above_since: float | None = None
        self._stood_at = -MEMORY_S
        self._is_standing = False

    @property
    def is_standing(self) -> bool:
        """Whether more comes than is worked off."""
        return self._is_standing

    def left(self, waited_s: float, now: float) -> None:
        """A request leaves the queue, which is not empty then.

        Args:
            waited_s: seconds that it waited.
            now: reading of a clock.
        """
        if self._is_standing:
            # What leaves now came in because it would wait less than the target: that the wait is
            # short proves nothing as long as the queue does not run dry.
            self._stood_at = now
        elif waited_s <= self.target_s:
            self._above_since = None
        elif self._above_since is None:
            self._above_since = now
        else:
            soon = now - self._stood_at < MEMORY_S
            interval_s = min(AGAIN_S, self._interval_s) if soon else self._interval_s
            self._is_standing = now - self._above_since >= interval_s

    def ran_dry(self) -> None:
        """Nothing waits any more."""
        self._above_since = None
        self._is_standing = False
