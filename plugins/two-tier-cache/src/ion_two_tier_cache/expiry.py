"""Which entry expires next, without a timer per entry."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable


class Deadline(msgspec.Struct, gc=False, order=True, frozen=True):
    """When an entry expires. Deadlines sort by time, then by age; no two are equal.

    There are as many as entries: what the garbage collector does not know of costs it no time.

    Attributes:
        at: on the monotonic clock; from this instant on the entry is expired.
        serial: number of the store that made it.
        digest: whose entry.
    """

    at: float
    serial: int
    digest: str


class ExpiryQueue:
    """A heap of deadlines with lazy deletion.

    An entry that is dropped leaves its deadline behind, which is skipped when it comes up. The
    ones left behind are at most half as many as the live ones, and `SLACK`, so that the queue is
    bounded as the entries are; tidying up costs constant time per store, on average.
    """

    SLACK = 64

    def __init__(self, is_live: Callable[[Deadline], bool]) -> None:
        self._is_live = is_live
        self._heap: list[Deadline] = []
        self._dead = 0

    def __len__(self) -> int:
        return len(self._heap)

    def add(self, deadline: Deadline) -> None:
        """Take in the deadline of a new entry."""
        heapq.heappush(self._heap, deadline)

    def leave_behind(self) -> None:
        """Note that one entry was dropped other than through `pop_expired`."""
        self._dead += 1
        live = len(self._heap) - self._dead
        if self._dead > live // 2 + self.SLACK:
            self._heap = [deadline for deadline in self._heap if self._is_live(deadline)]
            heapq.heapify(self._heap)
            self._dead = 0

    def pop_expired(self, now: float) -> Deadline | None:
        """Take out the earliest deadline of a live entry, if it has passed."""
        while self._heap and self._heap[0].at <= now:
            deadline = heapq.heappop(self._heap)
            if self._is_live(deadline):
                return deadline
            self._dead -= 1
        return None

    def clear(self) -> None:
        """Forget every deadline."""
        self._heap.clear()
        self._dead = 0
