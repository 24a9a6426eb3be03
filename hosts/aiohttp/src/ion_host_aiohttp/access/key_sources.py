"""Where the keys come from that verify an issuer's tokens: a secret, a file, an address."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from joserfc.jwk import Key, OctKey

from ion_framework.clock import Clock
from ion_framework.errors import SettingsError
from ion_framework.settings.serving import JwtAlgorithm
from ion_host_aiohttp.access.key_set import LARGEST_BYTES, KeysById, key_for, keys_of
from ion_host_aiohttp.access.refusals import UnavailableError

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

LOOK_S = 1.0
"""Seconds after which a file is looked at again."""

UNKNOWN_S = 30.0
"""Seconds between two fetches because of key ids that are not known."""

FIRST_S = 5.0
"""Seconds between two fetches as long as none has succeeded."""

OLD_S = 600.0
"""Seconds after which keys are fetched again in the background, so that one that the issuer has
withdrawn is forgotten."""


class KeySource(Protocol):
    """Keys of one issuer."""

    async def start(self) -> None:
        """Get the keys for the first time.

        Raises:
            SettingsError: they cannot be had, and will not be until somebody changes something.
        """

    async def find(self, key_id: str | None) -> Key | None:
        """The key of this id, None where there is none.

        Raises:
            UnavailableError: no key could be had yet.
        """

    async def close(self) -> None:
        """Let go of connections."""


class SharedSecret:
    """The one secret of an issuer that signs with HS256.

    Args:
        key: the secret.
    """

    def __init__(self, key: OctKey) -> None:
        self._key = key

    async def start(self) -> None:
        """Nothing to get."""

    async def find(self, key_id: str | None) -> Key | None:  # noqa: ARG002  one secret has no id
        """The secret, whatever id a token names."""
        return self._key

    async def close(self) -> None:
        """Nothing to let go of."""


class FileKeys:
    """The keys of a file, read again when it changes; while it cannot be read, those of before.

    Args:
        path: a JSON Web Key Set.
        algorithm: the issuer's algorithm.
        clock: the clock.
        logger: told when the file cannot be read.
    """

    def __init__(
        self, path: Path, algorithm: JwtAlgorithm, clock: Clock, logger: FilteringBoundLogger
    ) -> None:
        self._path = path
        self._algorithm = algorithm
        self._clock = clock
        self._logger = logger
        self._keys: KeysById = {}
        self._state: tuple[int, ...] = ()
        self._looked_at = 0.0

    async def start(self) -> None:
        """Read the file.

        Raises:
            SettingsError: it cannot be read, or holds no key that can be used.
        """
        try:
            await self._look()
        except (OSError, ValueError) as error:
            raise SettingsError(f"auth.jwt: jwks_file {self._path}: {error}") from error

    async def find(self, key_id: str | None) -> Key | None:
        """The key of this id."""
        if self._clock.monotonic() - self._looked_at >= LOOK_S:
            try:
                await self._look()
            except (OSError, ValueError) as error:
                self._logger.warning(
                    "a changed key set is not taken", file=str(self._path), reason=str(error)
                )
        return key_for(self._keys, key_id)

    async def close(self) -> None:
        """Nothing to let go of."""

    async def _look(self) -> None:
        self._looked_at = self._clock.monotonic()
        found = await asyncio.to_thread(self._path.stat)
        state = (found.st_mtime_ns, found.st_size, found.st_ino)
        if state != self._state:
            # Before it is read: a set that is refused is complained of once, not each second.
            self._state = state
            self._keys = keys_of(await asyncio.to_thread(self._read), self._algorithm)

    def _read(self) -> bytes:
        with self._path.open("rb") as file:
            return file.read(LARGEST_BYTES + 1)


class FetchedKeys:
    """The keys that an issuer publishes; while it cannot be reached, those of before.

    However many tokens name an unknown key, the issuer is asked once in `UNKNOWN_S`, and by one
    request at a time.

    Args:
        fetch: gets the published set; raises OSError or ValueError, with a reason for the log.
        algorithm: the issuer's algorithm.
        clock: the clock.
        logger: told when keys cannot be fetched.
        end: called at the end.
    """

    def __init__(
        self,
        fetch: Callable[[], Awaitable[bytes]],
        algorithm: JwtAlgorithm,
        clock: Clock,
        logger: FilteringBoundLogger,
        end: Callable[[], Awaitable[None]],
    ) -> None:
        self._fetch = fetch
        self._algorithm = algorithm
        self._clock = clock
        self._logger = logger
        self._end = end
        self._keys: KeysById | None = None
        self._asked_at = 0.0
        self._got_at = 0.0
        self._fetching: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Fetch the keys. An issuer that is out of order does not keep the host from starting."""
        await asyncio.shield(self._asking())

    async def find(self, key_id: str | None) -> Key | None:
        """The key of this id.

        Raises:
            UnavailableError: no key was ever fetched.
        """
        key = None if self._keys is None else key_for(self._keys, key_id)
        if key is not None:
            if self._clock.monotonic() - self._got_at >= OLD_S:
                self._ask_when_due()
            return key
        fetching = self._ask_when_due()
        if fetching is not None:
            await asyncio.shield(fetching)
        if self._keys is None:
            raise UnavailableError("the issuer's keys could not be fetched yet")
        return key_for(self._keys, key_id)

    async def close(self) -> None:
        """End a fetch that runs, and the connections."""
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.wait({self._fetching})
        await self._end()

    def _ask_when_due(self) -> asyncio.Task[None] | None:
        """The fetch that runs; a new one where enough time has passed since the last."""
        pause = FIRST_S if self._keys is None else UNKNOWN_S
        if self._fetching is None and self._clock.monotonic() - self._asked_at < pause:
            return None
        return self._asking()

    def _asking(self) -> asyncio.Task[None]:
        if self._fetching is None:
            self._asked_at = self._clock.monotonic()
            self._fetching = asyncio.get_running_loop().create_task(self._ask())
        return self._fetching

    async def _ask(self) -> None:
        try:
            self._keys = keys_of(await self._fetch(), self._algorithm)
            self._got_at = self._clock.monotonic()
        except (OSError, ValueError) as error:
            self._logger.warning(
                "an issuer's keys cannot be fetched",
                reason=str(error) or type(error).__name__,
                kept=0 if self._keys is None else len(self._keys),
            )
        finally:
            self._fetching = None
