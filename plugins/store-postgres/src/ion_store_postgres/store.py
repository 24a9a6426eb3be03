"""The store of conversations on PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ion_framework.conversations.model import Conversation, Feedback, Owner, StoredTurn
from ion_framework.conversations.store import Beginning, Page
from ion_store_postgres import backup
from ion_store_postgres.conversations import Conversations
from ion_store_postgres.documents import read
from ion_store_postgres.feedback import Feedbacks
from ion_store_postgres.pool import Pool, PoolStats
from ion_store_postgres.settings import StoreSettings
from ion_store_postgres.turns import Turns

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

BATCH = 50
"""Conversations that are read at once with all their turns."""


class PostgresStore:
    """Keeps conversations in PostgreSQL: `ion_framework.conversations.store.ConversationStore`.

    It may be used at once: it connects with its first operation where `open` was not called or
    could not.

    Args:
        settings: where PostgreSQL is.
        logger: for changes of state.
    """

    def __init__(self, settings: StoreSettings, logger: FilteringBoundLogger) -> None:
        self._pool = Pool(settings, logger)
        self._conversations = Conversations(self._pool)
        self._turns = Turns(self._pool, settings.max_turns)
        self._feedback = Feedbacks(self._pool)

    async def open(self, within_s: float) -> None:
        """Connect, and make the tables; where PostgreSQL is away it is tried again later."""
        await self._pool.open(within_s)

    async def close(self) -> None:
        """Close the connections."""
        await self._pool.close()

    def stats(self) -> PoolStats:
        """Figures of the connections of this process."""
        return self._pool.stats()

    async def ping(self) -> None:
        """Return when PostgreSQL answers; it is asked once."""
        await self._pool.run(lambda connection: connection.fetchval("SELECT 1"), again=False)

    async def create(self, conversation: Conversation) -> None:
        """Keep a new conversation."""
        await self._conversations.create(conversation)

    async def get(self, owner: Owner, conversation_id: str) -> Conversation | None:
        """A conversation of an owner."""
        return await self._conversations.get(owner, conversation_id)

    async def turns(
        self, owner: Owner, conversation_id: str, limit: int, before: int | None = None
    ) -> tuple[StoredTurn, ...]:
        """The latest turns of a conversation, oldest first."""
        return await self._turns.latest(owner, conversation_id, limit, before)

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
        """Take the right to make the next turn."""
        return await self._turns.begin(
            owner,
            conversation_id,
            idempotency_key=idempotency_key,
            turns=turns,
            lease_s=lease_s,
            now=now,
        )

    async def renew(self, conversation_id: str, token: str, *, lease_s: float, now: float) -> bool:
        """Have a right that is held end so many seconds from now; False where it has ended."""
        return await self._turns.renew(conversation_id, token, lease_s=lease_s, now=now)

    async def append(self, conversation: Conversation, turn: StoredTurn, token: str) -> bool:
        """Keep a turn and the conversation as it stands after it, both or neither."""
        return await self._turns.append(conversation, turn, token)

    async def abandon(self, conversation_id: str, token: str) -> None:
        """Give the right back without a turn."""
        await self._turns.abandon(conversation_id, token)

    async def update(self, conversation: Conversation) -> bool:
        """Change a conversation; False where it is no longer of this version."""
        return await self._conversations.update(conversation)

    async def list(
        self,
        owner: Owner,
        user_id: str | None,
        *,
        limit: int,
        cursor: str | None = None,
        now: float,
    ) -> Page:
        """The conversations of an owner, or of one of its users, latest activity first."""
        return await self._conversations.list(owner, user_id, limit=limit, cursor=cursor, now=now)

    async def delete(self, owner: Owner, conversation_id: str) -> bool:
        """Delete a conversation with its turns; False where there is none."""
        return await self._conversations.delete(owner, conversation_id)

    async def delete_user(self, owner: Owner, user_id: str) -> int:
        """Delete every conversation with a user, and its feedback."""
        return await self._conversations.delete_user(owner, user_id)

    async def add_feedback(self, feedback: Feedback) -> None:
        """Keep a feedback; one of the same id is replaced."""
        await self._feedback.add(feedback)

    def feedback(self, owner: Owner | None = None) -> AsyncIterator[Feedback]:
        """Every feedback, of one owner or of all, oldest first."""
        return self._feedback.all(owner)

    async def find_turn(self, owner: Owner, request_id: str) -> StoredTurn | None:
        """The turn of an owner by its request id."""
        return await self._turns.find(owner, request_id)

    async def expire(self, before: float) -> int:
        """Delete what expired before a time."""
        return await self._conversations.expire(before)

    async def everything(self) -> AsyncIterator[tuple[Conversation, tuple[StoredTurn, ...]]]:
        """Every conversation with its turns, each as it was at one moment."""
        last = ""
        while True:
            found = await self._pool.run(partial(_some, last))
            for _, conversation, turns in found:
                yield conversation, turns
            if len(found) < BATCH:
                return
            last = found[-1][0]

    async def backup(self, file: Path) -> None:
        """Write everything, as it is at one moment, into a file."""
        await self._pool.run(lambda connection: backup.back_up(connection, file))

    async def restore(self, file: Path) -> int:
        """Replace everything by what a backup holds, all of it or nothing."""
        return await self._pool.run(lambda connection: backup.restore(connection, file))


async def _some(
    after: str, connection: Any
) -> list[tuple[str, Conversation, tuple[StoredTurn, ...]]]:
    """Some conversations with their turns, in the order of their ids."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        heads = await connection.fetch(_HEADS, after, BATCH)
        rows = await connection.fetch(_TURNS, [row["id"] for row in heads])
    turns: dict[str, list[StoredTurn]] = {}
    for row in rows:
        turns.setdefault(row["conversation"], []).append(read(row["document"], StoredTurn))
    return [
        (row["id"], read(row["document"], Conversation), tuple(turns.get(row["id"], ())))
        for row in heads
    ]


_HEADS = "SELECT id, document FROM conversations WHERE id > $1 ORDER BY id LIMIT $2"
_TURNS = """
SELECT conversation, document FROM turns
WHERE conversation = ANY($1::text[]) ORDER BY conversation, number
"""
