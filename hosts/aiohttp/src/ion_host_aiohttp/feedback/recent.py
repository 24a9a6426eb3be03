"""The latest turns outside conversations, so that feedback on them carries message and receipt.

They are in the memory of one process: where several serve, feedback that reaches another one than
the turn did finds nothing, and its sender has to send the message along.
"""

from __future__ import annotations

import zlib
from collections import OrderedDict

import attrs

from ion_framework.clock import Clock
from ion_framework.conversations.model import Owner

KEPT_S = 600.0
"""Seconds for which a turn is remembered."""
MOST_BYTES = 8 * 1024 * 1024
"""Bytes of all remembered messages and receipts together, as they are packed."""
_FASTEST = 1
_GAP = b"\0"


@attrs.frozen
class RecentTurn:
    """A turn that feedback may be about.

    Attributes:
        user_id: the user, empty where the caller named none.
        packed: message and receipt, compressed: as objects they take twenty times as much.
        until: reading of the clock's ``monotonic()`` at which it is forgotten.
    """

    user_id: str
    packed: bytes
    until: float

    @classmethod
    def pack(cls, message: str, user_id: str, receipt: bytes, until: float) -> RecentTurn:
        """A turn from its message and the JSON of its receipt."""
        return cls(user_id, zlib.compress(message.encode() + _GAP + receipt, _FASTEST), until)

    def unpack(self) -> tuple[str, str]:
        """The message, and the JSON of the receipt."""
        message, _, receipt = zlib.decompress(self.packed).partition(_GAP)
        return message.decode(), receipt.decode()


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
        self._bytes = 0

    def __len__(self) -> int:
        """How many turns are remembered."""
        return len(self._turns)

    @property
    def is_on(self) -> bool:
        """Whether anything is remembered."""
        return self._most > 0

    def add(
        self, owner: Owner, request_id: str, message: str, user_id: str | None, receipt: bytes
    ) -> None:
        """Remember a turn; one of the same owner and request id is replaced.

        Args:
            owner: whose turn.
            request_id: its name.
            message: what the user wrote, without NUL.
            user_id: the user, None where the caller named none.
            receipt: the receipt as JSON.
        """
        now = self._clock.monotonic()
        turn = RecentTurn.pack(message, user_id or "", receipt, now + KEPT_S)
        self._forget((owner, request_id))
        self._turns[owner, request_id] = turn
        self._bytes += len(turn.packed)
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
        return len(self._turns) > self._most or self._bytes > MOST_BYTES or now >= oldest.until

    def _forget(self, key: tuple[Owner, str]) -> None:
        turn = self._turns.pop(key, None)
        if turn is not None:
            self._bytes -= len(turn.packed)
