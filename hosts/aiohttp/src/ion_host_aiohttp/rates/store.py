"""Where it is counted what callers ask: in this process, or in Redis for all of them."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Protocol

import attrs

from ion_framework.clock import Clock
from ion_host_aiohttp.errors.messages import Message
from ion_host_aiohttp.rates.days import Days
from ion_host_aiohttp.rates.quota import REQUESTS, Quota, Used, remaining_of, violated
from ion_host_aiohttp.rates.table import CallerTable
from ion_host_aiohttp.rates.window import Log, added, pruned, total

KEY_BYTES = 16


@lru_cache(8192)
def key_of(subject: str) -> bytes:
    """What stands for a caller in every store, so that none holds a name or an address.

    A digest keeps names and addresses out of sight. It is no secret: who can read Redis can try
    all addresses of IPv4 out.
    """
    return hashlib.blake2b(
        subject.encode("utf-8", "surrogatepass"), digest_size=KEY_BYTES, person=b"ion-rates"
    ).digest()


@attrs.frozen
class Standing:
    """How a caller stands after it asked.

    Attributes:
        granted: whether the request may pass.
        quota: the quota that held.
        used: what the caller has used, with this request if it passes.
        broken: names of what did not let it pass.
        local: whether this process counted alone though it should not have had to.
    """

    granted: bool
    quota: Quota
    used: Used
    broken: tuple[str, ...] = ()
    local: bool = False


class Store(Protocol):
    """Counts what callers ask and spend."""

    async def take(self, key: bytes, quota: Quota, cost: int, *, runs_turns: bool) -> Standing:
        """Count a request, if it may pass.

        Args:
            key: the caller.
            quota: what it may do.
            cost: how many requests it counts.
            runs_turns: whether the budget of tokens must not be used up.

        Raises:
            StoreGoneError: it cannot be known, and then nobody is to pass.
        """

    async def book(self, key: bytes, tokens: int) -> None:
        """Count tokens that were spent. Never raises."""

    def shortcoming(self) -> Message | None:
        """What is wrong with it, for health answers; None: nothing."""

    async def close(self) -> None:
        """Let go of connections."""


class StoreGoneError(Exception):
    """What callers have used cannot be known."""


class LocalStore:
    """Counts in this process.

    Args:
        clock: the clock. Windows go by its ``monotonic()``, days by its ``time()``.
        most: callers that are remembered. Each takes about 250 bytes; with a limit that is used
            to the full in small pieces, up to 5 kB.
    """

    def __init__(self, clock: Clock, most: int) -> None:
        self._clock = clock
        self._logs = CallerTable[Log](most, self._is_over)
        self.days = Days(clock, most)

    def __len__(self) -> int:
        return len(self._logs)

    async def take(self, key: bytes, quota: Quota, cost: int, *, runs_turns: bool) -> Standing:
        """Count a request, if it may pass."""
        return self.take_now(key, quota, cost, runs_turns=runs_turns)

    def take_now(self, key: bytes, quota: Quota, cost: int, *, runs_turns: bool) -> Standing:
        """As `take`, at once. What is counted for the day is owed to Redis, if there is one."""
        if quota.requests_per_day is None and quota.tokens_per_day is None:
            return self._take_in_window(key, quota, cost)
        used = self.used(key, quota)
        broken = violated(quota, used, cost, runs_turns=runs_turns)
        if broken:
            return Standing(False, quota, used, broken)
        return Standing(True, quota, self._counted(key, quota, cost, used, None))

    def _take_in_window(self, key: bytes, quota: Quota, cost: int) -> Standing:
        """As `take_now`, where nothing but the window bounds; nearly everywhere it is so."""
        now = self._clock.monotonic()
        if quota.limit is None:
            return Standing(True, quota, Used(now))
        place, since = _log_key(key, quota), now - quota.remembers_s
        log = pruned(self._logs.get(place) or (), since)
        held = total(log, since)
        left = remaining_of(quota, log, now) if quota.grace else quota.limit - held
        if cost > left:
            return Standing(False, quota, Used(now, log), (REQUESTS,))
        log = added(log, now, cost, quota.window_s)
        self._logs.put(place, log, held + cost)
        return Standing(True, quota, Used(now, log))

    def used(self, key: bytes, quota: Quota) -> Used:
        """What a caller has used."""
        now = self._clock.monotonic()
        log: Log = ()
        if quota.limit is not None:
            log = pruned(self._logs.get(_log_key(key, quota)) or (), now - quota.remembers_s)
        if quota.requests_per_day is None and quota.tokens_per_day is None:
            return Used(now, log)
        count = self.days.of(key)
        return Used(now, log, count.requests, count.tokens, self.days.left_s())

    def record(self, key: bytes, quota: Quota, cost: int, told: str | None = None) -> None:
        """Count a request, whatever the quota says.

        Args:
            key: the caller.
            quota: what it may do.
            cost: how many requests it counts.
            told: the memory of Redis that was told of it; None: none was.
        """
        self._counted(key, quota, cost, self.used(key, quota), told)

    def _counted(self, key: bytes, quota: Quota, cost: int, used: Used, told: str | None) -> Used:
        log, requests = used.log, used.requests
        if quota.limit is not None:
            log = added(log, used.now, cost, quota.window_s)
            self._logs.put(_log_key(key, quota), log, total(log, used.now - quota.remembers_s))
        if quota.requests_per_day is not None:
            self.days.add(key, cost, 0, told)
            requests += cost
        return Used(used.now, log, requests, used.tokens, used.day_left_s)

    async def book(self, key: bytes, tokens: int) -> None:
        """Count tokens that were spent."""
        self.days.add(key, 0, tokens)

    def shortcoming(self) -> Message | None:
        """Nothing can be wrong with it."""
        return None

    async def close(self) -> None:
        """Nothing to let go of."""

    def _is_over(self, name: bytes, log: Log) -> bool:
        remembers_s = int.from_bytes(name[KEY_BYTES:], "big")
        return not log or log[-2] <= self._clock.monotonic() - remembers_s


def _log_key(key: bytes, quota: Quota) -> bytes:
    """The caller and the window: one whose tier changes to another window has another log."""
    return key + quota.remembers_s.to_bytes(4, "big")
