"""Turns: the right to make one, keeping it, reading them. Each call is begun anew unharmed."""

from __future__ import annotations

from secrets import token_hex

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
from ion_store_redis import scripts
from ion_store_redis.conversations import TOKEN, Conversations, member, turn_of
from ion_store_redis.documents import digest, read, written


@attrs.frozen
class Turns:
    """Turns of conversations.

    A right is told to the caller with the owner's digest before it, so that `renew` and
    `abandon`, which are not told of the owner, find the conversation in its slot.

    Attributes:
        conversations: what they belong to.
        most: turns that a conversation may have.
    """

    conversations: Conversations
    most: int

    async def latest(
        self, owner: Owner, conversation_id: str, limit: int, before: int | None
    ) -> tuple[StoredTurn, ...]:
        """The latest, oldest first; see `ConversationStore.turns`."""
        key = self.conversations.keys.of(owner).conversation(digest(conversation_id))[1]
        highest = "+inf" if before is None else f"({before}"
        found = await self.conversations.link.command(
            "ZREVRANGEBYSCORE", key, highest, "-inf", "LIMIT", 0, max(limit, 0)
        )
        return tuple(map(turn_of, reversed(found)))

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
        own = self.conversations.keys.of(owner)
        token = token_hex(TOKEN // 2)
        name = "" if idempotency_key is None else digest(idempotency_key)
        kind, *found = await self.conversations.link.run(
            scripts.BEGIN,
            own.conversation(digest(conversation_id)),
            *(name, max(turns, 0), token, repr(now + lease_s), repr(now), self.most),
        )
        if kind == b"begun":
            document, latest = found
            return Begun(
                read(document, Conversation),
                tuple(map(turn_of, reversed(latest))),
                f"{own.owner}.{token}",
            )
        if kind == b"repeated":
            return Repeated(turn_of(found[0]))
        if kind == b"full":
            raise ConversationFullError(self.most)
        if kind == b"missing":
            return Missing()
        return Busy(same=bool(found[0]), left_s=float(found[1]) - now)

    async def renew(self, conversation_id: str, token: str, *, lease_s: float, now: float) -> bool:
        """Put the end of a right off; see `ConversationStore.renew`."""
        key, own_token = self._place(conversation_id, token)
        ends = repr(now + lease_s)
        return bool(
            await self.conversations.link.run(scripts.RENEW, (key,), own_token, ends, repr(now))
        )

    async def append(self, conversation: Conversation, turn: StoredTurn, token: str) -> bool:
        """Keep a turn and what it made of the conversation; see `ConversationStore.append`."""
        own = self.conversations.keys.of(conversation.owner)
        later = attrs.evolve(conversation, version=conversation.version + 1)
        name = "" if turn.idempotency_key is None else digest(turn.idempotency_key)
        kept = await self.conversations.link.run(
            scripts.APPEND,
            (*own.all_of(member(conversation)), own.request(turn.request_id)),
            *self.conversations.values(later),
            *(token.partition(".")[2], turn.number, name, written(turn)),
            marks_attempts=True,
        )
        return bool(kept)

    async def abandon(self, conversation_id: str, token: str) -> None:
        """Give the right back."""
        key, own_token = self._place(conversation_id, token)
        await self.conversations.link.run(scripts.ABANDON, (key,), own_token)

    def _place(self, conversation_id: str, token: str) -> tuple[str, str]:
        """The key that holds a right, and the right's own name there."""
        owner, _, own_token = token.partition(".")
        own = self.conversations.keys.of_digest(owner)
        return own.conversation(digest(conversation_id))[0], own_token

    async def find(self, owner: Owner, request_id: str) -> StoredTurn | None:
        """The turn of an owner by its request id."""
        link, own = self.conversations.link, self.conversations.keys.of(owner)
        place = await link.command("GET", own.request(request_id))
        if place is None:
            return None
        _, name, number = place.decode().split(":")
        key = own.conversation(name)[1]
        found = await link.command("ZRANGEBYSCORE", key, number, number)
        return turn_of(found[0]) if found else None
