"""What callers used in the present day of UTC, as one process knows it."""

from __future__ import annotations

import attrs

from ion_framework.clock import Clock
from ion_host_aiohttp.rates.quota import DAY_S
from ion_host_aiohttp.rates.table import CallerTable


@attrs.define
class DayCount:
    """What a caller used in a day.

    Attributes:
        day: number of the day since the Unix epoch.
        requests: its requests through this process.
        tokens: its tokens through this process.
        owed_requests: those of the requests that Redis has not been told of.
        owed_tokens: the same of tokens.
        memory: which memory of Redis was told of the others.
    """

    day: int
    requests: int = 0
    tokens: int = 0
    owed_requests: int = 0
    owed_tokens: int = 0
    memory: str = ""


class Days:
    """Counts of the present day, of the callers that have a budget for a day.

    Args:
        clock: the clock; its ``time()`` says which day it is.
        most: callers that are remembered.
    """

    def __init__(self, clock: Clock, most: int) -> None:
        self._clock = clock
        self._table = CallerTable[DayCount](most, lambda _, count: count.day != self._day())

    def __len__(self) -> int:
        return len(self._table)

    def left_s(self) -> float:
        """Seconds until the day ends."""
        return DAY_S - self._clock.time() % DAY_S

    def of(self, key: bytes) -> DayCount:
        """What a caller has used; of one who is not known, nothing."""
        found, day = self._table.get(key), self._day()
        return found if found is not None and found.day == day else DayCount(day)

    def add(self, key: bytes, requests: int, tokens: int, told: str | None = None) -> None:
        """Count more.

        Args:
            key: the caller.
            requests: its requests.
            tokens: its tokens.
            told: the memory of Redis that was told of it; None: none was, yet.
        """
        count = self.of(key)
        count.requests += requests
        count.tokens += tokens
        if told is None:
            count.owed_requests += requests
            count.owed_tokens += tokens
        else:
            count.memory = told
        self._table.put(key, count, count.requests + count.tokens)

    def owed(self, key: bytes, memory: str) -> tuple[int, int]:
        """Requests and tokens that Redis has still to be told of; from now on they count as told.

        Args:
            key: the caller.
            memory: names the memory of Redis. One that has lost everything is told everything.
        """
        count = self.of(key)
        whole = count.memory not in ("", memory)
        found = (
            (count.requests, count.tokens) if whole else (count.owed_requests, count.owed_tokens)
        )
        count.owed_requests = count.owed_tokens = 0
        count.memory = memory
        return found

    def owe(self, key: bytes, requests: int, tokens: int) -> None:
        """Take back that Redis was told of so much."""
        count = self.of(key)
        count.owed_requests += requests
        count.owed_tokens += tokens

    def _day(self) -> int:
        return int(self._clock.time() // DAY_S)
