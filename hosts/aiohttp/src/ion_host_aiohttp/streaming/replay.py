"""One stream's events, kept for a while, so that a caller who lost the connection can go on.

The events are made by a task of their own and put here; readers, one for each connection, take
them from here. While somebody reads, the maker is never more than some events ahead of the
slowest reader: who does not read holds the model back.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable

import attrs

AHEAD = 4
"""Events that may be made before the slowest reader has taken them."""
MOST_BYTES = 262144
"""Bytes of one stream that are kept; the oldest events go first."""


@attrs.frozen
class Owner:
    """Whose a stream is: only the same caller may come back to it."""

    principal: str
    tenant: str


class Replay:
    """The events of one stream.

    Args:
        name: the stream's id.
        owner: whose it is.
        left: called when its last reader left before its end.
        attached: called when somebody reads it.
    """

    def __init__(
        self, name: str, owner: Owner, left: Callable[[], None], attached: Callable[[], None]
    ) -> None:
        self.name = name
        self.owner = owner
        self.bytes = 0
        self.has_ended = False
        self.error: Exception | None = None
        self._left = left
        self._attached = attached
        self._events: deque[bytes] = deque()
        self._last = 0
        self._positions: dict[object, int] = {}
        self._news = asyncio.Event()
        self._taken = asyncio.Event()

    @property
    def next_id(self) -> str:
        """The id of the event that comes next."""
        return f"{self.name}:{self._last + 1}"

    @property
    def last(self) -> int:
        """The number of the newest event, from 1 on; 0 before the first."""
        return self._last

    @property
    def is_read(self) -> bool:
        """Whether somebody reads it now."""
        return bool(self._positions)

    def holds(self, after: int) -> bool:
        """Whether everything after an event is still there, or yet to come."""
        return self._last - len(self._events) <= after <= self._last

    def add(self, event: bytes) -> None:
        """Put an event, under the id that `next_id` gave."""
        self._events.append(event)
        self._last += 1
        self.bytes += len(event)
        while self.bytes > MOST_BYTES and len(self._events) > 1 and self._oldest_is_taken:
            self.bytes -= len(self._events.popleft())
        self._news.set()

    @property
    def _oldest_is_taken(self) -> bool:
        oldest = self._last - len(self._events) + 1
        return all(position >= oldest for position in self._positions.values())

    async def room(self) -> None:
        """Wait until the readers, if there are any, have taken what is there but for some."""
        while self._positions and min(self._positions.values()) < self._last - AHEAD:
            self._taken.clear()
            await self._taken.wait()

    def end(self, error: Exception | None = None) -> None:
        """There will be no further event.

        Args:
            error: why there was not even a first one.
        """
        self.has_ended = True
        self.error = error
        self._news.set()
        self._taken.set()

    async def read(self, after: int) -> AsyncGenerator[bytes, None]:
        """The events after one, until the stream ends.

        Args:
            after: the number of that event; 0 for all.

        Raises:
            Exception: what ended the stream before its first event.
        """
        me = object()
        self._positions[me] = after
        self._attached()
        try:
            while True:
                while self._positions[me] < self._last:
                    first = self._last - len(self._events)
                    yield self._events[self._positions[me] - first]
                    self._positions[me] += 1
                    self._taken.set()
                if self.has_ended:
                    break
                self._news.clear()
                await self._news.wait()
            if self.error is not None and not self._last:
                raise self.error
        finally:
            del self._positions[me]
            self._taken.set()
            if not self._positions and not self.has_ended:
                self._left()
