"""The file that API keys are kept in: an SQLite database that nobody else can write."""

from __future__ import annotations

import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ion_framework.errors import SettingsError
from ion_framework.settings.model import Settings
from ion_host_aiohttp.access.file_rights import rights_problem

FILE_NAME = "keys.sqlite3"
APPLICATION = 1_229_934_155
"""SQLite's application id of the file: the bytes ``IONK``."""

VERSION = 2
BUSY_S = 2.0
"""Seconds that a process waits for another that writes."""

_SCHEMA = """
PRAGMA journal_mode = WAL;
BEGIN IMMEDIATE;
CREATE TABLE keys (
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
CREATE TABLE use (
    key_id TEXT NOT NULL,
    day TEXT NOT NULL,
    requests INTEGER NOT NULL,
    tokens INTEGER NOT NULL,
    last_used REAL NOT NULL,
    PRIMARY KEY (key_id, day)
) WITHOUT ROWID;
CREATE INDEX use_day ON use (day);
CREATE TABLE change (file TEXT NOT NULL, number INTEGER NOT NULL);
INSERT INTO change SELECT lower(hex(randomblob(16))), 0;
PRAGMA application_id = 1229934155;
PRAGMA user_version = 2;
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

    It is made under another name and gets its own when it is whole, so that nobody ever finds half
    of it. Of several who make it at the same time, one does.

    Raises:
        KeyFileError: it cannot be made or used.
    """
    with told(path):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not exists(path):
        new = path.with_name(f".{path.name}-{secrets.token_hex(8)}")
        try:
            _make(new, path)
        finally:
            with told(path):
                new.unlink(missing_ok=True)
    check(path)


def _make(new: Path, path: Path) -> None:
    """Make the file under a new name, and give it its own where no other has it by now."""
    with told(path):
        # SQLite gives the files of its log the mode of this one.
        os.close(os.open(new, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    with _connected(new) as database, told(path):
        database.executescript(_SCHEMA)
    # Closing moved all that was written into the file itself.
    with told(path), suppress(FileExistsError):
        os.link(new, path)


def check(path: Path) -> None:
    """See that the file holds keys, and that nobody else could put one in.

    Raises:
        KeyFileError: it cannot be read, is something else, or others can write it.
    """
    with told(path):
        problem = rights_problem(path) or rights_problem(path.parent, folder=True)
    if problem:
        raise _unusable(path, problem)
    with _connected(path, reading=True) as database, told(path):
        application = database.execute("PRAGMA application_id").fetchone()[0]
        version = database.execute("PRAGMA user_version").fetchone()[0]
    if application != APPLICATION:
        raise _unusable(path, "it is no database of API keys")
    if version != VERSION:
        raise _unusable(path, f"it has format {version}, and this version of ION knows {VERSION}")


def connect(path: Path, *, reading: bool = False) -> sqlite3.Connection:
    """A connection to the file, for one thread at a time.

    Args:
        path: the file.
        reading: whether nothing is to be written through it; nobody who writes holds it up then.

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
        if reading:
            database.execute("PRAGMA query_only = ON")
        return database


@contextmanager
def _connected(path: Path, *, reading: bool = False) -> Iterator[sqlite3.Connection]:
    database = connect(path, reading=reading)
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


def _unusable(path: Path, why: str) -> KeyFileError:
    return KeyFileError(
        f"the API keys in {path} cannot be used: {why}. Correct the file or auth.keys_file "
        "(ION_KEYS_FILE), or put a copy back; a host that cannot read its keys lets nobody in."
    )
