"""A worker that asks all workers for a change, and waits for their answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from ion_host_aiohttp.workers.changes import ChangeOrder, ChangeOutcome
from ion_host_aiohttp.workers.messages import ChangeAsked, ChangeSent, ChangeTold

PATIENCE_S = 10.0
"""Seconds to wait for the answers of all workers."""

SILENT = "silent"


class _Waiting:
    """The answers to one question."""

    def __init__(self) -> None:
        self.expected: tuple[int, ...] | None = None
        self.outcomes: dict[int, ChangeOutcome] = {}
        self.changed = asyncio.Event()

    @property
    def is_complete(self) -> bool:
        return self.expected is not None and set(self.expected) <= set(self.outcomes)


class Asking:
    """Questions of this worker that are not answered yet.

    Args:
        send: says something to the supervisor; False where nobody listens.
        number: number of this worker.
    """

    def __init__(self, send: Callable[[ChangeAsked], bool], number: int) -> None:
        self._send = send
        self._number = number
        self._waiting: dict[int, _Waiting] = {}
        self._last = 0

    async def ask(self, order: ChangeOrder) -> tuple[ChangeOutcome, ...]:
        """Have every worker that serves do something; what came of it, by worker.

        Args:
            order: what to do.
        """
        self._last += 1
        number, waiting = self._last, _Waiting()
        self._waiting[number] = waiting
        try:
            if self._send(ChangeAsked(id=number, order=order)):
                await _completed(waiting)
        finally:
            del self._waiting[number]
        expected = waiting.expected or (self._number,)
        return tuple(
            waiting.outcomes.get(each, ChangeOutcome(worker=each, fault=SILENT))
            for each in sorted(expected)
        )

    def hear(self, message: ChangeSent | ChangeTold) -> None:
        """What the supervisor says of a question."""
        waiting = self._waiting.get(message.id)
        if waiting is None:
            return
        if isinstance(message, ChangeSent):
            waiting.expected = message.workers
        else:
            waiting.outcomes[message.outcome.worker] = message.outcome
        waiting.changed.set()


async def _completed(waiting: _Waiting) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE_S):
            while not waiting.is_complete:
                waiting.changed.clear()
                await waiting.changed.wait()
