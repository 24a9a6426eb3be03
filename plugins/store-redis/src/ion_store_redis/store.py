"""The store of conversations on Redis."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

from ion_framework.conversations.model import Conversation, Feedback, Owner, StoredTurn
from ion_framework.conversations.store import Beginning, Page
from ion_store_redis.backup import Backup
from ion_store_redis.conversations import Conversations
from ion_store_redis.feedback import Feedbacks
from ion_store_redis.keys import Keys
from ion_store_redis.link import Link, LinkStats
from ion_store_redis.settings import StoreSettings
from ion_store_redis.turns import Turns

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger


class RedisStore:
    """Keeps conversations in Redis: `ion_framework.conversations.store.ConversationStore`.

    It may be used at once: it connects with its first operation where `open` was not called or
    could not. A turn is found by its request for the time that its conversation had when it was
    made, and `StoreSettings.keep_s`.

    Args:
        settings: where Redis is.
        logger: for changes of state.
    """

    def __init__(self, settings: StoreSettings, logger: FilteringBoundLogger) -> None:
        self._link = Link(settings, logger)
        self._conversations = Conversations(self._link, Keys(settings.namespace), settings.keep_s)
        self._turns = Turns(self._conversations, settings.max_turns)
        self._feedback = Feedbacks(self._conversations, settings.max_feedback)
        self._backup = Backup(self._conversations, self._feedback)

    async def open(self, within_s: float) -> None:
        """Connect; where Redis is away it is tried again later."""
        await self._link.open(within_s)

    async def close(self) -> None:
        """Close the connections."""
        await self._link.close()

    def stats(self) -> LinkStats:
        """Figures of this process."""
        return self._link.stats()

    async def ping(self) -> None:
        """Return when Redis answers; it is asked once."""
        await self._link.ping()

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
        """Delete a conversation with its turns and their feedback; False where there is none."""
        name = await self._conversations.member_of(owner, conversation_id)
        if name is None:
            return False
        own = self._conversations.keys.of(owner)
        _, turns = await self._conversations.whole(own, name)
        # Before the turns: where this breaks off, whoever deletes again still finds it by them.
        told = {turn.request_id for _, turn in turns}
        await self._feedback.delete(owner, told)
        late = set(await self._conversations.drop(own, name)) - told
        await self._feedback.delete(owner, late)
        return True

    async def delete_user(self, owner: Owner, user_id: str) -> int:
        """Delete every conversation with a user, and its feedback."""
        own = self._conversations.keys.of(owner)
        members = await self._conversations.of_user(owner, user_id)
        requests = set[str]()
        for name in members:
            requests.update(await self._conversations.drop(own, name))
        await self._feedback.delete(owner, requests, user_id)
        return len(members)

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
        async for conversation, turns in self._backup.whole():
            yield conversation, tuple(turn for _, turn in turns)

    async def backup(self, file: Path) -> None:
        """Write everything into a file."""
        await self._backup.write(file)

    async def restore(self, file: Path) -> int:
        """Replace everything by what a backup holds."""
        return await self._backup.read(file)
