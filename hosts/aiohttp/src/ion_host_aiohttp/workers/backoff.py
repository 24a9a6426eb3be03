"""When a worker that has ended is started again."""

from __future__ import annotations

import attrs

SETTLED_S = 10.0
"""A worker that served so long ended by an accident; one that did not counts as a failed start."""


@attrs.define
class Backoff:
    """The pauses before the starts of one worker.

    Attributes:
        first_s: the pause after the first failed start in a row, doubled after each further one.
        most_s: the longest pause.
        failures: failed starts in a row.
    """

    first_s: float = 0.25
    most_s: float = 10.0
    failures: int = 0

    def ended(self, served_s: float) -> float:
        """A worker has ended; gives the seconds until it is started again.

        Args:
            served_s: how long it served; 0 where it never did.
        """
        if served_s >= SETTLED_S:
            self.failures = 0
            return 0.0
        self.failures += 1
        # One end is an accident, and nobody is to wait for what it costs.
        if served_s > 0 and self.failures == 1:
            return 0.0
        return min(self.most_s, self.first_s * 2.0 ** (self.failures - 1))
