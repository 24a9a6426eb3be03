"""That keys cannot be guessed quickly: failed logins count for the address they come from.

Ten of them a minute are looked at, in any minute. After that, what the address presents is refused
unseen until the first of the ten is a minute ago. Refused attempts do not count, so the way is
free again after a minute at the latest, whoever goes on trying.

An address may stand for many: an office, a mobile network. Whoever shares it with a guesser and
has been let in before, with the same key or token and by the same process, is let through
unhindered: a process remembers digests of the latest 10000 credentials that were good, under a
key of its own that never leaves it. That takes nothing from the protection, because what was good
is no guess. Only somebody whose very first request comes while the guesser is at it has to try
again, for one of the ten places of each minute. Requests that present nothing are never refused.

The count is that of the rate limits: of all processes where there is Redis. Each process learns of
the others' from its own first failure, so that at most ten, one more for each further process, and
those that are looked at in the same instant get through a minute.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import OrderedDict
from typing import Protocol

from ion_framework.clock import Clock
from ion_host_aiohttp.access.caller import Credentials
from ion_host_aiohttp.errors.failure import RequestFailed
from ion_host_aiohttp.rates.quota import Quota, remaining, wait_s
from ion_host_aiohttp.rates.refusals import too_many_failures
from ion_host_aiohttp.rates.store import Store, StoreGoneError, key_of

REMEMBERED = 10_000
_BYTES = 16


class Logins(Protocol):
    """What the host asks of one who watches logins."""

    def admit(self, address: str, credentials: Credentials) -> None:
        """Let credentials be looked at.

        Args:
            address: where they come from, as rates count it.
            credentials: what is presented.

        Raises:
            RequestFailed: 429, too many from there were not valid.
        """

    def succeeded(self, credentials: Credentials) -> None:
        """These were valid."""

    async def failed(self, address: str, credentials: Credentials) -> None:
        """These, from there, were not."""


class Unwatched:
    """All credentials are looked at, however many are not valid."""

    def admit(self, address: str, credentials: Credentials) -> None:
        """They are looked at."""

    def succeeded(self, credentials: Credentials) -> None:
        """Nothing is remembered."""

    async def failed(self, address: str, credentials: Credentials) -> None:
        """Nothing is counted."""


class Guesses:
    """Counts failed logins.

    Args:
        store: where they are counted.
        quota: how many there may be for an address.
        clock: the clock.
    """

    def __init__(self, store: Store, quota: Quota, clock: Clock) -> None:
        self._store = store
        self._quota = quota
        self._clock = clock
        self._secret = secrets.token_bytes(32)
        self._good: OrderedDict[bytes, None] = OrderedDict()
        self._until: OrderedDict[str, float] = OrderedDict()

    def admit(self, address: str, credentials: Credentials) -> None:
        """Let credentials be looked at.

        Args:
            address: where they come from.
            credentials: what is presented.

        Raises:
            RequestFailed: 429, too many from there were not valid.
        """
        until = self._until.get(address)
        if until is None or not _presented(credentials):
            return
        left_s = until - self._clock.monotonic()
        if left_s <= 0:
            del self._until[address]
        elif self._digest(credentials) not in self._good:
            raise RequestFailed(too_many_failures(left_s))

    def succeeded(self, credentials: Credentials) -> None:
        """These were valid."""
        if not _presented(credentials):
            return
        digest = self._digest(credentials)
        self._good[digest] = None
        self._good.move_to_end(digest)
        if len(self._good) > REMEMBERED:
            self._good.popitem(last=False)

    async def failed(self, address: str, credentials: Credentials) -> None:
        """These were not."""
        if not _presented(credentials) or self._quota.limit is None:
            return
        # What was good before is no guess; it may have been revoked a moment ago.
        self._good.pop(self._digest(credentials), None)
        try:
            standing = await self._store.take(
                key_of(f"{address} failed"), self._quota, 1, runs_turns=False
            )
        except StoreGoneError:
            return
        quota, used = standing.quota, standing.used
        if not standing.granted or not remaining(quota, used):
            self._until[address] = self._clock.monotonic() + wait_s(quota, used, 1)
            self._until.move_to_end(address)
            if len(self._until) > REMEMBERED:
                self._until.popitem(last=False)

    def _digest(self, credentials: Credentials) -> bytes:
        given = f"{credentials.bearer or ''}\n{credentials.key or ''}".encode(
            "utf-8", "surrogatepass"
        )
        return hashlib.blake2b(given, digest_size=_BYTES, key=self._secret).digest()


def _presented(credentials: Credentials) -> bool:
    return credentials.bearer is not None or credentials.key is not None
