"""Feedback: bounded for each owner, found by time, and by the user whose turn it is about."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Collection

import attrs

from ion_framework.conversations.model import Feedback, Owner
from ion_store_redis import scripts
from ion_store_redis.conversations import Conversations
from ion_store_redis.documents import digest, read, written
from ion_store_redis.keys import OwnerKeys

BATCH = 200
"""Feedback that is fetched at once."""


@attrs.frozen
class Feedbacks:
    """What people think of answers.

    Attributes:
        conversations: what it is about.
        most: most that is kept of one owner.
    """

    conversations: Conversations
    most: int

    async def add(self, feedback: Feedback) -> None:
        """Keep one; it belongs to the user of the turn, if that is kept, also when that is gone."""
        link, keys = self.conversations.link, self.conversations.keys
        own = keys.of(feedback.owner)
        user = digest(feedback.user_id) if feedback.user_id else ""
        if not user:
            place = await link.command("GET", own.request(feedback.request_id))
            user = place.decode().partition(":")[0] if place is not None else ""
        await self.put(own, feedback, user)

    async def put(self, own: OwnerKeys, feedback: Feedback, user: str) -> None:
        """Keep one that is known to be about a turn of the user with this digest."""
        link, keys = self.conversations.link, self.conversations.keys
        await link.command("SADD", keys.owners, own.owner)
        value = json.dumps([user, written(feedback)])
        values = (digest(feedback.id), value, repr(float(feedback.at)), self.most)
        await link.run(scripts.ADD_FEEDBACK, (own.feedback, own.feedback_by_time), *values)
        await link.command("SADD", keys.owners, own.owner)

    async def all(self, owner: Owner | None) -> AsyncIterator[Feedback]:
        """Those of an owner or of everybody, oldest first; a change meanwhile may be seen."""
        keys = self.conversations.keys
        of = await self.conversations.owners() if owner is None else (keys.of(owner),)
        async for _, _, feedback in self.raw(of):
            yield feedback

    async def raw(
        self, of: Collection[OwnerKeys]
    ) -> AsyncIterator[tuple[OwnerKeys, str, Feedback]]:
        """Those of some owners, oldest first, each with its owner's keys and its user's digest."""
        link = self.conversations.link
        places: list[tuple[float, str, str]] = []
        for own in of:
            found = await link.command("ZRANGE", own.feedback_by_time, 0, -1, "WITHSCORES")
            pairs = found if found and isinstance(found[0], list | tuple) else _pairs(found)
            places += [(float(at), own.owner, name.decode()) for name, at in pairs]
        places.sort()
        for start in range(0, len(places), BATCH):
            for one in await self._values(places[start : start + BATCH]):
                yield one

    async def delete(
        self, owner: Owner, requests: Collection[str], user_id: str | None = None
    ) -> None:
        """Delete what is about one of these requests, or of a user."""
        own = self.conversations.keys.of(owner)
        user = None if user_id is None else digest(user_id)
        if user is None and not requests:
            return
        gone = [
            digest(feedback.id)
            async for _, of, feedback in self.raw((own,))
            if of == user or feedback.request_id in requests
        ]
        keys = (own.feedback, own.feedback_by_time)
        for start in range(0, len(gone), BATCH):
            await self.conversations.link.run(
                scripts.DELETE_FEEDBACK, keys, *gone[start : start + BATCH]
            )

    async def clear(self, own: OwnerKeys) -> None:
        """Delete all of an owner."""
        await self.conversations.link.command("UNLINK", own.feedback, own.feedback_by_time)

    async def _values(
        self, places: list[tuple[float, str, str]]
    ) -> list[tuple[OwnerKeys, str, Feedback]]:
        """What stands at places, in their order; one call for each owner among them."""
        link, keys = self.conversations.link, self.conversations.keys
        values: dict[tuple[str, str], bytes | None] = {}
        for owner in dict.fromkeys(owner for _, owner, _ in places):
            names = [name for _, of, name in places if of == owner]
            found = await link.command("HMGET", keys.of_digest(owner).feedback, *names)
            values.update(zip(((owner, name) for name in names), found, strict=True))
        told = []
        for _, owner, name in places:
            value = values[owner, name]
            if value is not None:
                user, document = json.loads(value)
                told.append((keys.of_digest(owner), user, read(document, Feedback)))
        return told


def _pairs(flat: list[bytes]) -> list[tuple[bytes, bytes]]:
    return list(zip(flat[0::2], flat[1::2], strict=True))
