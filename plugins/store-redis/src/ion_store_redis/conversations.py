"""Conversations: made, read, changed, listed, deleted. Each call is begun anew unharmed.

Every write leaves its own name beside the conversation, by which a second attempt sees that the
first one had arrived.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from secrets import token_hex

import attrs

from ion_framework.conversations.model import Conversation, Owner, StoredTurn
from ion_framework.conversations.store import Page
from ion_store_redis import scripts
from ion_store_redis.documents import digest, read, written
from ion_store_redis.keys import Keys, OwnerKeys
from ion_store_redis.link import Link

TOKEN = 32
"""Length of the token that stands before each turn."""

BATCH = 100
"""Conversations that are looked at in one go when they have expired."""


@attrs.frozen
class Conversations:
    """Conversations without their turns.

    Attributes:
        link: the way to Redis.
        keys: the keys.
        keep_s: seconds for which an expired conversation stays.
    """

    link: Link
    keys: Keys
    keep_s: float

    async def create(self, conversation: Conversation) -> None:
        """Keep a new one; see `ConversationStore.create`."""
        if await self._is_anothers(conversation):
            raise ValueError(f"there is a conversation {conversation.id!r} already")
        own = self.keys.of(conversation.owner)
        await self.link.command("SADD", self.keys.owners, own.owner)
        values = self.values(conversation)
        if not await self.link.run(scripts.CREATE, own.all_of(member(conversation)), *values):
            raise ValueError(f"there is a conversation {conversation.id!r} already")
        # Once more: an owner without any is taken off the list, perhaps just then.
        await self.link.command("SADD", self.keys.owners, own.owner)

    async def get(self, owner: Owner, conversation_id: str) -> Conversation | None:
        """One of an owner."""
        key = self.keys.of(owner).conversation(digest(conversation_id))[0]
        document = await self.link.command("HGET", key, "doc")
        return None if document is None else read(document, Conversation)

    async def update(self, conversation: Conversation) -> bool:
        """Change one; see `ConversationStore.update`. Its user stays the same."""
        keys = self.keys.of(conversation.owner).all_of(member(conversation))
        later = attrs.evolve(conversation, version=conversation.version + 1)
        return bool(await self.link.run(scripts.UPDATE, keys, *self.values(later)))

    async def member_of(self, owner: Owner, conversation_id: str) -> str | None:
        """How one of an owner is called in the indices."""
        key = self.keys.of(owner).conversation(digest(conversation_id))[0]
        found = await self.link.command("HGET", key, "member")
        return None if found is None else str(found.decode())

    async def of_user(self, owner: Owner, user_id: str) -> tuple[str, ...]:
        """The members of the conversations with a user."""
        by_activity, _ = self.keys.of(owner).of_user(digest(user_id))
        return _texts(await self.link.command("ZRANGE", by_activity, 0, -1))

    async def drop(self, own: OwnerKeys, name: str, before: str = "") -> tuple[str, ...]:
        """Delete a conversation with its turns; gives the ids of their requests.

        Args:
            own: keys of its owner.
            name: its member.
            before: only if it expired before this time; empty: always.
        """
        turns = (await self.whole(own, name))[1]
        requests = tuple(turn.request_id for _, turn in turns)
        keys = (*own.all_of(name), *map(own.request, requests))
        await self.link.run(scripts.DELETE, keys, name, before)
        return requests

    async def whole(
        self, own: OwnerKeys, name: str
    ) -> tuple[Conversation | None, list[tuple[str, StoredTurn]]]:
        """A conversation with its turns, each with its token, as they were at one moment."""
        keys = own.conversation(name.partition(":")[2])[:2]
        document, turns = await self.link.run(scripts.WHOLE, keys)
        conversation = None if document is None else read(document, Conversation)
        return conversation, [(text[:TOKEN].decode(), turn_of(text)) for text in turns]

    async def owners(self) -> tuple[OwnerKeys, ...]:
        """The keys of all owners."""
        found: set[str] = set()
        cursor = 0
        while True:
            cursor, some = await self.link.command("SSCAN", self.keys.owners, cursor, "COUNT", 500)
            found.update(_texts(some))
            cursor = int(cursor)
            if not cursor:
                return tuple(map(self.keys.of_digest, sorted(found)))

    async def expire(self, before: float) -> int:
        """Delete what expired before a time."""
        count = 0
        for own in await self.owners():
            await self._forget_dropped(own)
            while found := _texts(
                await self.link.command(
                    *("ZRANGEBYSCORE", own.by_end, "-inf", f"({before!r}", "LIMIT", 0, BATCH)
                )
            ):
                for name in found:
                    await self.drop(own, name, repr(before))
                count += len(found)
            await self._forget_owner(own)
        return count

    async def list(
        self, owner: Owner, user_id: str | None, *, limit: int, cursor: str | None, now: float
    ) -> Page:
        """Those of an owner or of one of its users; see `ConversationStore.list`."""
        own = self.keys.of(owner)
        indices = (own.by_activity, own.open_by_end)
        if user_id is not None:
            indices = own.of_user(digest(user_id))
        place = ("+inf", "") if cursor is None else _place(cursor, indices[0])
        await self._forget_dropped(own)
        total, active, found = await self.link.run(
            scripts.LIST, indices, repr(now), limit + 1, *place
        )
        members = _texts(found[0::2])
        shown = members[:limit]
        more = len(members) > limit > 0
        last = found[2 * limit - 1].decode() if more else ""
        return Page(
            await self._documents(own, shown),
            total,
            active,
            _cursor(last, shown[-1], indices[0]) if more else None,
        )

    def values(self, conversation: Conversation, writer: str = "") -> tuple[object, ...]:
        """The first arguments of the scripts that keep a conversation."""
        life_s = max(conversation.expires_at - conversation.last_activity, 0.0) + self.keep_s
        return (
            member(conversation),
            written(conversation),
            conversation.version,
            repr(float(conversation.last_activity)),
            repr(float(conversation.expires_at)),
            "1" if conversation.closed_at is not None else "0",
            max(int(life_s * 1000), 1000),
            writer or token_hex(8),
        )

    async def _is_anothers(self, conversation: Conversation) -> bool:
        """Whether another owner has a conversation of this id; if not, it is claimed.

        A claim lasts as long as the conversation does at first. When it is gone, another owner
        could take the id; each would still have only its own.
        """
        own = self.keys.of(conversation.owner)
        life_ms = self.values(conversation)[6]
        claim = ("SET", self.keys.id(conversation.id), own.owner, "PX", life_ms)
        if await self.link.command(*claim, "NX"):
            return False
        holder = await self.link.command("GET", self.keys.id(conversation.id))
        if holder is not None and holder.decode() != own.owner:
            theirs = self.keys.of_digest(holder.decode()).conversation(digest(conversation.id))[0]
            if await self.link.command("EXISTS", theirs):
                return True
        await self.link.command(*claim)
        return False

    async def _documents(self, own: OwnerKeys, members: Sequence[str]) -> tuple[Conversation, ...]:
        if not members:
            return ()
        keys = [own.conversation(name.partition(":")[2])[0] for name in members]
        found = await self.link.run(scripts.DOCUMENTS, keys)
        return tuple(read(document, Conversation) for document in found if document is not None)

    async def _forget_dropped(self, own: OwnerKeys) -> None:
        """Take off the indices what Redis has dropped by itself."""
        while names := _texts(await self.link.run(scripts.DROPPED, (own.by_drop,))):
            for name in names:
                await self.link.run(scripts.DELETE, own.all_of(name), name, "")

    async def _forget_owner(self, own: OwnerKeys) -> None:
        if await self._has_nothing(own):
            await self.link.command("SREM", self.keys.owners, own.owner)
            if not await self._has_nothing(own):
                await self.link.command("SADD", self.keys.owners, own.owner)

    async def _has_nothing(self, own: OwnerKeys) -> bool:
        return not await self.link.command("EXISTS", own.by_activity, own.feedback)


def member(conversation: Conversation) -> str:
    """A conversation in the indices: digests of its user and of its id."""
    return f"{digest(conversation.user_id)}:{digest(conversation.id)}"


def turn_of(text: bytes) -> StoredTurn:
    """A turn as it is kept: its token, then the document."""
    return read(text[TOKEN:], StoredTurn)


def _texts(values: Sequence[bytes]) -> tuple[str, ...]:
    return tuple(value.decode() for value in values)


def _cursor(score: str, name: str, index: str) -> str:
    place = json.dumps([score, name, digest(index)])
    return base64.urlsafe_b64encode(place.encode()).decode()


def _place(cursor: str, index: str) -> tuple[str, str]:
    try:
        score, name, of = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        if of == digest(index):
            return repr(float(score)), str(name)
    except (ValueError, TypeError):
        of = None
    raise ValueError("the cursor is none of this list: take the one that came with its last part")
