"""The right to make an answer, as a turn holds it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from ion_framework.pipeline.cache import CachedRefusal, CachedReply


class Leader(Protocol):
    """Where a lease tells what came of it."""

    def store(self, reply: CachedReply, ttl_s: float) -> None:
        """There is an answer to keep."""

    def share(self, reply: CachedReply) -> None:
        """There is an answer for those who wait now."""

    def refuse(self, refusal: CachedRefusal) -> None:
        """There is no answer."""

    def release(self) -> None:
        """The turn left."""

    def lost(self) -> None:
        """The turn is gone without a word. May be called from any thread."""


class FillLease:
    """What a miss or an answer that is due hands out: one call, and no more.

    The first of its calls ends the lease, every later one does nothing. So a caller may release in
    a ``finally`` clause without asking whether it has stored. One that nobody ends counts as
    released as soon as Python finds that nobody has it any more.

    Args:
        leader: is told.
    """

    __slots__ = ("__weakref__", "_leader")

    def __init__(self, leader: Leader) -> None:
        self._leader: Leader | None = leader

    def __del__(self) -> None:
        leader, self._leader = self._leader, None
        if leader is not None:
            leader.lost()

    async def store(self, reply: CachedReply, ttl_s: float) -> None:
        """Keep the answer, and hand it to those who wait.

        One that has no time to live, or is not complete and first-rate, is only handed on.
        """
        leader, self._leader = self._leader, None
        if leader is not None:
            leader.store(reply, ttl_s)

    async def share(self, reply: CachedReply) -> None:
        """Hand the answer to those who wait, and keep nothing."""
        leader, self._leader = self._leader, None
        if leader is not None:
            leader.share(reply)

    async def refuse(self, refusal: CachedRefusal) -> None:
        """Tell those who wait that there is no answer, or let one of them try."""
        leader, self._leader = self._leader, None
        if leader is not None:
            leader.refuse(refusal)

    async def release(self) -> None:
        """Give the right back; one of those who wait gets it."""
        leader, self._leader = self._leader, None
        if leader is not None:
            leader.release()
