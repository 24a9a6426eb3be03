"""Conversations as rows: made, read, changed, listed, deleted. Each call is begun anew unharmed.

Every write leaves its own name in the column ``writer``, by which a second attempt sees that the
first one had arrived.
"""

from __future__ import annotations

import base64
import hashlib
import json
from secrets import token_hex
from typing import Any

import attrs

from ion_framework.conversations.model import Conversation, Owner
from ion_framework.conversations.store import Page
from ion_store_postgres.documents import column, read, written
from ion_store_postgres.pool import Pool

BATCH = 500
"""Conversations that are deleted in one transaction when they have expired."""


@attrs.frozen
class Conversations:
    """Conversations without their turns.

    Attributes:
        pool: connections.
    """

    pool: Pool

    async def create(self, conversation: Conversation) -> None:
        """Keep a new one; see `ConversationStore.create`."""
        writer = token_hex(8)
        values = (*_key(conversation.owner, conversation.id), *_columns(conversation), writer)

        async def work(connection: Any) -> str:
            await connection.execute(_CREATE, *values)
            kept = await connection.fetchval(_WRITER, values[0])
            return str(kept)

        if await self.pool.run(work) != writer:
            raise ValueError(f"there is a conversation {conversation.id!r} already")

    async def get(self, owner: Owner, conversation_id: str) -> Conversation | None:
        """One of an owner."""
        key = _key(owner, conversation_id)
        document = await self.pool.run(lambda connection: connection.fetchval(_GET, *key))
        return None if document is None else read(document, Conversation)

    async def update(self, conversation: Conversation) -> bool:
        """Change one; see `ConversationStore.update`."""
        writer = token_hex(8)
        key = _key(conversation.owner, conversation.id)
        later = attrs.evolve(conversation, version=conversation.version + 1)
        values = (*key, *_columns(later), writer)

        async def work(connection: Any) -> bool:
            if await connection.fetchval(_UPDATE, *values):
                return True
            return bool(await connection.fetchval(_WRITTEN, *key, writer))

        return await self.pool.run(work)

    async def delete(self, owner: Owner, conversation_id: str) -> bool:
        """Delete one with its turns and the feedback on them."""
        key = _key(owner, conversation_id)
        seen = set[str]()

        async def work(connection: Any) -> None:
            async with connection.transaction():
                # Locked, so that no turn comes in between and leaves its feedback behind.
                seen.update(await _names(connection, _LOCK, *key))
                await connection.execute(_DELETE_ITS_FEEDBACK, *key)
                await connection.execute(_DELETE, *key)

        await self.pool.run(work)
        return bool(seen)

    async def delete_user(self, owner: Owner, user_id: str) -> int:
        """Delete those with a user, and its feedback; tells how many they were."""
        key = (column(owner.tenant), column(owner.principal), column(user_id))
        seen = set[str]()

        async def work(connection: Any) -> None:
            async with connection.transaction():
                # Locked, so that no turn comes in between and leaves its feedback behind.
                seen.update(await _names(connection, _LOCK_USER, *key))
                await connection.execute(_DELETE_FEEDBACK, *key)
                await connection.execute(_DELETE_USER, *key)

        await self.pool.run(work)
        return len(seen)

    async def expire(self, before: float) -> int:
        """Delete what expired before a time, some at a time, so that nobody waits long."""
        seen = set[str]()

        async def work(connection: Any) -> bool:
            found = await _names(connection, _EXPIRED, before, BATCH)
            seen.update(found)
            await connection.execute(_DELETE_EXPIRED, found, before)
            return bool(found)

        while await self.pool.run(work):
            continue
        return len(seen)

    async def list(
        self, owner: Owner, user_id: str | None, *, limit: int, cursor: str | None, now: float
    ) -> Page:
        """Those of an owner or of one of its users; see `ConversationStore.list`."""
        scope = [column(owner.tenant), column(owner.principal)]
        scope += [column(user_id)] if user_id is not None else []
        place = _place(cursor, scope) if cursor is not None else None
        statement = _page_statement(with_user=user_id is not None, onwards=place is not None)

        count = _COUNT if user_id is None else _COUNT_OF_USER

        async def work(connection: Any) -> tuple[Any, Any]:
            counts = await connection.fetchrow(count, *scope, now)
            return counts, await connection.fetch(statement, *scope, limit + 1, *(place or ()))

        counts, rows = await self.pool.run(work)
        more = len(rows) > limit
        shown = rows[:limit]
        return Page(
            tuple(read(row["document"], Conversation) for row in shown),
            counts["total"],
            counts["active"],
            _cursor(shown[-1], scope) if more and shown else None,
        )


async def _names(connection: Any, statement: str, *values: object) -> tuple[str, ...]:
    return tuple(row["id"] for row in await connection.fetch(statement, *values))


def _key(owner: Owner, conversation_id: str) -> tuple[str, str, str]:
    return column(conversation_id), column(owner.tenant), column(owner.principal)


def _columns(conversation: Conversation) -> tuple[object, ...]:
    """What stands beside the document, and the document."""
    return (
        column(conversation.user_id),
        conversation.last_activity,
        conversation.expires_at,
        conversation.closed_at is not None,
        conversation.turn_count,
        conversation.version,
        written(conversation),
    )


def columns_after(conversation: Conversation) -> tuple[object, ...]:
    """The columns of a conversation after a turn: key, then what changes."""
    later = attrs.evolve(conversation, version=conversation.version + 1)
    return (*_key(conversation.owner, conversation.id), *_columns(later))


def _page_statement(*, with_user: bool, onwards: bool) -> str:
    first = 4 if with_user else 3
    user = " AND user_id = $3" if with_user else ""
    place = f" AND (last_activity, id) < (${first + 1}, ${first + 2})" if onwards else ""
    return (
        "SELECT document, last_activity, id FROM conversations"  # noqa: S608  our own words only
        f" WHERE tenant = $1 AND principal = $2{user}{place}"
        f" ORDER BY last_activity DESC, id DESC LIMIT ${first}"
    )


def _cursor(row: Any, scope: list[str]) -> str:
    place = json.dumps([row["last_activity"], row["id"], _digest(scope)])
    return base64.urlsafe_b64encode(place.encode()).decode()


def _place(cursor: str, scope: list[str]) -> tuple[float, str]:
    try:
        activity, name, digest = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        if digest == _digest(scope):
            return float(activity), str(name)
    except (ValueError, TypeError):
        digest = None
    raise ValueError("the cursor is none of this list: take the one that came with its last part")


def _digest(scope: list[str]) -> str:
    return hashlib.sha256(json.dumps(scope).encode()).hexdigest()[:16]


_CREATE = """
INSERT INTO conversations (id, tenant, principal, user_id, last_activity, expires_at, closed,
                           turn_count, version, document, writer)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT (id) DO NOTHING
"""
_WRITER = "SELECT writer FROM conversations WHERE id = $1"
_GET = "SELECT document FROM conversations WHERE id = $1 AND tenant = $2 AND principal = $3"
_WRITTEN = """
SELECT 1 FROM conversations WHERE id = $1 AND tenant = $2 AND principal = $3 AND writer = $4
"""
_LOCK = """
SELECT id FROM conversations WHERE id = $1 AND tenant = $2 AND principal = $3 FOR UPDATE
"""
_DELETE_ITS_FEEDBACK = """
DELETE FROM feedback
WHERE tenant = $2 AND principal = $3 AND request IN (
    SELECT request FROM turns JOIN conversations ON conversations.id = turns.conversation
    WHERE conversations.id = $1 AND tenant = $2 AND principal = $3)
"""
_DELETE = "DELETE FROM conversations WHERE id = $1 AND tenant = $2 AND principal = $3"
_UPDATE = """
UPDATE conversations
SET user_id = $4, last_activity = $5, expires_at = $6, closed = $7, turn_count = $8, version = $9,
    document = $10, writer = $11
WHERE id = $1 AND tenant = $2 AND principal = $3 AND version = $9 - 1
RETURNING 1
"""
_LOCK_USER = """
SELECT id FROM conversations WHERE tenant = $1 AND principal = $2 AND user_id = $3
ORDER BY id FOR UPDATE
"""
_DELETE_USER = "DELETE FROM conversations WHERE tenant = $1 AND principal = $2 AND user_id = $3"
_DELETE_FEEDBACK = """
DELETE FROM feedback
WHERE tenant = $1 AND principal = $2 AND (user_id = $3 OR request IN (
    SELECT request FROM turns JOIN conversations ON conversations.id = turns.conversation
    WHERE tenant = $1 AND principal = $2 AND conversations.user_id = $3))
"""
_EXPIRED = "SELECT id FROM conversations WHERE expires_at < $1 ORDER BY expires_at LIMIT $2"
_DELETE_EXPIRED = "DELETE FROM conversations WHERE id = ANY($1::text[]) AND expires_at < $2"
_COUNT = """
SELECT count(*) AS total, count(*) FILTER (WHERE NOT closed AND expires_at > $3) AS active
FROM conversations WHERE tenant = $1 AND principal = $2
"""
_COUNT_OF_USER = """
SELECT count(*) AS total, count(*) FILTER (WHERE NOT closed AND expires_at > $4) AS active
FROM conversations WHERE tenant = $1 AND principal = $2 AND user_id = $3
"""
