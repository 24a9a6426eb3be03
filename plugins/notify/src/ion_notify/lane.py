"""The queue of one receiver, and the task that works it off."""

from __future__ import annotations

import asyncio
import random as random_module
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import attrs

from ion_framework.resilience.backoff import delay_s, full_jitter
from ion_framework.slo.notice import Notice
from ion_notify.delivery import Channel, NotDeliveredError

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

    from ion_framework.clock import Clock
    from ion_notify.settings import NotifySettings

BASE_S, LONGEST_S = 1.0, 60.0
"""Seconds that the first pause has at most, and that no pause exceeds."""


@attrs.define
class LaneStats:
    """What became of notices.

    Attributes:
        delivered: those that the receiver took.
        failed: those that were given up.
        dropped: those for which there was no room, or no time at the end.
        attempts: attempts in all.
    """

    delivered: int = 0
    failed: int = 0
    dropped: int = 0
    attempts: int = 0


class Lane:
    """Sends notices to one receiver, in order, one at a time.

    Args:
        channel: the way to it.
        settings: attempts, times and the queue.
        clock: the clock.
        logger: where failures leave a line.
        random: a number from 0 to below 1, for pauses.

    Attributes:
        stats: what became of notices so far.
    """

    def __init__(
        self,
        channel: Channel,
        settings: NotifySettings,
        clock: Clock,
        logger: FilteringBoundLogger,
        random: Callable[[], float] = random_module.random,
    ) -> None:
        self._channel = channel
        self._settings = settings
        self._clock = clock
        self._logger = logger
        self._jitter = partial(full_jitter, base_s=BASE_S, longest_s=LONGEST_S, random=random)
        self._queue: deque[Notice] = deque()
        self._arrived = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._task: asyncio.Task[None] | None = None
        self.stats = LaneStats()

    def start(self) -> None:
        """Begin to send; needs a running event loop."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    def put(self, notice: Notice) -> None:
        """Have a notice sent; the oldest that waits makes room where there is none."""
        if len(self._queue) >= self._settings.queue_size:
            lost = self._queue.popleft()
            self._lose(lost, "too many notices wait")
        self._queue.append(notice)
        self._idle.clear()
        self._arrived.set()

    async def close(self, limit_s: float) -> None:
        """Send what waits, for at most so many seconds, and stop."""
        task, self._task = self._task, None
        if task is None:
            return
        try:
            async with asyncio.timeout(limit_s):
                await self._idle.wait()
        except TimeoutError:
            for notice in self._queue:
                self._lose(notice, "the host ends")
            self._queue.clear()
        task.cancel()
        await asyncio.wait({task})

    async def _run(self) -> None:
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            while self._queue:
                # It stays in the queue while it is sent, so that an end in between counts it.
                notice = self._queue[0]
                await self._deliver(notice)
                if self._queue and self._queue[0] is notice:
                    self._queue.popleft()
            self._idle.set()

    async def _deliver(self, notice: Notice) -> None:
        ends_at = self._clock.monotonic() + self._settings.deadline_s
        for attempt in range(self._settings.attempts):
            self.stats.attempts += 1
            try:
                await self._channel.send(notice)
            except NotDeliveredError as error:
                wait_s = self._pause(error, attempt, ends_at)
                if wait_s is None:
                    self._give_up(notice, error.reason, attempt + 1)
                    return
            else:
                self.stats.delivered += 1
                return
            await asyncio.sleep(wait_s)

    def _pause(self, error: NotDeliveredError, attempt: int, ends_at: float) -> float | None:
        """Seconds to the next attempt, None where there is none."""
        if not error.again or attempt + 1 >= self._settings.attempts:
            return None
        left_s = ends_at - self._clock.monotonic()
        return delay_s(attempt, error.asked_s, left_s, jitter=self._jitter)

    def _give_up(self, notice: Notice, reason: str, attempts: int) -> None:
        self.stats.failed += 1
        self._logger.error(
            "a notice was not delivered",
            receiver=self._channel.name,
            rule=notice.rule,
            state=notice.state.value,
            reason=reason,
            attempts=attempts,
        )

    def _lose(self, notice: Notice, reason: str) -> None:
        self.stats.dropped += 1
        self._logger.error(
            "a notice was dropped",
            receiver=self._channel.name,
            rule=notice.rule,
            state=notice.state.value,
            reason=reason,
        )
