"""The latest turns outside conversations, so that feedback on them carries message and receipt.

They are in the memory of one process: where several serve, feedback that reaches another one than
the turn did finds nothing, and its sender has to send the message along.
"""

from __future__ import annotations

from collections import OrderedDict

import attrs

from ion_framework.clock import Clock
from ion_framework.conversations.model import Owner
from ion_framework.pipeline.receipt import Receipt

KEPT_S = 600.0
"""Seconds for which a turn is remembered."""
MOST_CHARS = 1_000_000
"""Characters of all remembered messages together."""


@attrs.frozen
class RecentTurn:
    """A turn that feedback may be about.

    Attributes:
        message: what the user wrote.
        user_id: the user, empty where the caller named none.
        receipt: the receipt.
        until: reading of the clock's ``monotonic()`` at which it is forgotten.
    """

    message: str
    user_id: str
    receipt: Receipt
    until: float


class RecentTurns:
    """Remembers turns, each for its owner; the oldest are forgotten first.

    Args:
        clock: where the time comes from.
        most: turns at most; 0 remembers nothing.
    """

    def __init__(self, clock: Clock, most: int) -> None:
        self._clock = clock
        self._most = most
        self._turns: OrderedDict[tuple[Owner, str], RecentTurn] = OrderedDict()
        self._chars = 0

    def __len__(self) -> int:
        """How many turns are remembered."""
        return len(self._turns)

    def add(self, owner: Owner, message: str, user_id: str | None, receipt: Receipt) -> None:
        """Remember a turn; one of the same owner and request id is replaced."""
        if self._most == 0:
            return
        now = self._clock.monotonic()
        key = (owner, receipt.request_id)
        self._forget(key)
        self._turns[key] = RecentTurn(message, user_id or "", receipt, now + KEPT_S)
        self._chars += len(message)
        while self._turns and self._is_too_much(now):
            self._forget(next(iter(self._turns)))

    def find(self, owner: Owner, request_id: str) -> RecentTurn | None:
        """The turn of an owner by its request id, None where it is not remembered."""
        turn = self._turns.get((owner, request_id))
        return turn if turn is not None and self._clock.monotonic() < turn.until else None

    def forget_user(self, owner: Owner, user_id: str) -> None:
        """Forget every turn of a user."""
        for key in [
            k for k, turn in self._turns.items() if (k[0], turn.user_id) == (owner, user_id)
        ]:
            self._forget(key)

    def _is_too_much(self, now: float) -> bool:
        oldest = next(iter(self._turns.values()))
        return len(self._turns) > self._most or self._chars > MOST_CHARS or now >= oldest.until

    def _forget(self, key: tuple[Owner, str]) -> None:
        turn = self._turns.pop(key, None)
        if turn is not None:
            self._chars -= len(turn.message)
