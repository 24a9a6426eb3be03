"""Which parts turns still work with, so that a plugin is stopped only after its last turn."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from ion_framework.pipeline.parts import Parts


class PartsInUse:
    """Counts the turns that work with each set of parts."""

    def __init__(self) -> None:
        self._turns: dict[int, int] = {}
        self._left = asyncio.Event()

    def using(self, parts: Parts) -> _Using:
        """Work with parts until the end of the block: ``with in_use.using(parts) as parts:``."""
        return _Using(self, parts)

    def begin(self, parts: Parts) -> None:
        """A turn begins to work with parts."""
        key = id(parts)
        self._turns[key] = self._turns.get(key, 0) + 1

    def end(self, parts: Parts) -> None:
        """A turn has come to its end."""
        key = id(parts)
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


class _Using:
    """One turn with its parts. No generator: every turn has one."""

    __slots__ = ("_in_use", "_parts")

    def __init__(self, in_use: PartsInUse, parts: Parts) -> None:
        self._in_use = in_use
        self._parts = parts

    def __enter__(self) -> Parts:
        self._in_use.begin(self._parts)
        return self._parts

    def __exit__(self, *_: object) -> None:
        self._in_use.end(self._parts)
