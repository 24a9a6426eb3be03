"""The file of keys behind threads of its own, so that a slow disk holds up no other request."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import attrs

from ion_host_aiohttp.access import key_file
from ion_host_aiohttp.access.key_record import KeyRecord
from ion_host_aiohttp.access.key_store import KeyStore

_Result = TypeVar("_Result")


@attrs.frozen
class Reading:
    """The keys as they were once read.

    Attributes:
        identity: which state of which file it is; another reading of the same needs no new one.
        keys: every key that ever was, by its id.
    """

    identity: tuple[int, str, int] | None = None
    keys: dict[str, KeyRecord] = attrs.field(factory=dict, repr=False)


class _Line:
    """A thread with a connection of its own to the file.

    Args:
        path: the file.
        reading: whether it only reads.
    """

    def __init__(self, path: Path, *, reading: bool) -> None:
        self._path = path
        self._reading = reading
        self._store: KeyStore | None = None
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="ion-keys")
        self.opened = 0

    async def call(self, work: Callable[[], _Result]) -> _Result:
        """Have the thread do something."""
        # Shielded: what was handed over is done, whoever has stopped waiting for it.
        return await asyncio.shield(
            asyncio.get_running_loop().run_in_executor(self._executor, work)
        )

    def store(self) -> KeyStore:
        """The store of the file that has the name now; for the thread alone."""
        if self._store is not None and self._store.replaced():
            self._shut()
        if self._store is None:
            self._store = KeyStore(self._path, reading=self._reading)
            self.opened += 1
        return self._store

    async def close(self) -> None:
        """Close the file, once everything is done that was asked for."""
        await self.call(self._shut)
        self._executor.shutdown(wait=False)

    def _shut(self) -> None:
        if self._store is not None:
            self._store.close()
            self._store = None


class KeyThread:
    """Reads and writes a file of keys, each in a thread; this is a process's one writer.

    The two have nothing in common but the file, so that reading never waits for somebody who holds
    it for writing.

    Args:
        path: the file.
        expected: whether it has to be there; otherwise it may come into being later.
    """

    def __init__(self, path: Path, *, expected: bool = False) -> None:
        self._path = path
        self._was_there = expected
        self._reader = _Line(path, reading=True)
        self._writer = _Line(path, reading=False)

    async def read(self, known: Reading) -> Reading:
        """The keys as they are now; the same reading where nothing has changed.

        Raises:
            KeyFileError: the file cannot be read, or is gone.
        """
        return await self._reader.call(lambda: self._read(known))

    async def write(self, work: Callable[[KeyStore], None]) -> None:
        """Do something with the file.

        Raises:
            KeyFileError: it cannot be written.
        """
        await self._writer.call(lambda: work(self._writer.store()))

    async def close(self) -> None:
        """Close the file, once everything is done that was asked for."""
        await self._writer.close()
        await self._reader.close()

    def _read(self, known: Reading) -> Reading:
        if not self._was_there and not key_file.exists(self._path):
            return known
        self._was_there = True
        store = self._reader.store()
        # Before the keys: a key that comes between both is seen at the next reading.
        identity = (self._reader.opened, *store.change())
        if identity == known.identity:
            return known
        return Reading(identity, {record.id: record for record in store.records()})
