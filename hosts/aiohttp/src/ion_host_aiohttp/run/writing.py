"""Cutting off who does not take an answer."""

from __future__ import annotations

import asyncio

LEAST_BYTES = 16384
"""How much somebody who does not take everything has to take in a span of time. A byte now and then
would keep a connection, and all that stands behind it, for ever."""


class WriteWatch:
    """Watches the bytes that a connection still has to send, while there are any.

    asyncio calls a protocol back when more than some bytes wait, and again when few do; here these
    bounds are nothing and nothing, so that it is known of every byte that waits. It also keeps a
    closed connection until everything is sent; this ends that too.

    Args:
        wire: the connection.
        loop: the event loop.
        seconds: the span of time.
    """

    def __init__(
        self, wire: asyncio.Transport, loop: asyncio.AbstractEventLoop, seconds: float
    ) -> None:
        wire.set_write_buffer_limits(high=0)
        self._wire = wire
        self._loop = loop
        self._seconds = seconds
        self._left = 0
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """Bytes wait."""
        self.end()
        self._left = self._wire.get_write_buffer_size()
        self._timer = self._loop.call_later(self._seconds, self._look)

    def end(self) -> None:
        """None waits any longer, or the connection is over."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = None
        if self._left - self._wire.get_write_buffer_size() < LEAST_BYTES:
            self._wire.abort()
        else:
            self.begin()
