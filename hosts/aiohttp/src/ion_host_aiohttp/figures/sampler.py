"""The figures of the host every few seconds: one sampler for all who watch.

While nobody watches it looks every five seconds, so that a page that is opened finds a history;
while somebody does, every second. What it keeps is bounded.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import attrs

from ion_host_aiohttp.workers.figures import Figures

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

HISTORY_S, LIVE_S = 5.0, 1.0
"""Seconds between two samples while nobody watches, and while somebody does."""
KEPT_S = 900.0
"""Seconds for which samples are kept."""
_SLACK_S = 0.5


@attrs.frozen(kw_only=True)
class Sample:
    """The figures of the whole host at a time.

    Attributes:
        at: seconds since the Unix epoch.
        read_at: the same by the clock that never goes back.
        processes: processes that served.
        figures: their sum, with that of those that are gone.
    """

    at: float
    read_at: float
    processes: int
    figures: Figures


class Sampler:
    """What is kept, and who waits for more."""

    def __init__(self) -> None:
        self._history: deque[Sample] = deque(maxlen=int(KEPT_S / HISTORY_S) + 1)
        self._recent: deque[Sample] = deque(maxlen=int(HISTORY_S / LIVE_S) + 2)
        self._viewers = 0
        self._woken = asyncio.Event()
        self._taken = asyncio.Event()

    async def run(self, take: Callable[[], Sample | None], logger: FilteringBoundLogger) -> None:
        """Take samples for ever.

        Args:
            take: takes one; None while the figures of the other processes are not known.
            logger: where is told that none could be taken.
        """
        while True:
            self._woken.clear()
            try:
                sample = take()
                if sample is not None:
                    self._keep(sample)
            except Exception as error:  # noqa: BLE001  a plugin's cache counts for itself
                logger.warning("figures could not be taken", error=type(error).__name__)
            with suppress(TimeoutError):
                async with asyncio.timeout(self._pause_s):
                    await self._woken.wait()

    def history(self) -> tuple[Sample, ...]:
        """The samples that are kept, oldest first, each `HISTORY_S` after the one before."""
        return tuple(self._history)

    def latest(self) -> Sample | None:
        """The latest sample, None before the first."""
        return self._recent[-1] if self._recent else None

    def before(self, sample: Sample, seconds: float) -> Sample:
        """The latest sample that is so much older than another one, or else the oldest.

        Args:
            sample: one of this sampler.
            seconds: up to `KEPT_S`.
        """
        wanted = sample.read_at - seconds + _SLACK_S
        for samples in (self._recent, self._history):
            for each in reversed(samples):
                if each.read_at <= wanted:
                    return each
        return self._history[0] if self._history else sample

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Somebody watches."""
        self._viewers += 1
        if self._viewers == 1:
            self._woken.set()
        try:
            yield
        finally:
            self._viewers -= 1

    async def next(self) -> Sample:
        """The next sample."""
        await self._taken.wait()
        return self._recent[-1]

    @property
    def _pause_s(self) -> float:
        return LIVE_S if self._viewers or not self._recent else HISTORY_S

    def _keep(self, sample: Sample) -> None:
        self._recent.append(sample)
        last = self._history[-1].read_at if self._history else None
        if last is None or sample.read_at - last >= HISTORY_S - _SLACK_S:
            self._history.append(sample)
        taken, self._taken = self._taken, asyncio.Event()
        taken.set()
