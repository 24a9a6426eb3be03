"""Reading no faster than is sensible."""

from __future__ import annotations

import asyncio


class Pace:
    """Lets some things a second pass, a second's worth of them at once.

    Args:
        a_second: how many.
    """

    def __init__(self, a_second: float) -> None:
        self._each_s = 1 / a_second
        self._next = 0.0

    async def wait(self) -> None:
        """Wait until the next may pass."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        self._next = max(self._next, now - 1.0) + self._each_s
        if self._next > now:
            await asyncio.sleep(self._next - now)
