"""Sessions and summaries in a SQLite file that the processes of one host share."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ion_host_aiohttp.v1.sessions import (
    Owner,
    SessionBounds,
    SessionFullError,
    SessionsUnavailableError,
    SummaryRecord,
    SummaryStatus,
)

BUSY_S = 5.0
"""Seconds that one process waits while another one writes."""

RETRY_S = 0.02

VERSION = 1
PURGE_S = 60.0
"""Seconds between two looks for what is too old."""

_TABLES = """
CREATE TABLE IF NOT EXISTS sessions (
    id INTEGER PRIMARY KEY,
    tenant TEXT NOT NULL, principal TEXT NOT NULL, name TEXT NOT NULL,
    touched REAL NOT NULL, messages INTEGER NOT NULL, characters INTEGER NOT NULL,
    UNIQUE (tenant, principal, name)
);
CREATE INDEX IF NOT EXISTS sessions_touched ON sessions (touched);
CREATE TABLE IF NOT EXISTS messages (
    session INTEGER NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    number INTEGER NOT NULL, text TEXT NOT NULL,
    PRIMARY KEY (session, number)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS summaries (
    id INTEGER PRIMARY KEY,
    tenant TEXT NOT NULL, principal TEXT NOT NULL, name TEXT NOT NULL,
    touched REAL NOT NULL, status TEXT NOT NULL, token TEXT NOT NULL,
    lease REAL NOT NULL, attempts INTEGER NOT NULL,
    material TEXT NOT NULL, text TEXT NOT NULL, method TEXT NOT NULL,
    UNIQUE (tenant, principal, name)
);
CREATE INDEX IF NOT EXISTS summaries_touched ON summaries (touched);
CREATE INDEX IF NOT EXISTS summaries_token ON summaries (token);
"""
_FORGET = "DELETE FROM TABLE WHERE tenant = ? AND principal = ? AND name = ?"
_FORGET_OLD = "DELETE FROM TABLE WHERE touched <= ?"
_FORGET_OLDEST_OF_ONE = """
DELETE FROM TABLE WHERE id IN (
    SELECT id FROM TABLE WHERE tenant = ? AND principal = ?
    ORDER BY touched DESC, id DESC LIMIT -1 OFFSET ?
)
"""
_FORGET_OLDEST_OF_LARGEST = """
DELETE FROM TABLE WHERE id = (
    SELECT id FROM TABLE JOIN (
        SELECT tenant, principal, COUNT(*) AS size FROM TABLE GROUP BY tenant, principal
    ) USING (tenant, principal)
    ORDER BY size DESC, touched, id LIMIT 1
)
"""
_OLDEST_OF_LARGEST = """
SELECT id, characters FROM sessions JOIN (
    SELECT tenant, principal, SUM(characters) AS size FROM sessions GROUP BY tenant, principal
) USING (tenant, principal)
WHERE id <> ? ORDER BY size DESC, touched, id LIMIT 1
"""
_OLDEST_OF_ONE = """
SELECT id, characters FROM sessions WHERE id <> ? AND tenant = ? AND principal = ?
ORDER BY touched, id LIMIT 1
"""
_END = """
UPDATE summaries SET status = ?, touched = ?, text = ?, method = ?, material = ''
WHERE token = ? AND status = 'generating'
"""


class SessionFile:
    """The file, for one thread.

    Args:
        path: the file; None keeps everything in memory.
        bounds: how much is kept.
    """

    def __init__(self, path: Path | None, bounds: SessionBounds) -> None:
        self._bounds = bounds
        self._purged = 0.0
        try:
            self._connection = _opened(path)
        except (OSError, sqlite3.Error) as error:
            raise SessionsUnavailableError(f"{path or 'memory'}: {error}") from error

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def append(self, owner: Owner, session: str, message: str, now: float) -> int:
        """As `SessionLog.append`."""
        with self._writing(now):
            found = self._one(
                "SELECT id, messages, characters FROM sessions"
                " WHERE tenant = ? AND principal = ? AND name = ?",
                *_key(owner, session),
            )
            number, count, characters = found or (self._new_session(owner, session, now), 0, 0)
            count, characters = count + 1, characters + len(message)
            if count > self._bounds.messages:
                raise SessionFullError("messages", self._bounds.messages)
            if characters > self._bounds.characters:
                raise SessionFullError("characters", self._bounds.characters)
            self._do("INSERT INTO messages VALUES (?, ?, ?)", number, count, message)
            self._do(
                "UPDATE sessions SET touched = ?, messages = ?, characters = ? WHERE id = ?",
                now, count, characters, number,
            )  # fmt: skip
            self._make_room(number, owner)
        return int(count)

    def drop(self, owner: Owner, session: str, now: float) -> None:
        """As `SessionLog.drop`."""
        with self._writing(now):
            self._do(_FORGET.replace("TABLE", "sessions"), *_key(owner, session))

    def begin_summary(self, owner: Owner, session: str, token: str, now: float) -> tuple[str, ...]:
        """As `SessionLog.begin_summary`."""
        key = _key(owner, session)
        with self._writing(now):
            rows = self._do(
                "SELECT text FROM messages WHERE session ="
                " (SELECT id FROM sessions WHERE tenant = ? AND principal = ? AND name = ?)"
                " ORDER BY number",
                *key,
            ).fetchall()
            said = tuple(text for (text,) in rows)
            known = self._one(
                "SELECT id FROM summaries WHERE tenant = ? AND principal = ? AND name = ?", *key
            )
            if said or known is None:
                self._begin(key, token, now, said)
        return said

    def _begin(
        self, key: tuple[str, str, str], token: str, now: float, said: tuple[str, ...]
    ) -> None:
        status = SummaryStatus.GENERATING if said else SummaryStatus.COMPLETED
        material = json.dumps(said, ensure_ascii=False) if said else ""
        self._do(_FORGET.replace("TABLE", "sessions"), *key)
        self._do(_FORGET.replace("TABLE", "summaries"), *key)
        self._do(
            "INSERT INTO summaries (tenant, principal, name, touched, status, token, lease,"
            " attempts, material, text, method) VALUES (?, ?, ?, ?, ?, ?, ?, 1, ?, '', '')",
            *key, now, status, token, now + self._bounds.lease_s, material,
        )  # fmt: skip
        self._thin_out("summaries", key[0], key[1])

    def take_over(self, owner: Owner, session: str, token: str, now: float) -> tuple[str, ...]:
        """As `SessionLog.take_over`."""
        with self._writing(now):
            found = self._one(
                "SELECT id, attempts, material, token FROM summaries"
                " WHERE tenant = ? AND principal = ? AND name = ?"
                " AND status = 'generating' AND lease < ?",
                *_key(owner, session), now,
            )  # fmt: skip
            if found is None:
                return ()
            number, attempts, material, before = found
            if attempts >= self._bounds.attempts:
                self._do(_END, SummaryStatus.FAILED, now, "", "", before)
                return ()
            self._do(
                "UPDATE summaries SET token = ?, lease = ?, attempts = ? WHERE id = ?",
                token, now + self._bounds.lease_s, attempts + 1, number,
            )  # fmt: skip
        return tuple(json.loads(material))

    def renew(self, token: str, now: float) -> bool:
        """As `SessionLog.renew`."""
        with self._writing(now):
            changed = self._do(
                "UPDATE summaries SET lease = ? WHERE token = ? AND status = 'generating'",
                now + self._bounds.lease_s, token,
            )  # fmt: skip
        return changed.rowcount > 0

    def release(self, token: str, now: float) -> None:
        """As `SessionLog.release`."""
        with self._writing(now):
            self._do(
                "UPDATE summaries SET lease = 0, attempts = attempts - 1"
                " WHERE token = ? AND status = 'generating'",
                token,
            )

    def finish(self, token: str, text: str, method: str, now: float) -> None:
        """As `SessionLog.finish`."""
        with self._writing(now):
            self._do(_END, SummaryStatus.COMPLETED, now, text, method, token)

    def fail(self, token: str, now: float) -> None:
        """As `SessionLog.fail`."""
        with self._writing(now):
            self._do(_END, SummaryStatus.FAILED, now, "", "", token)

    def summary(self, owner: Owner, session: str, now: float) -> SummaryRecord:
        """As `SessionLog.summary`."""
        with _told():
            found = self._one(
                "SELECT status, text, method, touched, lease FROM summaries"
                " WHERE tenant = ? AND principal = ? AND name = ? AND touched > ?",
                *_key(owner, session), now - self._bounds.idle_s,
            )  # fmt: skip
        if found is None:
            return SummaryRecord(SummaryStatus.NOT_FOUND)
        status, text, method, touched, lease = found
        abandoned = status == SummaryStatus.GENERATING and lease < now
        return SummaryRecord(SummaryStatus(status), text, method, touched, abandoned)

    def _new_session(self, owner: Owner, session: str, now: float) -> int:
        made = self._do(
            "INSERT INTO sessions (tenant, principal, name, touched, messages, characters)"
            " VALUES (?, ?, ?, ?, 0, 0)",
            *_key(owner, session), now,
        )  # fmt: skip
        # Before the newest has any text, so that it is not the one to go.
        self._thin_out("sessions", owner.tenant, owner.principal)
        return int(made.lastrowid or 0)

    def _thin_out(self, table: str, tenant: str, principal: str) -> None:
        """Delete the oldest of what is too many, of one caller, then of who has most."""
        mine = _FORGET_OLDEST_OF_ONE.replace("TABLE", table)
        self._do(mine, tenant, principal, self._bounds.sessions_per_caller)
        (there_are,) = self._one(f"SELECT COUNT(*) FROM {table}") or (0,)  # noqa: S608  one of two names
        for _ in range(there_are - self._bounds.sessions):
            self._do(_FORGET_OLDEST_OF_LARGEST.replace("TABLE", table))

    def _make_room(self, newest: int, owner: Owner) -> None:
        """Delete the oldest sessions while a caller's, or all, hold too many characters."""
        mine = (owner.tenant, owner.principal)
        (own,) = self._one(
            "SELECT SUM(characters) FROM sessions WHERE tenant = ? AND principal = ?", *mine
        ) or (0,)
        self._delete(own - self._bounds.characters_per_caller, _OLDEST_OF_ONE, newest, *mine)
        (total,) = self._one("SELECT SUM(characters) FROM sessions") or (0,)
        self._delete(total - self._bounds.total_characters, _OLDEST_OF_LARGEST, newest)

    def _delete(self, over: int, which: str, *values: object) -> None:
        """Delete sessions, each as a statement finds it, until so many characters are gone."""
        while over > 0:
            found = self._one(which, *values)
            if found is None:
                return
            number, characters = found
            self._do("DELETE FROM sessions WHERE id = ?", number)
            over -= characters

    @contextmanager
    def _writing(self, now: float) -> Iterator[None]:
        """One transaction, all of it or nothing."""
        with _told():
            self._do("BEGIN IMMEDIATE")
            try:
                self._purge(now)
                yield
                self._do("COMMIT")
            except BaseException:
                # Of some errors SQLite takes the transaction back by itself.
                if self._connection.in_transaction:
                    self._do("ROLLBACK")
                raise

    def _purge(self, now: float) -> None:
        """Delete what is too old. A clock that went back counts from where it is now."""
        if 0 <= now - self._purged < min(PURGE_S, self._bounds.idle_s / 2):
            return
        self._purged = now
        for table in ("sessions", "summaries"):
            self._do(_FORGET_OLD.replace("TABLE", table), now - self._bounds.idle_s)

    def _do(self, statement: str, *values: object) -> sqlite3.Cursor:
        return self._connection.execute(statement, values)

    def _one(self, statement: str, *values: object) -> tuple[Any, ...] | None:
        found: tuple[Any, ...] | None = self._do(statement, *values).fetchone()
        return found


def _key(owner: Owner, session: str) -> tuple[str, str, str]:
    return owner.tenant, owner.principal, session


@contextmanager
def _told() -> Iterator[None]:
    """What SQLite raises as the one error of the port."""
    try:
        yield
    except sqlite3.Error as error:
        raise SessionsUnavailableError(f"SQLite: {error}") from error


def _opened(path: Path | None) -> sqlite3.Connection:
    if path is not None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Created with its mode: a file that is narrowed afterwards was open to others before.
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    until = time.monotonic() + BUSY_S
    while True:
        connection = sqlite3.connect(path or ":memory:", timeout=BUSY_S, isolation_level=None)
        try:
            _prepare(connection)
        except BaseException as error:
            connection.close()
            # While another process turns the log on, SQLite says "locked" without waiting.
            locked = isinstance(error, sqlite3.OperationalError) and "locked" in str(error)
            if not locked or time.monotonic() > until:
                raise
            time.sleep(RETRY_S)
        else:
            return connection


def _prepare(connection: sqlite3.Connection) -> None:
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("BEGIN IMMEDIATE")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version not in (0, VERSION):
        raise sqlite3.DatabaseError(
            f"made by another version of ION (form {version}, this one knows {VERSION});"
            " move the file away, a new one is made"
        )
    for statement in _TABLES.split(";"):
        connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {VERSION}")
    connection.execute("COMMIT")
