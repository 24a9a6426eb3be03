"""A process in reserve: it has imported what a worker needs, and waits to be told what to be.

Two thirds of the processor time that the start of a worker takes go into imports, which are alike
for all. While one of two workers is away the other one has all the load, so the host keeps one
process whose imports are done. Plugins are not among them: what they import, and what they do at
the start, happens once the process is told, as in every other worker.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from ion_framework.clock import Clock
from ion_host_aiohttp.workers.backoff import Backoff
from ion_host_aiohttp.workers.process import Blank


class Reserve:
    """At most one process that waits.

    Args:
        clock: the clock.
        backoff: the pauses where processes end while they wait.
    """

    def __init__(self, clock: Clock, backoff: Backoff | None = None) -> None:
        self._clock = clock
        self._backoff = backoff or Backoff()
        self._blank: Blank | None = None
        self._filling: asyncio.Task[None] | None = None
        self._not_before = clock.monotonic()

    @property
    def pid(self) -> int | None:
        """The process that waits, None without one."""
        return self._blank.pid if self._blank is not None else None

    def fill(self) -> None:
        """Have a process wait, unless one does, is on its way, or several have ended just now."""
        if self._filling is not None and not self._filling.done():
            return
        if self._blank is not None and self._blank.lives:
            return
        if self._blank is not None:
            self._blank.give_up()
            self._blank = None
            self._not_before = self._clock.monotonic() + self._backoff.ended(0.0)
        if self._clock.monotonic() >= self._not_before:
            self._filling = asyncio.create_task(self._fill())

    def take(self) -> Blank | None:
        """The process that waits, which is the caller's from now on; None where there is none."""
        blank, self._blank = self._blank, None
        if blank is None or blank.lives:
            return blank
        blank.give_up()
        return None

    async def empty(self) -> None:
        """End what waits: what it has imported may no longer be what is installed."""
        if self._filling is not None:
            self._filling.cancel()
            await asyncio.wait({self._filling})
            self._filling = None
        blank, self._blank = self._blank, None
        if blank is not None:
            blank.give_up()
            await blank.gone()

    def kill(self) -> None:
        """End it at once."""
        if self._blank is not None:
            self._blank.give_up()

    async def _fill(self) -> None:
        with suppress(OSError):  # no room for one more process: a start takes longer then
            self._blank = await Blank.started()
