"""The statements for conversations: making, finding, listing and deleting them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ion_framework.conversations.cursors import read_cursor, write_cursor
from ion_framework.conversations.model import Conversation, Owner, StoredTurn
from ion_framework.conversations.store import Page
from ion_store_sqlite.rows import CONVERSATION, TURN, conversation_row, to_conversation, to_turn
from ion_store_sqlite.turning import latest

if TYPE_CHECKING:
    import sqlite3

_PLACES = ", ".join("?" * len(CONVERSATION.split(", ")))
_OWN = "tenant = ? AND principal = ?"


def create(connection: sqlite3.Connection, conversation: Conversation) -> None:
    """Keep a new conversation.

    Raises:
        ValueError: its id is taken.
    """
    made = connection.execute(
        f"INSERT INTO conversations ({CONVERSATION}) VALUES ({_PLACES}) "  # noqa: S608  columns of our own
        "ON CONFLICT (id) DO NOTHING",
        conversation_row(conversation),
    )
    if not made.rowcount:
        raise ValueError(f"there is a conversation {conversation.id!r} already")


def get(connection: sqlite3.Connection, owner: Owner, name: str) -> Conversation | None:
    """A conversation of an owner."""
    row = connection.execute(
        f"SELECT {CONVERSATION} FROM conversations WHERE id = ? AND {_OWN}",  # noqa: S608  columns of our own
        (name, owner.tenant, owner.principal),
    ).fetchone()
    return to_conversation(row) if row else None


def turns(
    connection: sqlite3.Connection, owner: Owner, name: str, limit: int, before: int | None
) -> tuple[StoredTurn, ...]:
    """The latest turns of a conversation, oldest first."""
    row = connection.execute(
        f"SELECT seq FROM conversations WHERE id = ? AND {_OWN}",  # noqa: S608  columns of our own
        (name, owner.tenant, owner.principal),
    ).fetchone()
    return latest(connection, row[0], limit, before) if row else ()


def find_turn(connection: sqlite3.Connection, owner: Owner, request_id: str) -> StoredTurn | None:
    """The latest turn of an owner with this request id."""
    columns = ", ".join(f"t.{name}" for name in TURN.split(", "))
    row = connection.execute(
        f"SELECT {columns} FROM turns t JOIN conversations c ON c.seq = t.conversation "  # noqa: S608  columns of our own
        "WHERE t.request_id = ? AND c.tenant = ? AND c.principal = ? ORDER BY t.seq DESC LIMIT 1",
        (request_id, owner.tenant, owner.principal),
    ).fetchone()
    return to_turn(row) if row else None


def page(  # noqa: PLR0913  what makes a page
    connection: sqlite3.Connection,
    owner: Owner,
    user_id: str | None,
    *,
    limit: int,
    cursor: str | None,
    now: float,
) -> Page:
    """A part of a list.

    Raises:
        ValueError: the cursor is none of this list.
    """
    where, values = _OWN, [owner.tenant, owner.principal]
    if user_id is not None:
        where, values = f"{where} AND user_id = ?", [*values, user_id]
    total, active = connection.execute(
        "SELECT count(*), count(*) FILTER (WHERE closed_at IS NULL AND expires_at > ?) "  # noqa: S608  columns of our own
        f"FROM conversations WHERE {where}",
        (now, *values),
    ).fetchone()
    behind: tuple[object, ...] = ()
    if cursor is not None:
        behind = read_cursor(cursor, owner, user_id)
        where = f"{where} AND (last_activity, id) < (?, ?)"
    rows = connection.execute(
        f"SELECT {CONVERSATION} FROM conversations WHERE {where} "  # noqa: S608  columns of our own
        "ORDER BY last_activity DESC, id DESC LIMIT ?",
        (*values, *behind, limit + 1),
    ).fetchall()
    found = tuple(map(to_conversation, rows[:limit]))
    more = len(rows) > limit and bool(found)
    return Page(found, total, active, write_cursor(owner, user_id, found[-1]) if more else None)


def delete(connection: sqlite3.Connection, owner: Owner, name: str) -> bool:
    """Delete a conversation with its turns and the feedback on them."""
    connection.execute(
        f"DELETE FROM feedback WHERE {_OWN} AND request_id IN "  # noqa: S608  columns of our own
        "(SELECT t.request_id FROM turns t JOIN conversations c ON c.seq = t.conversation "
        "WHERE c.id = ? AND c.tenant = ? AND c.principal = ?)",
        (owner.tenant, owner.principal, name, owner.tenant, owner.principal),
    )
    gone = connection.execute(
        f"DELETE FROM conversations WHERE id = ? AND {_OWN}",  # noqa: S608  columns of our own
        (name, owner.tenant, owner.principal),
    )
    return bool(gone.rowcount)


def delete_user(connection: sqlite3.Connection, owner: Owner, user_id: str) -> int:
    """Delete the conversations with a user, and the feedback on them or by the user."""
    of = (owner.tenant, owner.principal, user_id)
    connection.execute(
        f"DELETE FROM feedback WHERE {_OWN} AND (user_id = ? OR request_id IN "  # noqa: S608  columns of our own
        "(SELECT t.request_id FROM turns t JOIN conversations c ON c.seq = t.conversation "
        "WHERE c.tenant = ? AND c.principal = ? AND c.user_id = ?))",
        (*of, *of),
    )
    return connection.execute(
        f"DELETE FROM conversations WHERE {_OWN} AND user_id = ?",  # noqa: S608  columns of our own
        of,
    ).rowcount


def expire(connection: sqlite3.Connection, before: float, limit: int) -> int:
    """Delete some of what expired before a time; returns how many conversations it were."""
    return connection.execute(
        "DELETE FROM conversations WHERE seq IN "
        "(SELECT seq FROM conversations WHERE expires_at < ? ORDER BY expires_at LIMIT ?)",
        (before, limit),
    ).rowcount


def shrink(connection: sqlite3.Connection, pages: int) -> int:
    """Give unused pages back to the disk; returns how many remain unused."""
    connection.execute(f"PRAGMA incremental_vacuum({pages})").fetchall()
    return int(connection.execute("PRAGMA freelist_count").fetchone()[0])


def following(
    connection: sqlite3.Connection, seq: int
) -> tuple[int, Conversation, tuple[StoredTurn, ...]] | None:
    """The conversation behind a row, with its row and its turns; None at the end."""
    row = connection.execute(
        f"SELECT {CONVERSATION}, seq FROM conversations WHERE seq > ? ORDER BY seq LIMIT 1",  # noqa: S608  columns of our own
        (seq,),
    ).fetchone()
    if row is None:
        return None
    said = connection.execute(
        f"SELECT {TURN} FROM turns WHERE conversation = ? ORDER BY number",  # noqa: S608  columns of our own
        (row[-1],),
    )
    return row[-1], to_conversation(row), tuple(map(to_turn, said))
