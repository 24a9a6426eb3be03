"""The keys in memory: who presents one is known without a look at the disk."""

from __future__ import annotations

import asyncio
import hmac
import secrets
from math import inf
from typing import TYPE_CHECKING

from ion_framework.clock import Clock
from ion_host_aiohttp.access.caller import Caller
from ion_host_aiohttp.access.key_file import KeyFileError
from ion_host_aiohttp.access.key_form import presented
from ion_host_aiohttp.access.key_record import KeyRecord, KeyState, KeyTerms
from ion_host_aiohttp.access.key_thread import KeyThread, Reading
from ion_host_aiohttp.access.refusals import RefusedError, UnavailableError

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

FRESH_S = 1.0
"""Seconds for which the keys in memory count as those in the file. Reading them takes milliseconds,
so that a key that is created or revoked is so in every process within two seconds."""

AHEAD_S = 0.5
"""Seconds after which they are read anew where somebody comes, who does not wait for it yet: where
there are always some who come, nobody ever waits."""

READ_S = 2.0
"""Seconds that reading them may take. After that, and after every other failure, it is tried again
when as much time has gone by as keys count as fresh, by one reading for all who wait. Meanwhile
those in memory count until they are too old, and then nobody is let in."""

NOBODY = KeyRecord(id="", digest=secrets.token_bytes(32), terms=KeyTerms(), created=0.0)
"""Compared with where there is no such key, so that a wrong id takes as long as a wrong secret."""


class KeyTable:
    """Every key of the file, never older than `FRESH_S`; nobody is let in by an older one.

    Args:
        thread: reads the file.
        clock: the clock.
        logger: told when the file cannot be read, and when it can again.
    """

    def __init__(self, thread: KeyThread, clock: Clock, logger: FilteringBoundLogger) -> None:
        self._thread = thread
        self._clock = clock
        self._logger = logger
        self._reading = Reading()
        self._has_keys = False
        self._read_at = -inf
        self._failure, self._failed_at = "", -inf
        self._attempt: asyncio.Task[None] | None = None

    @property
    def has_keys(self) -> bool:
        """Whether a key was ever created; once it was, whatever becomes of the file."""
        return self._has_keys

    @property
    def tenants(self) -> frozenset[str]:
        """The tenants of all keys, also of those that are revoked."""
        return frozenset(record.terms.tenant for record in self._reading.keys.values())

    async def load(self) -> None:
        """Read the keys for the first time.

        Raises:
            KeyFileError: they cannot be read.
        """
        self._read_at = self._clock.monotonic()
        self._take(await self._thread.read(self._reading))

    async def refresh(self) -> None:
        """See to it that the keys in memory are fresh.

        Raises:
            UnavailableError: they cannot be read.
        """
        now = self._clock.monotonic()
        age_s = now - self._read_at
        if age_s < AHEAD_S:
            return
        rests = now - self._failed_at < FRESH_S
        if self._attempt is None and not rests:
            self._attempt = asyncio.get_running_loop().create_task(self._read())
        if age_s < FRESH_S:
            return
        if self._attempt is not None:
            # Shielded: others wait for the same.
            await asyncio.shield(self._attempt)
        if self._failure:
            raise UnavailableError(self._failure)

    async def close(self) -> None:
        """Wait for a reading that is under way."""
        if self._attempt is not None:
            await asyncio.wait({self._attempt})

    def caller(self, text: str) -> Caller:
        """Who presents a key.

        Raises:
            RefusedError: nobody whom it lets in.
        """
        key = presented(text)
        if key is None:
            raise RefusedError("it does not have the form of a key")
        record = self._reading.keys.get(key.id, NOBODY)
        if not hmac.compare_digest(key.digest, record.digest):
            raise RefusedError(f"there is no such key (id {key.id})")
        state = record.state(self._clock.time())
        if state is not KeyState.ACTIVE:
            raise RefusedError(f"the key {key.id} is {state}")
        return record.caller()

    async def _read(self) -> None:
        began = self._clock.monotonic()
        try:
            async with asyncio.timeout(READ_S):
                self._take(await self._thread.read(self._reading))
        except KeyFileError as error:
            self._fail(str(error))
        except TimeoutError:
            self._fail(f"reading them took longer than {READ_S:g} s")
        else:
            if self._failure:
                self._logger.info("API keys can be read again")
            self._failure, self._read_at, self._failed_at = "", began, -inf
        finally:
            self._attempt = None

    def _take(self, reading: Reading) -> None:
        self._reading = reading
        self._has_keys = self._has_keys or bool(reading.keys)

    def _fail(self, reason: str) -> None:
        if not self._failure:
            self._logger.error("API keys cannot be read: nobody is let in", reason=reason)
        self._failure, self._failed_at = reason, self._clock.monotonic()
