"""The latest turns outside conversations, so that feedback on them carries message and receipt.

They are in the memory of one process: where several serve, feedback that reaches another one than
the turn did finds nothing, and its sender has to send the message along.
"""

from __future__ import annotations

import zlib
from collections import OrderedDict
from typing import TypeAlias

import attrs

from ion_framework.clock import Clock
from ion_framework.conversations.model import Owner

KEPT_S = 600.0
"""Seconds for which a turn is remembered."""
MOST_BYTES = 8 * 1024 * 1024
"""Bytes of all remembered messages and receipts together, as they are held."""
_FASTEST = 1
_Key: TypeAlias = tuple[str, str, str]
"""Tenant, principal and request id: to look for an `Owner` among thousands takes longer."""
_GAP = b"\0"


@attrs.frozen
class RecentTurn:
    """A turn that feedback may be about.

    Attributes:
        user_id: the user, empty where the caller named none.
        held: message, NUL and the JSON of the receipt: as objects they take several times as much.
        until: reading of the clock's ``monotonic()`` at which it is forgotten.
        is_packed: whether the bytes are compressed, to about a quarter.
    """

    user_id: str
    held: bytes
    until: float
    is_packed: bool = False

    def packed(self) -> RecentTurn:
        """The same, compressed."""
        return attrs.evolve(self, held=zlib.compress(self.held, _FASTEST), is_packed=True)

    def unpack(self) -> tuple[str, str]:
        """The message, and the JSON of the receipt."""
        told = zlib.decompress(self.held) if self.is_packed else self.held
        message, _, receipt = told.partition(_GAP)
        return message.decode(), receipt.decode()


class RecentTurns:
    """Remembers turns, each for its owner; the oldest are forgotten first.

    To compress a receipt takes as long as to write it, and most hosts have room for their turns as
    they are. So a turn is compressed only where there is none: the new one first, then the others,
    and none is forgotten for its bytes before all are.

    Args:
        clock: where the time comes from.
        most: turns at most; 0 remembers nothing.
    """

    def __init__(self, clock: Clock, most: int) -> None:
        self._clock = clock
        self._most = most
        self._turns: OrderedDict[_Key, RecentTurn] = OrderedDict()
        self._whole: OrderedDict[_Key, None] = OrderedDict()
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
        key = (owner.tenant, owner.principal, request_id)
        if key in self._turns:
            self._forget(key)
        held = b"".join((message.encode(), _GAP, receipt))
        self._turns[key] = RecentTurn(user_id or "", held, now + KEPT_S)
        self._whole[key] = None
        self._bytes += len(held)
        while self._turns and self._is_past(now):
            self._forget(next(iter(self._turns)))
        if self._bytes > MOST_BYTES:
            self._pack(key)
        while self._bytes > MOST_BYTES:
            if self._whole:
                self._pack(next(iter(self._whole)))
            else:
                self._forget(next(iter(self._turns)))

    def find(self, owner: Owner, request_id: str) -> RecentTurn | None:
        """The turn of an owner by its request id, None where it is not remembered."""
        turn = self._turns.get((owner.tenant, owner.principal, request_id))
        return turn if turn is not None and self._clock.monotonic() < turn.until else None

    def forget_user(self, owner: Owner, user_id: str) -> None:
        """Forget every turn of a user."""
        whose = (owner.tenant, owner.principal, user_id)
        for key in [k for k, turn in self._turns.items() if (*k[:2], turn.user_id) == whose]:
            self._forget(key)

    def _is_past(self, now: float) -> bool:
        oldest = next(iter(self._turns.values()))
        return len(self._turns) > self._most or now >= oldest.until

    def _pack(self, key: _Key) -> None:
        """Compress a turn, which keeps its age."""
        whole = self._turns.get(key)
        if whole is not None:
            del self._whole[key]
            self._turns[key] = whole.packed()
            self._bytes += len(self._turns[key].held) - len(whole.held)

    def _forget(self, key: _Key) -> None:
        turn = self._turns.pop(key, None)
        if turn is not None:
            self._whole.pop(key, None)
            self._bytes -= len(turn.held)
