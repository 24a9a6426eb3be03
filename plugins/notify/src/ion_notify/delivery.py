"""What a way to a receiver is, and how an attempt fails."""

from __future__ import annotations

from typing import Protocol

from ion_framework.slo.notice import Notice


class NotDeliveredError(Exception):
    """A receiver did not take a notice.

    Args:
        reason: why, without addresses and secrets.
        again: whether another attempt makes sense.
        asked_s: seconds after which the receiver wants the next one, None where it does not say.
    """

    def __init__(self, reason: str, *, again: bool, asked_s: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.again = again
        self.asked_s = asked_s


class Channel(Protocol):
    """A way to a receiver."""

    @property
    def name(self) -> str:
        """What it is called in the log."""

    async def send(self, notice: Notice) -> None:
        """Send a notice, once.

        Raises:
            NotDeliveredError: it was not taken.
        """
