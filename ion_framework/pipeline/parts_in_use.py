"""Which parts turns still work with, so that a plugin is stopped only after its last turn."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from ion_framework.pipeline.parts import Parts


class PartsInUse:
    """Counts the turns that work with each set of parts."""

    def __init__(self) -> None:
        self._turns: dict[int, int] = {}
        self._left = asyncio.Event()

    @contextmanager
    def using(self, parts: Parts) -> Iterator[Parts]:
        """Work with parts until the end of the block."""
        key = id(parts)
        self._turns[key] = self._turns.get(key, 0) + 1
        try:
            yield parts
        finally:
            self._turns[key] -= 1
            if not self._turns[key]:
                del self._turns[key]
                self._left.set()

    async def until_unused(self, parts: Parts, limit_s: float) -> None:
        """Wait until no turn works with these parts any more, or the time is up.

        Args:
            parts: parts that no new turn begins with.
            limit_s: seconds to wait at most.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(limit_s):
                while id(parts) in self._turns:
                    self._left = asyncio.Event()
                    await self._left.wait()
