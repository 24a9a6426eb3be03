"""What the log is told of credentials that let nobody in."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from ion_framework.clock import Clock

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

EVERY_S = 1.0
"""Seconds between two lines about one address: whoever goes on guessing must not fill the disk."""

REMEMBERED = 10_000


class RefusalLog:
    """Writes at most one line a second for each address.

    Args:
        logger: where the lines go.
        clock: the clock.
    """

    def __init__(self, logger: FilteringBoundLogger, clock: Clock) -> None:
        self._logger = logger
        self._clock = clock
        self._told_at: OrderedDict[str, float] = OrderedDict()
        self._untold = 0

    def tell(self, reason: str, address: str) -> None:
        """Credentials were refused.

        A line also says how many refusals, of whatever address, were left out since the last one.

        Args:
            reason: why.
            address: where they came from, as rates count it.
        """
        now = self._clock.monotonic()
        if now - self._told_at.get(address, -EVERY_S) < EVERY_S:
            self._untold += 1
            return
        self._told_at[address] = now
        self._told_at.move_to_end(address)
        if len(self._told_at) > REMEMBERED:
            self._told_at.popitem(last=False)
        left_out = {"left_out": self._untold} if self._untold else {}
        self._untold = 0
        self._logger.warning("credentials refused", reason=reason, address=address, **left_out)
