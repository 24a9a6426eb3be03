"""When an answer may next be tried to be made anew."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from ion_framework.clock import Clock

FIRST_S = 1.0
"""The pause after a first failure; it doubles with every further one."""

LONGEST_S = 30.0
"""The longest pause: what works again is noticed within this time."""

MOST = 10_000
"""As many answers are remembered; the one that was noted first is forgotten for one more."""


@attrs.frozen
class Pause:
    """Why an answer is left alone.

    Attributes:
        until: instant on the monotonic clock.
        failures: how often in a row it could not be made.
    """

    until: float
    failures: int


class Pauses:
    """Keeps an upstream that is down from being asked again with every request.

    Args:
        clock: where the time comes from.
    """

    def __init__(self, clock: Clock) -> None:
        self._now = clock.monotonic
        self._pauses: OrderedDict[str, Pause] = OrderedDict()

    def __len__(self) -> int:
        return len(self._pauses)

    def failed(self, digest: str) -> None:
        """Note that the answer could not be made: the next try comes after a pause."""
        failures = self.failures(digest) + 1
        # The exponent is bounded, because a float is.
        pause_s = min(FIRST_S * 2.0 ** min(failures - 1, 10), LONGEST_S)
        self._note(digest, Pause(self._now() + pause_s, failures))

    def put_off(self, digest: str, seconds: float) -> None:
        """Note that another process makes the answer, or nobody can just now: no try for so long.

        This is no failure.
        """
        self._note(digest, Pause(self._now() + seconds, self.failures(digest)))

    def succeeded(self, digest: str) -> None:
        """Forget about it: the answer was made."""
        self._pauses.pop(digest, None)

    def holds(self, digest: str) -> bool:
        """Whether the answer is left alone just now."""
        pause = self._pauses.get(digest)
        return pause is not None and self._now() < pause.until

    def failures(self, digest: str) -> int:
        """How often in a row it could not be made."""
        pause = self._pauses.get(digest)
        return pause.failures if pause is not None else 0

    def clear(self) -> None:
        """Forget everything."""
        self._pauses.clear()

    def _note(self, digest: str, pause: Pause) -> None:
        self._pauses[digest] = pause
        self._pauses.move_to_end(digest)
        if len(self._pauses) > MOST:
            self._pauses.popitem(last=False)
