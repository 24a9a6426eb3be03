"""The file that API keys are kept in: an SQLite database that nobody else can write."""

from __future__ import annotations

import os
import sqlite3
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ion_framework.errors import SettingsError
from ion_framework.settings.model import Settings

FILE_NAME = "keys.sqlite3"
APPLICATION = 1_229_934_155
"""SQLite's application id of the file: the bytes ``IONK``."""

VERSION = 1
BUSY_S = 2.0
"""Seconds that a process waits for another that writes."""

MAKING_S = 1.0
"""Seconds for which an empty file may be one that is just being made."""

_SCHEMA = """
PRAGMA journal_mode = WAL;
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS keys (
    id TEXT PRIMARY KEY,
    digest BLOB NOT NULL,
    name TEXT NOT NULL,
    scopes TEXT NOT NULL,
    tier TEXT NOT NULL,
    tenant TEXT NOT NULL,
    requests_per_day INTEGER,
    tokens_per_day INTEGER,
    created REAL NOT NULL,
    expires REAL,
    revoked REAL
);
CREATE TABLE IF NOT EXISTS use (
    key_id TEXT NOT NULL,
    day TEXT NOT NULL,
    requests INTEGER NOT NULL,
    tokens INTEGER NOT NULL,
    last_used REAL NOT NULL,
    PRIMARY KEY (key_id, day)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS change (number INTEGER NOT NULL);
INSERT INTO change SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM change);
PRAGMA application_id = 1229934155;
PRAGMA user_version = 1;
COMMIT;
"""


class KeyFileError(SettingsError):
    """The database of keys cannot be used; says which file, why, and what to do."""


def key_file_of(settings: Settings) -> Path:
    """Where the keys are kept; the file may not exist yet."""
    named = settings.auth.keys_file
    return named.expanduser() if named is not None else settings.folder() / FILE_NAME


def exists(path: Path) -> bool:
    """Whether the file was ever made, as far as can be seen; a link that leads nowhere counts.

    Raises:
        KeyFileError: this cannot be seen. To take it for a no would open the door.
    """
    with told(path):
        try:
            path.lstat()
        except FileNotFoundError:
            return False
    return True


def create(path: Path) -> None:
    """Make the file, and its folder, for their owner alone; one that is there stays.

    Raises:
        KeyFileError: it cannot be made or used.
    """
    with told(path):
        path.parent.mkdir(mode=stat.S_IRWXU, parents=True, exist_ok=True)
        # SQLite gives the files of its log the mode of this one.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, stat.S_IRUSR | stat.S_IWUSR))
    with _connected(path) as database, told(path):
        if not database.execute("PRAGMA schema_version").fetchone()[0]:
            database.executescript(_SCHEMA)
    check(path)


def check(path: Path) -> None:
    """See that the file holds keys, and that nobody else could put one in.

    Raises:
        KeyFileError: it cannot be read, is something else, or others can write it.
    """
    with told(path):
        _await_content(path)
    _check_mode(path)
    with _connected(path) as database, told(path):
        application = database.execute("PRAGMA application_id").fetchone()[0]
        version = database.execute("PRAGMA user_version").fetchone()[0]
    if application != APPLICATION:
        raise _unusable(path, "it is no database of API keys")
    if version != VERSION:
        raise _unusable(path, f"it has format {version}, and this version of ION knows {VERSION}")


def connect(path: Path) -> sqlite3.Connection:
    """A connection to the file, for one thread at a time.

    Raises:
        KeyFileError: it cannot be opened.
    """
    with told(path):
        # A file that is gone must not come back empty: that would look as if no key ever was.
        database = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=rw",
            uri=True,
            timeout=BUSY_S,
            isolation_level=None,
            check_same_thread=False,
        )
        # A revocation has to outlast a power cut.
        database.execute("PRAGMA synchronous = FULL")
        return database


@contextmanager
def _connected(path: Path) -> Iterator[sqlite3.Connection]:
    database = connect(path)
    try:
        yield database
    finally:
        database.close()


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Turn what SQLite or the system raises into an error that names the file and the cure."""
    try:
        yield
    except sqlite3.Error as error:
        raise _unusable(path, str(error)) from error
    except OSError as error:
        raise _unusable(path, error.strerror or str(error)) from error


def _check_mode(path: Path) -> None:
    """Refuse a file that others can write: whoever can, can let himself in."""
    with told(path):
        mode = path.stat().st_mode
    if os.name == "posix" and mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise _unusable(path, f"others can write it; take that away with: chmod 600 {path}")


def _await_content(path: Path) -> None:
    """Give a process that is just making the file the time to write its first page."""
    end = time.monotonic() + MAKING_S
    while not path.stat().st_size and time.monotonic() < end:
        time.sleep(MAKING_S / 20)


def _unusable(path: Path, why: str) -> KeyFileError:
    return KeyFileError(
        f"the API keys in {path} cannot be used: {why}. Correct the file or auth.keys_file "
        "(ION_KEYS_FILE), or put a copy back; a host that cannot read its keys lets nobody in."
    )
