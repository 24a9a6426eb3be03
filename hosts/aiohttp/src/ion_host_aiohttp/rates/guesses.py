"""What counts for an address and not for a caller: failed logins, and requests that are nobody's.

**Failed logins.** Ten of them a minute are told that they failed. After that, what is not valid is
answered 429 until the first of the ten is a minute ago. Refused attempts do not count, so the way
is free again after a minute at the latest, whoever goes on trying.

An address may stand for many: an office, a mobile network. So credentials are looked at even while
their address is refused, and those that are valid pass: a stranger cannot shut others out. To look
a key up costs less than to refuse it. To check the signature of a token costs more, so that while
an address is refused, at most `CHECKS_A_SECOND` of its tokens are looked at in a second by a
process; beyond that those pass that the process has found good before, of which it remembers the
latest 10000 by digests under a key of its own that never leaves it.

**Strays.** A request without credentials where some are needed, with several, or for an address
that does not exist belongs to no caller whose quota it could use up. These count for their network
address under a limit of their own, which is generous: it is there to bound, not to teach.

Both are counted where the rate limits are: for all processes where there is Redis. Each process
learns of the others' failures from its own first one, so that at most ten, one more for each
further process, and those that are looked at in the same instant are told so a minute.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import OrderedDict
from typing import Protocol

import attrs

from ion_framework.clock import Clock
from ion_host_aiohttp.access.caller import Credentials
from ion_host_aiohttp.access.key_form import PREFIX
from ion_host_aiohttp.errors.failure import RequestFailed
from ion_host_aiohttp.rates.quota import Quota, remaining, wait_s
from ion_host_aiohttp.rates.refusals import exceeded, too_many_failures
from ion_host_aiohttp.rates.store import Store, StoreGoneError, key_of

REMEMBERED = 10_000
CHECKS_A_SECOND = 20
"""Tokens of a refused address whose signature is checked in a second: a thousandth of a processor
for those of RS256."""

_BYTES = 16


class Logins(Protocol):
    """What the host asks of one who watches logins and strays."""

    def admit(self, address: str, credentials: Credentials) -> None:
        """Let credentials be looked at.

        Args:
            address: where they come from, as rates count it.
            credentials: what is presented.

        Raises:
            RequestFailed: 429, too many from there were not valid, and these cost too much.
        """

    def succeeded(self, credentials: Credentials) -> None:
        """These were valid."""

    async def failed(self, address: str, credentials: Credentials) -> None:
        """These, from there, were not.

        Raises:
            RequestFailed: 429, too many from there were not.
        """

    async def strayed(self, address: str) -> None:
        """A request from there is nobody's, or for nothing that exists.

        Raises:
            RequestFailed: 429, too many from there are.
        """


class Unwatched:
    """All credentials are looked at, however many are not valid, and everybody may stray."""

    def admit(self, address: str, credentials: Credentials) -> None:
        """They are looked at."""

    def succeeded(self, credentials: Credentials) -> None:
        """Nothing is remembered."""

    async def failed(self, address: str, credentials: Credentials) -> None:
        """Nothing is counted."""

    async def strayed(self, address: str) -> None:
        """Nothing is counted."""


@attrs.define
class _Refused:
    """An address from which too many logins failed.

    Attributes:
        until: reading of the clock at which the next failure is told as one.
        second: the second in which tokens were last looked at.
        checks: how many were in that second.
    """

    until: float
    second: int = 0
    checks: int = 0


class Guesses:
    """Counts failed logins, and strays.

    Args:
        store: where they are counted.
        quota: how many failed logins there may be for an address.
        strays: how many strays there may be for an address.
        clock: the clock.
    """

    def __init__(self, store: Store, quota: Quota, strays: Quota, clock: Clock) -> None:
        self._store = store
        self._quota = quota
        self._strays = strays
        self._clock = clock
        self._secret = secrets.token_bytes(32)
        self._good: OrderedDict[bytes, None] = OrderedDict()
        self._refused: OrderedDict[str, _Refused] = OrderedDict()

    def admit(self, address: str, credentials: Credentials) -> None:
        """Let credentials be looked at.

        Args:
            address: where they come from.
            credentials: what is presented.

        Raises:
            RequestFailed: 429, too many from there were not valid, and these cost too much.
        """
        refused = self._refusing(address)
        if refused is None or not _is_token(credentials):
            return
        if self._digest(credentials) in self._good:
            return
        now = self._clock.monotonic()
        if refused.second != int(now):
            refused.second, refused.checks = int(now), 0
        refused.checks += 1
        if refused.checks > CHECKS_A_SECOND:
            raise RequestFailed(too_many_failures(refused.until - now))

    def succeeded(self, credentials: Credentials) -> None:
        """These were valid."""
        if not _is_token(credentials):
            return
        digest = self._digest(credentials)
        self._good[digest] = None
        self._good.move_to_end(digest)
        if len(self._good) > REMEMBERED:
            self._good.popitem(last=False)

    async def failed(self, address: str, credentials: Credentials) -> None:
        """These were not.

        Raises:
            RequestFailed: 429, too many from there were not.
        """
        if self._quota.limit is None:
            return
        # What was good before is no longer; it may have ended a moment ago.
        self._good.pop(self._digest(credentials), None)
        refused = self._refusing(address)
        if refused is not None:
            raise RequestFailed(too_many_failures(refused.until - self._clock.monotonic()))
        try:
            standing = await self._store.take(
                key_of(f"{address} failed"), self._quota, 1, runs_turns=False
            )
        except StoreGoneError:
            return
        quota, used = standing.quota, standing.used
        if not standing.granted or not remaining(quota, used):
            self._refuse(address, wait_s(quota, used, 1))

    async def strayed(self, address: str) -> None:
        """A request from there is nobody's, or for nothing that exists.

        Raises:
            RequestFailed: 429, too many from there are.
        """
        if self._strays.limit is None:
            return
        try:
            standing = await self._store.take(
                key_of(f"{address} strays"), self._strays, 1, runs_turns=False
            )
        except StoreGoneError:
            return
        if not standing.granted:
            raise RequestFailed(exceeded(standing, 1))

    def _refuse(self, address: str, seconds: float) -> None:
        self._refused[address] = _Refused(self._clock.monotonic() + seconds)
        self._refused.move_to_end(address)
        if len(self._refused) > REMEMBERED:
            self._refused.popitem(last=False)

    def _refusing(self, address: str) -> _Refused | None:
        """What is known of a refused address; None of one that is not."""
        found = self._refused.get(address)
        if found is not None and found.until <= self._clock.monotonic():
            del self._refused[address]
            return None
        return found

    def _digest(self, credentials: Credentials) -> bytes:
        given = f"{credentials.bearer or ''}\n{credentials.key or ''}".encode(
            "utf-8", "surrogatepass"
        )
        return hashlib.blake2b(given, digest_size=_BYTES, key=self._secret).digest()


def _is_token(credentials: Credentials) -> bool:
    return credentials.bearer is not None and not credentials.bearer.startswith(PREFIX)
