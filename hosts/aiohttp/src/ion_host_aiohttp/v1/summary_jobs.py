"""Summaries made in the background, a bounded number at once, each under a lease."""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import attrs

from ion_host_aiohttp.v1.sessions import (
    Owner,
    SessionBounds,
    SessionLog,
    SessionsUnavailableError,
)

RENEWALS = 3
"""How often a lease is renewed in its time, so that one late renewal costs nothing."""

CLOSE_S = 1.0
"""Seconds that summaries have at the end to give their leases back."""


@attrs.frozen
class Made:
    """A summary as it is kept.

    Attributes:
        text: the summary.
        method: who made it.
    """

    text: str = attrs.field(repr=False)
    method: str


class BusyError(Exception):
    """No further summary can be begun now.

    Attributes:
        by_caller: whether it is this caller who has too many.
    """

    def __init__(self, *, by_caller: bool) -> None:
        super().__init__("too many summaries are being made")
        self.by_caller = by_caller


@attrs.define
class Ticket:
    """The right to make one summary.

    Attributes:
        owner: for whom.
        token: names the attempt in the log.
        used: whether a job has it, which gives it back itself.
    """

    owner: Owner
    token: str = attrs.field(factory=lambda: uuid.uuid4().hex)
    used: bool = False


@attrs.define
class SummaryCounts:
    """Summaries of this process since its start.

    Attributes:
        begun: those that were begun.
        made: of them those that were made.
        failed: of them those that could not be made.
    """

    begun: int = 0
    made: int = 0
    failed: int = 0


class SummaryJobs:
    """Makes summaries; a session's process may end, and another one goes on with it.

    Attributes:
        counts: what became of them so far.

    Args:
        log: where sessions and summaries are kept.
        bounds: how many at once.
        report: told of what went wrong, for operators.
    """

    def __init__(
        self, log: SessionLog, bounds: SessionBounds, report: Callable[[str], None]
    ) -> None:
        self._log = log
        self._bounds = bounds
        self._report = report
        self._by_owner: Counter[Owner] = Counter()
        self._places = asyncio.Semaphore(bounds.summaries_at_once)
        self._tasks: set[asyncio.Task[None]] = set()
        self.counts = SummaryCounts()

    @property
    def running(self) -> int:
        """Summaries that are being made now, or wait for their turn."""
        return len(self._tasks)

    @asynccontextmanager
    async def ticket(self, owner: Owner) -> AsyncIterator[Ticket]:
        """The right to begin one summary, given back unless `start` was called with it.

        Raises:
            BusyError: too many are being made.
        """
        most = self._bounds.summaries_at_once + self._bounds.summaries_waiting
        if self._by_owner[owner] >= self._bounds.summaries_per_caller:
            raise BusyError(by_caller=True)
        if self._by_owner.total() >= most:
            raise BusyError(by_caller=False)
        self._by_owner[owner] += 1
        ticket = Ticket(owner)
        try:
            yield ticket
        finally:
            if not ticket.used:
                self._give_back(ticket)

    def start(self, ticket: Ticket, make: Callable[[], Awaitable[Made]]) -> None:
        """Make a summary in the background.

        Args:
            ticket: from `ticket`; its token is in the log already.
            make: what makes it.
        """
        ticket.used = True
        self.counts.begun += 1
        task = asyncio.create_task(self._run(ticket, make))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Stop; what is not made is left to the other processes, or to this one's next start."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=CLOSE_S)

    async def _run(self, ticket: Ticket, make: Callable[[], Awaitable[Made]]) -> None:
        try:
            making = asyncio.create_task(self._made(ticket, make))
            try:
                await self._renewed_while(making, ticket.token)
            except asyncio.CancelledError:
                making.cancel()
                # What was spent on it is booked first.
                await asyncio.wait({making}, timeout=CLOSE_S / 2)
                await self._log.release(ticket.token)
                raise
        except SessionsUnavailableError as error:
            self._report(str(error))
        finally:
            self._give_back(ticket)

    async def _made(self, ticket: Ticket, make: Callable[[], Awaitable[Made]]) -> None:
        async with self._places:
            try:
                made = await make()
            except Exception as error:  # noqa: BLE001  whatever it is, the caller shall not wait for ever
                self.counts.failed += 1
                self._report(f"the summary failed: {type(error).__name__}: {error}")
                await self._log.fail(ticket.token)
            else:
                await self._log.finish(ticket.token, made.text, made.method)
                self.counts.made += 1

    async def _renewed_while(self, making: asyncio.Task[None], token: str) -> None:
        """Wait for a summary, with its lease renewed; one that nobody wants any more is ended."""
        while True:
            await asyncio.wait({making}, timeout=self._bounds.lease_s / RENEWALS)
            if making.done():
                return making.result()
            if not await self._still_wanted(token):
                making.cancel()
                return None

    async def _still_wanted(self, token: str) -> bool:
        try:
            return await self._log.renew(token)
        except SessionsUnavailableError as error:
            # The next renewal may go well, and if not, another process takes over.
            self._report(str(error))
            return True

    def _give_back(self, ticket: Ticket) -> None:
        self._by_owner[ticket.owner] -= 1
        if not self._by_owner[ticket.owner]:
            del self._by_owner[ticket.owner]
