"""What became of spans, counted by whoever knows."""

from __future__ import annotations

import attrs


@attrs.define
class Tally:
    """Counts of spans between a start and its end. Each is written by one thread, read by all.

    Attributes:
        taken: they were put into the queue.
        sent: the collector took them.
        failed: they could not be handed over.
        dropped: there was no room for them; a turn that was dropped before the SDK had been
            imported counts as one.
    """

    taken: int = 0
    sent: int = 0
    failed: int = 0
    dropped: int = 0

    @property
    def waiting(self) -> int:
        """How many are in the queue, or on their way."""
        return self.taken - self.sent - self.failed

    @property
    def lost(self) -> int:
        """How many did not arrive so far."""
        return self.failed + self.dropped
