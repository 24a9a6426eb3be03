"""What goes wrong in SQLite, in the words of the port."""

from __future__ import annotations

import sqlite3

from ion_framework.conversations.store import StoreError

_SENTENCES = {
    "SQLITE_BUSY": "the database is locked by another process, which did not let go in time; "
    "see whether one hangs, or raise busy_s",
    "SQLITE_LOCKED": "the database is locked by another connection; try again",
    "SQLITE_FULL": "the database is full: the disk has no room left, or max_bytes is reached",
    "SQLITE_CORRUPT": "the database is damaged; restore a backup",
    "SQLITE_NOTADB": "the file is no SQLite database, or a damaged one; restore a backup, or move "
    "it away to begin with an empty one",
    "SQLITE_READONLY": "the database cannot be written; see to the rights of the file and of its "
    "folder",
    "SQLITE_CANTOPEN": "the database cannot be opened; see to the rights of the file and of its "
    "folder",
    "SQLITE_IOERR": "the disk of the database fails",
}


def store_error(error: sqlite3.Error) -> StoreError:
    """An error of SQLite as one of the store, with what to do about it."""
    name = str(getattr(error, "sqlite_errorname", ""))
    # Extended codes begin with the name of their kind, such as SQLITE_IOERR_WRITE.
    for kind, sentence in _SENTENCES.items():
        if name == kind or name.startswith(f"{kind}_"):
            return StoreError(f"{sentence} ({name})")
    return StoreError(f"SQLite failed: {name or type(error).__name__}")


def is_busy(error: sqlite3.Error) -> bool:
    """Whether the same may work as soon as somebody else lets go."""
    name = str(getattr(error, "sqlite_errorname", ""))
    return name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))
