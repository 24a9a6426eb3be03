"""Turns: the right to make one, keeping it, reading them. Each call is begun anew unharmed.

The right is a lease in the conversation's row. It is taken by one statement, belongs to no
connection, and ends by the time that the callers tell, so that a host that dies with its connection
or without it holds up nobody for longer.
"""

from __future__ import annotations

from itertools import count
from secrets import token_hex
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # asyncpg ships no types
import attrs

from ion_framework.conversations.model import Conversation, Owner, StoredTurn
from ion_framework.conversations.store import (
    Beginning,
    Begun,
    Busy,
    ConversationFullError,
    Missing,
    Repeated,
)
from ion_store_postgres.conversations import columns_after
from ion_store_postgres.documents import column, read, written
from ion_store_postgres.pool import Pool


@attrs.frozen
class Turns:
    """Turns of conversations.

    Attributes:
        pool: connections.
        most: turns that a conversation may have.
    """

    pool: Pool
    most: int

    async def latest(
        self, owner: Owner, conversation_id: str, limit: int, before: int | None
    ) -> tuple[StoredTurn, ...]:
        """The latest, oldest first; see `ConversationStore.turns`."""
        values = (*_key(owner, conversation_id), before, limit)
        rows = await self.pool.run(lambda connection: connection.fetch(_LATEST, *values))
        return tuple(read(row["document"], StoredTurn) for row in reversed(rows))

    async def begin(  # noqa: PLR0913  the port's arguments
        self,
        owner: Owner,
        conversation_id: str,
        *,
        idempotency_key: str | None,
        turns: int,
        lease_s: float,
        now: float,
    ) -> Beginning:
        """Take the right to the next turn; see `ConversationStore.begin`."""
        key = _key(owner, conversation_id)
        name = None if idempotency_key is None else column(idempotency_key)
        token = token_hex(16)

        async def work(connection: Any) -> Beginning:
            row = await connection.fetchrow(_TAKE, *key, name, token, now + lease_s, now, self.most)
            if row is None:
                return await self._why_not(connection, key, name, now)
            first = row["turn_count"] - turns
            found = await connection.fetch(_WITH_IT, key[0], first, name)
            # Kept by the one before while this one waited for the row.
            repeated = [turn for turn in found if name is not None and turn["idempotency"] == name]
            if repeated:
                await connection.execute(_ABANDON, key[0], token)
                return Repeated(read(repeated[0]["document"], StoredTurn))
            latest = tuple(read(turn["document"], StoredTurn) for turn in found)
            return Begun(read(row["document"], Conversation), latest, token)

        return await self.pool.run(work)

    async def _why_not(
        self, connection: Any, key: tuple[str, str, str], name: str | None, now: float
    ) -> Beginning:
        row = await connection.fetchrow(_WHY_NOT, *key, name, now)
        if row is None:
            return Missing()
        if row["document"] is not None:
            return Repeated(read(row["document"], StoredTurn))
        if row["turn_count"] >= self.most and not row["held"]:
            raise ConversationFullError(self.most)
        same = name is not None and row["lease_key"] == name
        return Busy(same, left_s=max(0.0, (row["lease_until"] or now) - now))

    async def renew(self, conversation_id: str, token: str, *, lease_s: float, now: float) -> bool:
        """Put the end of a right off; see `ConversationStore.renew`."""
        values = (column(conversation_id), token, now + lease_s, now)
        return bool(await self.pool.run(lambda connection: connection.fetchval(_RENEW, *values)))

    async def append(self, conversation: Conversation, turn: StoredTurn, token: str) -> bool:
        """Keep a turn and what it made of the conversation; see `ConversationStore.append`."""
        name = None if turn.idempotency_key is None else column(turn.idempotency_key)
        of_turn = (turn.number, column(turn.request_id), name, written(turn))
        values = (*columns_after(conversation), token, *of_turn)

        attempts = count()

        async def work(connection: Any) -> bool:
            is_first = next(attempts) == 0
            try:
                kept = await connection.fetchval(_APPEND, *values)
            except asyncpg.UniqueViolationError:
                kept = None
            # The turn of a first attempt of which only the answer was lost.
            if kept is None and not is_first:
                kept = await connection.fetchval(_APPENDED, values[0], turn.number, token)
            return kept is not None

        return await self.pool.run(work)

    async def abandon(self, conversation_id: str, token: str) -> None:
        """Give the right back."""
        values = (column(conversation_id), token)
        await self.pool.run(lambda connection: connection.execute(_ABANDON, *values))

    async def find(self, owner: Owner, request_id: str) -> StoredTurn | None:
        """The turn of an owner by its request id."""
        values = (column(request_id), column(owner.tenant), column(owner.principal))
        document = await self.pool.run(lambda connection: connection.fetchval(_FIND, *values))
        return None if document is None else read(document, StoredTurn)


def _key(owner: Owner, conversation_id: str) -> tuple[str, str, str]:
    return column(conversation_id), column(owner.tenant), column(owner.principal)


_LATEST = """
SELECT turns.document FROM turns JOIN conversations ON conversations.id = turns.conversation
WHERE conversations.id = $1 AND tenant = $2 AND principal = $3
    AND ($4::integer IS NULL OR number < $4)
ORDER BY number DESC LIMIT $5
"""
_TAKE = """
UPDATE conversations SET lease_key = $4, lease_token = $5, lease_until = $6
WHERE id = $1 AND tenant = $2 AND principal = $3
    AND (lease_token IS NULL OR lease_until <= $7 OR lease_token = $5)
    AND turn_count < $8
    AND NOT EXISTS (SELECT FROM turns WHERE conversation = $1 AND idempotency = $4)
RETURNING document, turn_count
"""
_WITH_IT = """
SELECT document, idempotency FROM turns
WHERE conversation = $1 AND (number > $2 OR idempotency = $3)
ORDER BY number
"""
_WHY_NOT = """
SELECT lease_key, lease_until, turn_count, turns.document,
    lease_token IS NOT NULL AND lease_until > $5 AS held
FROM conversations
    LEFT JOIN turns ON turns.conversation = conversations.id AND turns.idempotency = $4
WHERE conversations.id = $1 AND tenant = $2 AND principal = $3
"""
_RENEW = """
UPDATE conversations SET lease_until = $3
WHERE id = $1 AND lease_token = $2 AND lease_until > $4
RETURNING 1
"""
_APPEND = """
WITH kept AS (
    UPDATE conversations
    SET user_id = $4, last_activity = $5, expires_at = $6, closed = $7, turn_count = $8,
        version = $9, document = $10, writer = $11,
        lease_token = NULL, lease_key = NULL, lease_until = NULL
    WHERE id = $1 AND tenant = $2 AND principal = $3 AND version = $9 - 1 AND lease_token = $11
    RETURNING id
)
INSERT INTO turns (conversation, number, request, idempotency, token, document)
SELECT id, $12, $13, $14, $11, $15 FROM kept
RETURNING 1
"""
_APPENDED = "SELECT 1 FROM turns WHERE conversation = $1 AND number = $2 AND token = $3"
_ABANDON = """
UPDATE conversations SET lease_token = NULL, lease_key = NULL, lease_until = NULL
WHERE id = $1 AND lease_token = $2
"""
_FIND = """
SELECT turns.document FROM turns JOIN conversations ON conversations.id = turns.conversation
WHERE request = $1 AND tenant = $2 AND principal = $3
ORDER BY last_activity DESC LIMIT 1
"""
