"""What became of events, counted by whoever knows."""

from __future__ import annotations

import attrs


@attrs.define
class Tally:
    """Counts of one plugin. Each is written by one thread alone, and read by all.

    Attributes:
        sent: Sentry took them.
        rate_limited: more of them than the settings let through.
        queue_full: too many were waiting.
        too_late: the end came first.
        held_back: not tried, because Sentry had asked for less, or had just been away.
        failed: they could not be handed over: no connection, or Sentry refused them.
    """

    sent: int = 0
    rate_limited: int = 0
    queue_full: int = 0
    too_late: int = 0
    held_back: int = 0
    failed: int = 0

    @property
    def lost(self) -> int:
        """How many did not arrive."""
        late = self.queue_full + self.too_late
        return self.rate_limited + late + self.held_back + self.failed
