"""What is read from and written to the file of keys. Everything here blocks."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import attrs

from ion_host_aiohttp.access import key_file
from ion_host_aiohttp.access.key_file import KeyFileError
from ion_host_aiohttp.access.key_record import DailyUse, KeyRecord, KeyTerms, KeyUse

MOST_KEYS = 100_000
"""Keys of one file. Each process holds all of them in memory, about 1 kB each."""

KEPT_DAYS = 400
"""Days of use that are kept."""

_SELECT = (
    "SELECT id, digest, name, scopes, tier, tenant, requests_per_day, tokens_per_day, "
    "created, expires, revoked FROM keys ORDER BY created, id"
)
_INSERT = (
    "INSERT INTO keys (id, digest, name, scopes, tier, tenant, requests_per_day, tokens_per_day, "
    "created, expires, revoked) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


@attrs.frozen
class Increment:
    """What came to a key's use of one day.

    Attributes:
        requests: requests.
        tokens: tokens of the language model.
        last_used: when the last of it happened, seconds since the epoch.
    """

    requests: int
    tokens: int
    last_used: float


class KeyStore:
    """The keys of a file, for one thread at a time; several processes may have it open.

    Args:
        path: the file; it has to exist.
        reading: whether nothing is to be written.

    Raises:
        KeyFileError: it cannot be used, here and of every method.
    """

    def __init__(self, path: Path, *, reading: bool = False) -> None:
        self._path = path
        # Before it is looked at: a file that comes in between is seen as another at the next look.
        self._state = _state(path)
        key_file.check(path)
        self._database = key_file.connect(path, reading=reading)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def replaced(self) -> bool:
        """Whether another file stands in this one's place, or none, or something was put into it.

        What SQLite writes goes into its log first; when it moves that into the file, this is true
        as well, and the file is opened again to no purpose.
        """
        return _state(self._path) != self._state

    def change(self) -> tuple[str, int]:
        """The name of the file, which no other has, and a number that grows with each change.

        It grows whenever a key comes or is revoked.
        """
        with key_file.told(self._path):
            name, number = self._database.execute("SELECT file, number FROM change").fetchone()
        return str(name), int(number)

    def records(self) -> tuple[KeyRecord, ...]:
        """Every key that ever was, the oldest first."""
        with key_file.told(self._path):
            return tuple(map(_record, self._database.execute(_SELECT)))

    def use(self) -> Mapping[str, KeyUse]:
        """What was done with each key, by id; keys that nobody used are left out."""
        found: dict[str, dict[str, DailyUse]] = {}
        last: dict[str, float] = {}
        with key_file.told(self._path):
            rows = self._database.execute(
                "SELECT key_id, day, requests, tokens, last_used FROM use ORDER BY day"
            )
            for key_id, day, requests, tokens, used in rows:
                found.setdefault(key_id, {})[day] = DailyUse(requests, tokens)
                last[key_id] = max(used, last.get(key_id, used))
        return {key_id: KeyUse(last_used=last[key_id], days=days) for key_id, days in found.items()}

    def add(self, record: KeyRecord) -> None:
        """Keep a new key.

        Raises:
            KeyFileError: the file is full.
        """
        with self._writing():
            if self._count() >= MOST_KEYS:
                raise KeyFileError(f"{self._path} holds {MOST_KEYS} keys, which is the most")
            terms = record.terms
            row = (
                record.id,
                record.digest,
                terms.name,
                json.dumps(terms.scopes),
                terms.tier,
                terms.tenant,
                terms.requests_per_day,
                terms.tokens_per_day,
                record.created,
                terms.expires,
                record.revoked,
            )
            self._database.execute(_INSERT, row)
            self._database.execute("UPDATE change SET number = number + 1")

    def revoke(self, key_id: str, now: float) -> bool | None:
        """Have a key let nobody in any more. Its row stays, so that the door stays shut.

        Args:
            key_id: which.
            now: seconds since the epoch.

        Returns:
            Whether it was in force; None where there is no such key.
        """
        with self._writing():
            known = self._database.execute("SELECT 1 FROM keys WHERE id = ?", (key_id,)).fetchone()
            done = self._database.execute(
                "UPDATE keys SET revoked = ? WHERE id = ? AND revoked IS NULL", (now, key_id)
            )
            self._database.execute("UPDATE change SET number = number + 1")
            return bool(done.rowcount) if known else None

    def add_use(
        self, increments: Mapping[tuple[str, str], Increment], oldest_day: str | None = None
    ) -> None:
        """Add to the use of keys, and forget days that are too old.

        Args:
            increments: what came, by key id and UTC day.
            oldest_day: the first day that is kept; None forgets nothing.
        """
        rows = [
            (key_id, day, more.requests, more.tokens, more.last_used)
            for (key_id, day), more in increments.items()
        ]
        with self._writing():
            self._database.executemany(
                "INSERT INTO use (key_id, day, requests, tokens, last_used) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT (key_id, day) DO UPDATE SET"
                " requests = requests + excluded.requests, tokens = tokens + excluded.tokens,"
                " last_used = max(last_used, excluded.last_used)",
                rows,
            )
            if oldest_day is not None:
                self._database.execute("DELETE FROM use WHERE day < ?", (oldest_day,))

    def _count(self) -> int:
        return int(self._database.execute("SELECT count(*) FROM keys").fetchone()[0])

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """All or nothing of what is written inside."""
        with key_file.told(self._path):
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._database.execute("ROLLBACK")
                raise
            self._database.execute("COMMIT")


def _state(path: Path) -> tuple[int, ...] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _record(row: sqlite3.Row | tuple[Any, ...]) -> KeyRecord:
    key_id, digest, name, scopes, tier, tenant, requests, tokens, created, expires, revoked = row
    return KeyRecord(
        id=key_id,
        digest=digest,
        terms=KeyTerms(
            name=name,
            scopes=tuple(json.loads(scopes)),
            tier=tier,
            tenant=tenant,
            requests_per_day=requests,
            tokens_per_day=tokens,
            expires=expires,
        ),
        created=created,
        revoked=revoked,
    )
