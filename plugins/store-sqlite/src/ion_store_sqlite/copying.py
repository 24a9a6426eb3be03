"""Backups and restores.

A backup is a database of our own, and behind its end a mark with the digest of all before it: so a
single changed bit is seen, which SQLite's own check would pass over in a text. Any SQLite opens it.

The live file is never opened but by SQLite: closing it would drop the locks of this process.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import BinaryIO

from ion_framework.conversations.store import StoreError
from ion_store_sqlite.failures import store_error
from ion_store_sqlite.schema import TABLES, VERSION, is_ours, migrate, version_of

MARK = b"\0ion backup sha256\0"
_TAIL = len(MARK) + hashlib.sha256().digest_size
_PAGES = 256
"""Pages that are copied at a time: 1 MiB."""

_PIECE = 1 << 20


def back_up(database: Path, busy_s: float, file: Path) -> None:
    """Write a backup while others write to the database.

    Args:
        database: the live database.
        busy_s: seconds for which it waits for others.
        file: where to; what is there is replaced once the backup is complete.

    Raises:
        ValueError: the file is the database itself.
        OSError: the file cannot be written.
        StoreError: the database cannot be read.
    """
    _refuse_itself(database, file)
    with _beside(file) as draft:
        try:
            _copy(database, busy_s, draft)
        except sqlite3.Error as error:
            raise store_error(error) from error
        _seal(draft)
        draft.replace(file)
    _flush_folder(file.parent)


def _copy(database: Path, busy_s: float, draft: Path) -> None:
    with (
        closing(sqlite3.connect(database, timeout=busy_s, isolation_level=None)) as source,
        closing(sqlite3.connect(draft, isolation_level=None)) as target,
    ):
        # Within one snapshot: writes of others would have the copy begin again, and never end.
        source.execute("BEGIN")
        source.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        source.backup(target, pages=_PAGES)
        target.execute("PRAGMA journal_mode = DELETE")
        target.execute(
            "UPDATE conversations SET lease_token = NULL, lease_key = NULL, lease_ends = NULL"
        )


@contextmanager
def verified(database: Path, file: Path) -> Iterator[tuple[Path, int]]:
    """A checked copy of a backup beside the database, and how many conversations it holds.

    Args:
        database: the live database.
        file: the backup.

    Raises:
        ValueError: it is no backup, or a damaged one.
        OSError: it cannot be read, or not be copied.
    """
    _refuse_itself(database, file)
    with _beside(database) as draft:
        with file.open("rb") as backup, draft.open("wb") as copy:
            _unseal(backup, copy)
        yield draft, _checked(draft)


def take_over(connection: sqlite3.Connection, draft: Path) -> None:
    """Replace what the live database holds by a checked copy, in one transaction.

    Other processes may have it open: they see what was there, and then what is there. No file is
    exchanged, because they would go on with the old one.
    """
    connection.execute("ATTACH DATABASE ? AS backup", (str(draft),))
    try:
        connection.execute("BEGIN IMMEDIATE")
        for table in reversed(TABLES):
            connection.execute(f"DELETE FROM main.{table}")  # noqa: S608  tables of our own
        for table in TABLES:
            names = ", ".join(
                row[1] for row in connection.execute(f"PRAGMA main.table_info({table})")
            )
            connection.execute(
                f"INSERT INTO main.{table} ({names}) SELECT {names} FROM backup.{table}"  # noqa: S608  tables of our own
            )
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        connection.execute("DETACH DATABASE backup")


def _seal(draft: Path) -> None:
    digest = hashlib.sha256()
    with draft.open("r+b") as written:
        while piece := written.read(_PIECE):
            digest.update(piece)
        written.write(MARK + digest.digest())
        written.flush()
        os.fsync(written.fileno())


def _unseal(backup: BinaryIO, copy: BinaryIO) -> None:
    digest, rest = hashlib.sha256(), os.fstat(backup.fileno()).st_size - _TAIL
    while rest > 0 and (piece := backup.read(min(rest, _PIECE))):
        digest.update(piece)
        copy.write(piece)
        rest -= len(piece)
    tail = backup.read()
    if not tail.startswith(MARK):
        raise ValueError("the file is no backup of this store, or it was cut off or changed")
    if tail != MARK + digest.digest():
        raise ValueError("the backup is damaged: its content is not what was written")


def _checked(draft: Path) -> int:
    """Raise where a copy is no sound database of ours; count its conversations."""
    try:
        with closing(sqlite3.connect(draft, isolation_level=None)) as connection:
            if not is_ours(connection):
                raise ValueError("the file is no backup of this store")
            if version_of(connection) > VERSION:
                raise ValueError("the backup was made by a newer ion-store-sqlite; install that")
            migrate(connection)
            verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
            astray = connection.execute("PRAGMA foreign_key_check").fetchone()
            if verdict != "ok" or astray:
                raise ValueError(f"the backup is damaged: {verdict if astray is None else astray}")
            counted = connection.execute("SELECT count(*) FROM conversations").fetchone()
            return int(counted[0])
    except (sqlite3.DatabaseError, StoreError) as error:
        raise ValueError(f"the backup is damaged: {error}") from error


@contextmanager
def _beside(file: Path) -> Iterator[Path]:
    """A file that nobody else reads, in the same folder; gone at the end, unless it was moved."""
    draft = file.with_name(f".{file.name}.{secrets.token_hex(6)}.part")
    os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    try:
        yield draft
    finally:
        draft.unlink(missing_ok=True)
        draft.with_name(f"{draft.name}-journal").unlink(missing_ok=True)


def _refuse_itself(database: Path, file: Path) -> None:
    own = [database, *(database.with_name(database.name + end) for end in ("-wal", "-shm"))]
    if any(file.exists() and path.exists() and file.samefile(path) for path in own):
        raise ValueError(f"{file} is the database itself; name another file")


def _flush_folder(folder: Path) -> None:
    """Have the name of a file outlive the loss of power."""
    if os.name == "nt":
        return  # folders cannot be opened there
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
