"""The file and connections to it."""

from __future__ import annotations

import os
import sqlite3
import time
from pathlib import Path

from ion_framework.conversations.store import StoreError
from ion_store_sqlite.failures import is_busy
from ion_store_sqlite.schema import migrate, pragma

OLDEST = (3, 37)
"""First version of SQLite that checks the types of columns."""

_AGAIN_S = 0.02
_LOG_BYTES = 64 << 20
"""Size to which the log of writes shrinks again after a burst."""


def make_file(file: Path) -> None:
    """Make the file where there is none, for its owner alone, and its folder likewise.

    Raises:
        StoreError: it cannot be made.
    """
    try:
        # A folder on the way that is a file raises FileExistsError, as does the file itself below.
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise _cannot_be_made(file, error) from None
    try:
        # Never opened where it exists: closing it would drop the locks of this process's SQLite.
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        if not file.is_file():
            raise StoreError(f"{file} cannot be the database: it is no file") from None
    except OSError as error:
        raise _cannot_be_made(file, error) from None


def _cannot_be_made(file: Path, error: OSError) -> StoreError:
    return StoreError(
        f"{file} cannot be made: {error.strerror}; set path or ION_DATA_DIR to a folder that can "
        "be written"
    )


def open_writer(file: Path, busy_s: float, max_bytes: int) -> sqlite3.Connection:
    """A connection that writes, to a database of this version.

    Raises:
        StoreError: the database is somebody else's, or of a newer version.
        sqlite3.Error: it cannot be used.
    """
    if sqlite3.sqlite_version_info < OLDEST:
        raise StoreError(f"SQLite {sqlite3.sqlite_version} is too old: 3.37 or newer is needed")
    make_file(file)
    connection = _connect(file, busy_s)
    try:
        if not pragma(connection, "page_count"):  # later it changes nothing, and takes the lock
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        _write_ahead(connection, busy_s)
        migrate(connection)
        pages = max_bytes // pragma(connection, "page_size")
        connection.execute(f"PRAGMA max_page_count = {pages}")
        connection.execute(f"PRAGMA journal_size_limit = {_LOG_BYTES}")
        # What is deleted is overwritten: a user's words must not stay in unused pages.
        connection.execute("PRAGMA secure_delete = ON")
    except BaseException:
        connection.close()
        raise
    return connection


def open_reader(file: Path, busy_s: float) -> sqlite3.Connection:
    """A connection that cannot write.

    Raises:
        sqlite3.Error: the database cannot be used.
    """
    connection = _connect(file, busy_s)
    connection.execute("PRAGMA query_only = ON")
    return connection


def _connect(file: Path, busy_s: float) -> sqlite3.Connection:
    connection = sqlite3.connect(file, timeout=busy_s, isolation_level=None)
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def _write_ahead(connection: sqlite3.Connection, busy_s: float) -> None:
    """Have writes go to a log. Two processes that do so at once are not made to wait by SQLite."""
    until = time.monotonic() + busy_s
    while True:
        try:
            (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
        except sqlite3.OperationalError as error:
            if not is_busy(error) or time.monotonic() > until:
                raise
            time.sleep(_AGAIN_S)
            continue
        if mode != "wal":
            raise StoreError(
                "the file system of the database does not take a write-ahead log; "
                "set path to a disk of this machine"
            )
        return
