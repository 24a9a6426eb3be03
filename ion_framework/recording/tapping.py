"""Turns on their way from whoever runs them to whoever writes them down, in a bounded queue."""

from __future__ import annotations

import asyncio
from collections import deque

import attrs

from ion_framework.pipeline.taps import TurnTold

WAITING = 256
"""Turns that wait at most; what comes on top is lost, and counted. One may hold 100 messages."""


@attrs.frozen
class Lost:
    """So many turns are missing before the next one."""

    count: int


class Waiting:
    """The queue. What is put in never waits; what is lost is told before the turn that follows.

    Args:
        most: turns that wait at most.
    """

    def __init__(self, most: int = WAITING) -> None:
        self._most = most
        self._turns: deque[TurnTold] = deque()
        self._lost = 0
        self._arrived = asyncio.Event()

    def put(self, told: TurnTold) -> None:
        """Take a turn, or count it as lost."""
        if len(self._turns) >= self._most:
            self._lost += 1
        else:
            self._turns.append(told)
        self._arrived.set()

    async def next(self) -> TurnTold | Lost:
        """The next turn, or what is missing before it, as soon as there is one."""
        while not (self._turns or self._lost):
            self._arrived.clear()
            await self._arrived.wait()
        if self._turns:
            return self._turns.popleft()
        # What is lost came after what waited: the queue was full of that.
        lost, self._lost = self._lost, 0
        return Lost(lost)
