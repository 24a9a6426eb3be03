"""Where the keys come from that verify an issuer's tokens: a secret, a file, an address."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import attrs
from joserfc.jwk import Key, OctKey

from ion_framework.clock import Clock
from ion_framework.errors import SettingsError
from ion_framework.settings.serving import JwtAlgorithm
from ion_host_aiohttp.access.file_rights import writing_problem
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
"""Seconds after which keys have to be fetched again, so that one that the issuer has withdrawn is
forgotten: whoever presents a token then waits for it."""


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
            UnavailableError: no key could be had yet, or not for too long.
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


@attrs.frozen(kw_only=True)
class Rules:
    """What holds for the keys of an issuer, wherever they come from.

    Attributes:
        algorithm: the issuer's algorithm.
        max_age_s: seconds since a key set was last had after which its keys no longer count.
        clock: the clock.
        logger: told when keys cannot be had.
    """

    algorithm: JwtAlgorithm
    max_age_s: float
    clock: Clock
    logger: FilteringBoundLogger


class _Kept:
    """The latest key set that could be read, and how old it is.

    A later set may have no key that can be used: its issuer has withdrawn all of them. The first
    has to have one, because otherwise it is rather the wrong set.

    Args:
        rules: what holds for it.
    """

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._keys: KeysById | None = None
        self._had_at = 0.0

    def __len__(self) -> int:
        return len(self._keys or ())

    @property
    def is_known(self) -> bool:
        """Whether there ever was one."""
        return self._keys is not None

    @property
    def age_s(self) -> float:
        """Seconds since it was last had."""
        return self._rules.clock.monotonic() - self._had_at

    def take(self, document: bytes) -> None:
        """Take a key set in the place of the one before.

        Raises:
            ValueError: it is none, or the first and without a key that can be used.
        """
        found = keys_of(document, self._rules.algorithm)
        if not found and self._keys is None:
            raise ValueError(f"it holds no key for {self._rules.algorithm}")
        self._keys = found
        self.confirm()
        if not found:
            self._rules.logger.warning(
                "a key set has no key that can be used: no token of its issuer is taken",
                algorithm=self._rules.algorithm.value,
            )

    def confirm(self) -> None:
        """It is still the one that there is."""
        self._had_at = self._rules.clock.monotonic()

    def find(self, key_id: str | None) -> Key | None:
        """The key of this id; None where there is none.

        Raises:
            UnavailableError: there never was a key set, or it is too old.
        """
        if self._keys is None:
            raise UnavailableError("the issuer's keys could not be had yet")
        if self.age_s >= self._rules.max_age_s:
            raise UnavailableError(
                f"the issuer's keys could not be had for {self._rules.max_age_s:g} s"
            )
        return key_for(self._keys, key_id)


class FileKeys:
    """The keys of a file, read again when it changes.

    While it cannot be read, those of before count, until they are too old.

    Args:
        path: a JSON Web Key Set.
        rules: what holds for its keys.
    """

    def __init__(self, path: Path, rules: Rules) -> None:
        self._path = path
        self._rules = rules
        self._kept = _Kept(rules)
        self._state: tuple[int, ...] = ()
        self._is_taken = False
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
        """The key of this id.

        Raises:
            UnavailableError: the file could not be read for too long.
        """
        if self._rules.clock.monotonic() - self._looked_at >= LOOK_S:
            try:
                await self._look()
            except (OSError, ValueError) as error:
                self._rules.logger.warning(
                    "a changed key set is not taken", file=str(self._path), reason=str(error)
                )
        return self._kept.find(key_id)

    async def close(self) -> None:
        """Nothing to let go of."""

    async def _look(self) -> None:
        """Read the file where it has changed.

        Raises:
            OSError: it cannot be read.
            ValueError: it is no key set, or others can write it.
        """
        self._looked_at = self._rules.clock.monotonic()
        state = await asyncio.to_thread(self._state_now)
        if state == self._state:
            if self._is_taken:
                self._kept.confirm()
            return
        # Before it is read: a set that is refused is complained of once, not each second.
        self._state, self._is_taken = state, False
        self._kept.take(await asyncio.to_thread(self._read))
        self._is_taken = True

    def _state_now(self) -> tuple[int, ...]:
        found = self._path.stat()
        return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino

    def _read(self) -> bytes:
        problem = writing_problem(self._path)
        if problem:
            raise ValueError(problem)
        with self._path.open("rb") as file:
            return file.read(LARGEST_BYTES + 1)


class FetchedKeys:
    """The keys that an issuer publishes.

    However many tokens name an unknown key, the issuer is asked once in `UNKNOWN_S`, and by one
    request at a time. While it cannot be reached, the keys of before count, until they are too old.

    Args:
        fetch: gets the published set; raises OSError or ValueError, with a reason for the log.
        rules: what holds for its keys.
        end: called at the end.
    """

    def __init__(
        self,
        fetch: Callable[[], Awaitable[bytes]],
        rules: Rules,
        end: Callable[[], Awaitable[None]],
    ) -> None:
        self._fetch = fetch
        self._rules = rules
        self._end = end
        self._kept = _Kept(rules)
        self._asked_at = 0.0
        self._fetching: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Fetch the keys. An issuer that is out of order does not keep the host from starting."""
        await asyncio.shield(self._asking())

    async def find(self, key_id: str | None) -> Key | None:
        """The key of this id.

        Raises:
            UnavailableError: no key was ever fetched, or none for too long.
        """
        if self._kept.is_known and self._kept.age_s < OLD_S:
            key = self._kept.find(key_id)
            if key is not None:
                return key
        fetching = self._ask_when_due()
        if fetching is not None:
            await asyncio.shield(fetching)
        return self._kept.find(key_id)

    async def close(self) -> None:
        """End a fetch that runs, and the connections."""
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.wait({self._fetching})
        await self._end()

    def _ask_when_due(self) -> asyncio.Task[None] | None:
        """The fetch that runs; a new one where enough time has passed since the last."""
        pause = UNKNOWN_S if self._kept.is_known else FIRST_S
        since_s = self._rules.clock.monotonic() - self._asked_at
        if self._fetching is None and since_s < pause:
            return None
        return self._asking()

    def _asking(self) -> asyncio.Task[None]:
        if self._fetching is None:
            self._asked_at = self._rules.clock.monotonic()
            self._fetching = asyncio.get_running_loop().create_task(self._ask())
        return self._fetching

    async def _ask(self) -> None:
        try:
            self._kept.take(await self._fetch())
        except (OSError, ValueError) as error:
            self._rules.logger.warning(
                "an issuer's keys cannot be fetched",
                reason=str(error) or type(error).__name__,
                kept=len(self._kept),
            )
        finally:
            self._fetching = None
