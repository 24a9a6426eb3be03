"""The tables, and how a file of an older version becomes one of this version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ion_framework.conversations.store import StoreError

if TYPE_CHECKING:
    import sqlite3

APPLICATION_ID = 0x494F4E43
"""Marks a database as one of ours (the letters IONC)."""

_FIRST = (
    """
    CREATE TABLE conversations (
        seq INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        tenant TEXT NOT NULL,
        principal TEXT NOT NULL,
        user_id TEXT NOT NULL,
        persona TEXT,
        pinned INTEGER NOT NULL,
        created_at REAL NOT NULL,
        last_activity REAL NOT NULL,
        expires_at REAL NOT NULL,
        ttl_s REAL NOT NULL,
        turn_count INTEGER NOT NULL,
        summary TEXT NOT NULL,
        memory TEXT NOT NULL,
        closed_at REAL,
        closing TEXT NOT NULL,
        version INTEGER NOT NULL,
        lease_token TEXT,
        lease_key TEXT,
        lease_ends REAL
    ) STRICT
    """,
    "CREATE INDEX conversations_by_owner"
    " ON conversations (tenant, principal, last_activity DESC, id DESC)",
    "CREATE INDEX conversations_by_user"
    " ON conversations (tenant, principal, user_id, last_activity DESC, id DESC)",
    "CREATE INDEX conversations_by_end ON conversations (expires_at)",
    """
    CREATE TABLE turns (
        seq INTEGER PRIMARY KEY,
        conversation INTEGER NOT NULL REFERENCES conversations (seq) ON DELETE CASCADE,
        number INTEGER NOT NULL,
        request_id TEXT NOT NULL,
        user_message TEXT NOT NULL,
        ai_response TEXT NOT NULL,
        persona TEXT NOT NULL,
        key TEXT NOT NULL,
        at REAL NOT NULL,
        document TEXT NOT NULL,
        receipt TEXT NOT NULL,
        idempotency_key TEXT,
        fingerprint TEXT NOT NULL,
        tokens INTEGER NOT NULL,
        UNIQUE (conversation, number)
    ) STRICT
    """,
    "CREATE INDEX turns_by_request ON turns (request_id)",
    "CREATE UNIQUE INDEX turns_by_key ON turns (conversation, idempotency_key)"
    " WHERE idempotency_key IS NOT NULL",
    """
    CREATE TABLE feedback (
        seq INTEGER PRIMARY KEY,
        tenant TEXT NOT NULL,
        principal TEXT NOT NULL,
        id TEXT NOT NULL,
        request_id TEXT NOT NULL,
        at REAL NOT NULL,
        user_id TEXT NOT NULL,
        rating INTEGER,
        persona TEXT,
        tone TEXT,
        intent TEXT,
        comment TEXT NOT NULL,
        message TEXT NOT NULL,
        receipt TEXT NOT NULL,
        UNIQUE (tenant, principal, id)
    ) STRICT
    """,
    "CREATE INDEX feedback_by_time ON feedback (at)",
)

_MODEL_SUMMARY = (
    "ALTER TABLE conversations ADD COLUMN model_summary TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE conversations ADD COLUMN model_summary_to INTEGER NOT NULL DEFAULT 0",
)

MIGRATIONS: tuple[tuple[str, ...], ...] = (_FIRST, _MODEL_SUMMARY)
"""The statements that lead from each version to the next, beginning with an empty file."""

VERSION = len(MIGRATIONS)
TABLES = ("conversations", "turns", "feedback")


def is_ours(connection: sqlite3.Connection) -> bool:
    """Whether a database is one of ours, of any version."""
    return pragma(connection, "application_id") == APPLICATION_ID


def version_of(connection: sqlite3.Connection) -> int:
    """The version of a database's tables; 0 before there are any."""
    return pragma(connection, "user_version")


def migrate(connection: sqlite3.Connection) -> None:
    """Bring a database, new or old, to this version; several processes may do so at once.

    Raises:
        StoreError: it is somebody else's, or of a newer version.
    """
    if is_ours(connection) and version_of(connection) == VERSION:
        return  # a start must not wait for somebody who writes for long
    connection.execute("BEGIN IMMEDIATE")
    try:
        _check(connection)
        for number in range(version_of(connection), VERSION):
            for statement in MIGRATIONS[number]:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number + 1}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _check(connection: sqlite3.Connection) -> None:
    tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if not tables:
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    elif not is_ours(connection):
        raise StoreError("the database is another application's; name another file in path")
    found = version_of(connection)
    if found > VERSION:
        raise StoreError(
            f"the database is of version {found} and this ion-store-sqlite knows {VERSION}: "
            "install the newer one again, or restore a backup of the older one"
        )


def pragma(connection: sqlite3.Connection, name: str) -> int:
    """The number that a pragma gives."""
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])
