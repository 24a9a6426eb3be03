"""What is done with keys, counted in memory and written behind."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from ion_framework.clock import Clock
from ion_host_aiohttp.access.caller import Caller
from ion_host_aiohttp.access.key_file import KeyFileError
from ion_host_aiohttp.access.key_record import PRINCIPAL
from ion_host_aiohttp.access.key_store import KEPT_DAYS, Increment
from ion_host_aiohttp.access.key_thread import KeyThread
from ion_host_aiohttp.errors.messages import Message
from ion_host_aiohttp.rates.limiter import Limiter

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

BEHIND_S = 0.5
"""Seconds by which the file is behind. Only a process that is killed loses what it has not
written; one that ends writes it."""

_KEPT_S = timedelta(days=KEPT_DAYS).total_seconds()


class UsageLedger:
    """Counts requests and tokens by key and UTC day.

    What waits is bounded by the number of keys: a key has one line a day.

    Args:
        thread: writes the file.
        clock: the clock.
        logger: told when the file cannot be written; what waits is kept and tried again.
    """

    def __init__(self, thread: KeyThread, clock: Clock, logger: FilteringBoundLogger) -> None:
        self._thread = thread
        self._clock = clock
        self._logger = logger
        self._waiting: dict[tuple[str, str], Increment] = {}
        self._writing: asyncio.Task[None] | None = None
        self._ending = asyncio.Event()
        self._failing = False
        self._tidied = ""

    def record(self, key_id: str, requests: int, tokens: int) -> None:
        """Count requests and tokens for a key; from the event loop only.

        Args:
            key_id: the key.
            requests: requests that were let in.
            tokens: tokens of the language model that were spent.
        """
        now = self._clock.time()
        more = Increment(requests, tokens, now)
        self._add({(key_id, utc_day(now)): more})
        if self._writing is None:
            self._writing = asyncio.get_running_loop().create_task(self._write_behind())

    async def close(self) -> None:
        """Write what still waits."""
        self._ending.set()
        if self._writing is not None:
            await self._writing
        await self._flush()

    async def _write_behind(self) -> None:
        while self._waiting and not self._ending.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(BEHIND_S):
                    await self._ending.wait()
            await self._flush()
        self._writing = None

    async def _flush(self) -> None:
        batch, self._waiting = self._waiting, {}
        if not batch:
            return
        now = self._clock.time()
        today, oldest = utc_day(now), utc_day(now - _KEPT_S)
        forget = None if self._tidied == today else oldest
        try:
            await self._thread.write(lambda store: store.add_use(batch, forget))
        except KeyFileError as error:
            if not self._failing:
                self._logger.warning("use of API keys cannot be written", reason=str(error))
            self._failing = True
            self._add(batch)
        else:
            self._failing, self._tidied = False, today

    def _add(self, increments: Mapping[tuple[str, str], Increment]) -> None:
        for place, more in increments.items():
            before = self._waiting.get(place, Increment(0, 0, 0.0))
            self._waiting[place] = Increment(
                before.requests + more.requests,
                before.tokens + more.tokens,
                max(before.last_used, more.last_used),
            )


class Metered:
    """A limiter that also has the use of keys counted: what passes it, and nothing else.

    Args:
        limiter: what limits.
        ledger: what counts.
    """

    def __init__(self, limiter: Limiter, ledger: UsageLedger) -> None:
        self._limiter = limiter
        self._ledger = ledger

    async def spend(
        self, caller: Caller, cost: int, *, runs_turns: bool, paid: int = 0
    ) -> Mapping[str, str]:
        """Take requests from a caller's quota, and count them.

        Raises:
            RequestFailed: 429.
        """
        fields = await self._limiter.spend(caller, cost, runs_turns=runs_turns, paid=paid)
        self._record(caller, cost, 0)
        return fields

    async def book(self, caller: Caller, tokens: int) -> None:
        """Take tokens from a caller's budget, and count them."""
        self._record(caller, 0, tokens)
        await self._limiter.book(caller, tokens)

    def shortcoming(self) -> Message | None:
        """What is wrong with the limiter."""
        return self._limiter.shortcoming()

    async def close(self) -> None:
        """Close the limiter."""
        await self._limiter.close()

    def _record(self, caller: Caller, requests: int, tokens: int) -> None:
        if caller.principal.startswith(PRINCIPAL):
            self._ledger.record(caller.principal.removeprefix(PRINCIPAL), requests, tokens)


def utc_day(seconds: float) -> str:
    """The UTC day of a time, as ``2027-01-31``.

    Args:
        seconds: since the epoch.
    """
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()
