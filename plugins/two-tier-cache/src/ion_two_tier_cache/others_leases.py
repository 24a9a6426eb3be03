"""What other processes are making: for how long each answer has been in somebody's hands."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ion_framework.clock import Clock

MOST = 1000
"""As many answers are remembered; the one that was noted first is forgotten for one more."""


class OthersLeases:
    """Tells a lease that is at work from one that will never end.

    A lease ends by itself a few seconds after its holder, unless the key was written without a time
    by somebody else. Who waited for such a one would wait for ever.

    Args:
        clock: where the time comes from.
        longest_s: seconds after which the holder of a lease is waited for no longer.
    """

    def __init__(self, clock: Clock, longest_s: float) -> None:
        self._now = clock.monotonic
        self._longest_s = longest_s
        self._since: OrderedDict[str, float] = OrderedDict()

    def held(self, digest: str) -> bool:
        """Note that somebody has the lease of a digest; returns whether to wait for that one."""
        now = self._now()
        since = self._since.setdefault(digest, now)
        if len(self._since) > MOST:
            self._since.popitem(last=False)
        return now - since < self._longest_s

    def free(self, digest: str) -> None:
        """Note that nobody has it any more, or that the answer is there."""
        self._since.pop(digest, None)
