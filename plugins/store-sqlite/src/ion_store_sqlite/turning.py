"""The statements of a turn: the right to it is taken, renewed, spent or given back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ion_framework.conversations.model import Conversation, Owner, StoredTurn
from ion_framework.conversations.store import (
    Beginning,
    Begun,
    Busy,
    ConversationFullError,
    Missing,
    Repeated,
)
from ion_store_sqlite.holders import is_dead, new_token
from ion_store_sqlite.rows import (
    CONVERSATION,
    TURN,
    TURN_FIELDS,
    conversation_row,
    to_conversation,
    to_turn,
    turn_row,
)

if TYPE_CHECKING:
    import sqlite3

_SET = ", ".join(
    "version = ? + 1" if name == "version" else f"{name} = ?" for name in CONVERSATION.split(", ")
)
_NO_LEASE = "lease_token = NULL, lease_key = NULL, lease_ends = NULL"
_PLACES = ", ".join("?" * len(TURN_FIELDS))


def begin(  # noqa: PLR0913  each of them decides
    connection: sqlite3.Connection,
    owner: Owner,
    conversation_id: str,
    *,
    idempotency_key: str | None,
    turns: int,
    lease_s: float,
    now: float,
    max_turns: int,
) -> Beginning:
    """Take the right to the next turn, as `ConversationStore.begin` says.

    Raises:
        ConversationFullError: it has as many turns as it may have.
    """
    row = connection.execute(
        f"SELECT {CONVERSATION}, seq, lease_token, lease_key, lease_ends FROM conversations "  # noqa: S608  columns of our own
        "WHERE id = ? AND tenant = ? AND principal = ?",
        (conversation_id, owner.tenant, owner.principal),
    ).fetchone()
    if row is None:
        return Missing()
    seq, token, key, ends = row[-4:]
    if idempotency_key is not None:
        made = connection.execute(
            f"SELECT {TURN} FROM turns WHERE conversation = ? AND idempotency_key = ?",  # noqa: S608  columns of our own
            (seq, idempotency_key),
        ).fetchone()
        if made is not None:
            return Repeated(to_turn(made))
    if token is not None and now < ends and not is_dead(token):
        same = idempotency_key is not None and idempotency_key == key
        return Busy(same, left_s=ends - now)
    conversation = to_conversation(row)
    if conversation.turn_count >= max_turns:
        raise ConversationFullError(max_turns)
    token = new_token()
    connection.execute(
        "UPDATE conversations SET lease_token = ?, lease_key = ?, lease_ends = ? WHERE seq = ?",
        (token, idempotency_key, now + lease_s, seq),
    )
    return Begun(conversation, latest(connection, seq, turns, None), token)


def renew(connection: sqlite3.Connection, name: str, token: str, ends: float, now: float) -> bool:
    """Have a right end at a time, where it is still held."""
    renewed = connection.execute(
        "UPDATE conversations SET lease_ends = ? "
        "WHERE id = ? AND lease_token = ? AND lease_ends > ?",
        (ends, name, token, now),
    )
    return bool(renewed.rowcount)


def latest(
    connection: sqlite3.Connection, seq: int, limit: int, before: int | None
) -> tuple[StoredTurn, ...]:
    """The latest turns of a conversation, oldest first."""
    rows = connection.execute(
        f"SELECT {TURN} FROM turns WHERE conversation = ? AND number < ? "  # noqa: S608  columns of our own
        "ORDER BY number DESC LIMIT ?",
        (seq, _LAST if before is None else before, limit),
    ).fetchall()
    return tuple(map(to_turn, reversed(rows)))


def append(
    connection: sqlite3.Connection, conversation: Conversation, turn: StoredTurn, token: str
) -> bool:
    """Keep a turn and its conversation, as `ConversationStore.append` says."""
    seq = _change(connection, conversation, "AND lease_token = ?", token)
    if seq is None:
        return False
    connection.execute(
        f"INSERT INTO turns (conversation, {TURN}) VALUES (?, {_PLACES})",  # noqa: S608  columns of our own
        (seq, *turn_row(turn)),
    )
    connection.execute(f"UPDATE conversations SET {_NO_LEASE} WHERE seq = ?", (seq,))  # noqa: S608  columns of our own
    return True


def update(connection: sqlite3.Connection, conversation: Conversation) -> bool:
    """Change a conversation, as `ConversationStore.update` says."""
    return _change(connection, conversation, "") is not None


def abandon(connection: sqlite3.Connection, conversation_id: str, token: str) -> None:
    """Give a right back, where it is still held."""
    connection.execute(
        f"UPDATE conversations SET {_NO_LEASE} WHERE id = ? AND lease_token = ?",  # noqa: S608  columns of our own
        (conversation_id, token),
    )


_LAST = 2**62
"""Greater than the number of any turn."""


def _change(
    connection: sqlite3.Connection, conversation: Conversation, also: str, *values: object
) -> int | None:
    """Write a conversation over its version; returns its row, None where it is of another."""
    owner = conversation.owner
    row = connection.execute(
        f"UPDATE conversations SET {_SET} WHERE id = ? AND tenant = ? AND principal = ? "  # noqa: S608  columns of our own
        f"AND version = ? {also} RETURNING seq",
        (
            *conversation_row(conversation),
            conversation.id,
            owner.tenant,
            owner.principal,
            conversation.version,
            *values,
        ),
    ).fetchall()
    return int(row[0][0]) if row else None
