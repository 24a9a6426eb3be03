"""Questions that come in the same moment travel together.

A round trip to Redis costs about the same for one key as for a hundred, and most of it is our own
work for the command. So everything that was asked in one turn of the event loop goes out as one
batch, and what is asked while the batches that are allowed at a time are under way forms the next.

A batch that is told how long its oldest question has waited can keep to a time for all of them,
without a timer for each.

The work belongs to the batch and not to those who asked: whoever is cancelled is left out when the
answers are handed round, and disturbs neither the others nor the connection. Whatever becomes of a
batch, everybody who asked gets an answer or an error.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeAlias, TypeVar

from ion_two_tier_cache.ending import end

_Question = TypeVar("_Question")
_Answer = TypeVar("_Answer")


_Asked: TypeAlias = tuple[_Question, "asyncio.Future[_Answer]", float]
"""A question, where its answer goes, and when it was asked by the loop's clock; no class, as one is
made for every question."""


class ClosedError(Exception):
    """Nobody answers any more."""


class Batcher(Generic[_Question, _Answer]):
    """Collects questions and has them answered together. It belongs to one event loop.

    Args:
        answer: answers a batch, one answer for each question, in their order; is told for how many
            seconds the first of them has waited. What it raises is raised to everybody who asked.
        largest: most questions in a batch.
        at_a_time: most batches under way.
    """

    def __init__(
        self,
        answer: Callable[[Sequence[_Question], float], Awaitable[Sequence[_Answer]]],
        *,
        largest: int,
        at_a_time: int,
    ) -> None:
        self._answer = answer
        self._largest = largest
        self._at_a_time = at_a_time
        self._waiting: list[_Asked[_Question, _Answer]] = []
        self._under_way: dict[asyncio.Task[None], list[_Asked[_Question, _Answer]]] = {}
        self._scheduled = False
        self._closed = False

    def ask(self, question: _Question) -> asyncio.Future[_Answer]:
        """The answer to be; cancelling it disturbs nobody else.

        What it raises is what the batch raises, or `ClosedError` where this is closed before there
        is an answer.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[_Answer] = asyncio.Future(loop=loop)
        if self._closed:
            future.set_exception(ClosedError())
            return future
        self._waiting.append((question, future, loop.time()))
        if not self._scheduled and len(self._under_way) < self._at_a_time:
            self._scheduled = True
            loop.call_soon(self._send)
        return future

    async def close(self) -> None:
        """Cancel what is under way; whoever waits for it gets an error, and so does who asks."""
        self._closed = True
        waiting, self._waiting = self._waiting, []
        _fail(waiting, ClosedError())
        await end(*self._under_way)

    def _send(self) -> None:
        """Start as many batches as are allowed."""
        self._scheduled = False
        self._waiting = [asked for asked in self._waiting if not asked[1].done()]
        while self._waiting and len(self._under_way) < self._at_a_time:
            batch = self._waiting[: self._largest]
            del self._waiting[: self._largest]
            task = asyncio.get_running_loop().create_task(self._work(batch))
            self._under_way[task] = batch
            task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        """Tell those whom the batch left without an answer; it may never have made a step."""
        batch = self._under_way.pop(task)
        error = ClosedError() if task.cancelled() else task.exception()
        if error is not None:
            _fail(batch, error)
        if self._waiting and not self._scheduled:
            self._send()

    async def _work(self, batch: list[_Asked[_Question, _Answer]]) -> None:
        waited_s = asyncio.get_running_loop().time() - batch[0][2]
        answers = await self._answer([question for question, _, _ in batch], waited_s)
        for (_, future, _), answer in zip(batch, answers, strict=True):
            if not future.done():
                future.set_result(answer)


def _fail(batch: list[_Asked[_Question, _Answer]], error: BaseException) -> None:
    for _, future, _ in batch:
        if not future.done():
            future.set_exception(error)
