"""The store: the port's methods as calls of the threads that own the connections."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from ion_framework.conversations.model import Conversation, Feedback, Owner, StoredTurn
from ion_framework.conversations.store import Beginning, Begun, Page, StoreError
from ion_store_sqlite import judging, keeping, turning
from ion_store_sqlite.figures import StoreStats
from ion_store_sqlite.settings import StoreSettings

if TYPE_CHECKING:
    import sqlite3

    from ion_store_sqlite.engine import Engine

_Result = TypeVar("_Result")

BATCH = 50
"""Conversations that one write deletes at most; turns are kept in between."""

PAGES = 256
"""Pages that one write gives back to the disk at most: 1 MiB."""

FEEDBACK_AT_ONCE = 100
"""Feedbacks that one read brings."""


class SqliteStore:
    """A `ConversationStore` in one file, which the processes of a machine share.

    Writes go through one thread and are on the disk when they return; reads have threads of their
    own. Opened by `open`; until then, and after `close`, every method raises `StoreError`.

    Args:
        file: the database.
        settings: its bounds.
    """

    def __init__(self, file: Path, settings: StoreSettings) -> None:
        self._file = file
        self._settings = settings
        self._engine: Engine | None = None

    async def open(self) -> None:
        """Open the file, and make it where there is none.

        Raises:
            StoreError: it cannot be used; says why.
        """
        from ion_store_sqlite.engine import Engine  # imports sqlite3

        engine = Engine(self._file, self._settings)
        await engine.open()
        self._engine = engine

    async def close(self) -> None:
        """Finish what is being written and close the file."""
        engine, self._engine = self._engine, None
        if engine is not None:
            await engine.close()

    async def ping(self) -> None:
        """Return when the store can serve."""
        await self._opened().ping()

    async def create(self, conversation: Conversation) -> None:
        """Keep a new conversation; ValueError where its id is taken."""
        await self._write(lambda c: keeping.create(c, conversation))

    async def get(self, owner: Owner, conversation_id: str) -> Conversation | None:
        """A conversation of an owner."""
        return await self._read(lambda c: keeping.get(c, owner, conversation_id))

    async def turns(
        self, owner: Owner, conversation_id: str, limit: int, before: int | None = None
    ) -> tuple[StoredTurn, ...]:
        """The latest turns of a conversation, oldest first."""
        return await self._read(lambda c: keeping.turns(c, owner, conversation_id, limit, before))

    async def begin(  # noqa: PLR0913  the port's own
        self,
        owner: Owner,
        conversation_id: str,
        *,
        idempotency_key: str | None,
        turns: int,
        lease_s: float,
        now: float,
    ) -> Beginning:
        """Take the right to make the next turn; whoever leaves meanwhile does not keep it."""
        most = self._settings.max_turns
        outcome = self._opened().write(
            lambda c: turning.begin(
                c,
                owner,
                conversation_id,
                idempotency_key=idempotency_key,
                turns=turns,
                lease_s=lease_s,
                now=now,
                max_turns=most,
            ),
            durable=False,
        )
        try:
            return await asyncio.shield(outcome)
        except asyncio.CancelledError:
            outcome.add_done_callback(lambda done: self._give_back(conversation_id, done))
            raise

    async def renew(self, conversation_id: str, token: str, *, lease_s: float, now: float) -> bool:
        """Have a right that is held end so many seconds from now; False where it has ended."""
        return await self._opened().write(
            lambda c: turning.renew(c, conversation_id, token, now + lease_s, now), durable=False
        )

    async def append(self, conversation: Conversation, turn: StoredTurn, token: str) -> bool:
        """Keep a turn and the conversation as it stands after it."""
        return await self._write(lambda c: turning.append(c, conversation, turn, token))

    async def abandon(self, conversation_id: str, token: str) -> None:
        """Give the right back without a turn."""
        await self._opened().write(
            lambda c: turning.abandon(c, conversation_id, token), durable=False
        )

    async def update(self, conversation: Conversation) -> bool:
        """Change a conversation; False where it is no longer of this version."""
        return await self._write(lambda c: turning.update(c, conversation))

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
        return await self._read(
            lambda c: keeping.page(c, owner, user_id, limit=limit, cursor=cursor, now=now)
        )

    async def delete(self, owner: Owner, conversation_id: str) -> bool:
        """Delete a conversation with its turns and the feedback on them."""
        return await self._write(lambda c: keeping.delete(c, owner, conversation_id))

    async def delete_user(self, owner: Owner, user_id: str) -> int:
        """Delete every conversation with a user, and their feedback."""
        return await self._write(lambda c: keeping.delete_user(c, owner, user_id))

    async def add_feedback(self, feedback: Feedback) -> None:
        """Keep a feedback; one of the same owner and id is replaced."""
        await self._write(lambda c: judging.add(c, feedback))

    async def feedback(self, owner: Owner | None = None) -> AsyncIterator[Feedback]:
        """Every feedback, of one owner or of all, oldest first."""
        found, place = await self._some_feedback(owner, judging.START)
        while found:
            for item in found:
                yield item
            found, place = await self._some_feedback(owner, place)

    async def find_turn(self, owner: Owner, request_id: str) -> StoredTurn | None:
        """The latest turn of an owner with a request id."""
        return await self._read(lambda c: keeping.find_turn(c, owner, request_id))

    async def expire(self, before: float) -> int:
        """Delete what expired before a time, a batch at a time; then free the room it took."""
        total, gone = 0, BATCH
        while gone == BATCH:
            gone = await self._write(lambda c: keeping.expire(c, before, BATCH))
            total += gone
        unused = -1 if total else 0
        while unused:
            left = await self._write(lambda c: keeping.shrink(c, PAGES))
            unused = 0 if left == unused else left
        return total

    async def everything(self) -> AsyncIterator[tuple[Conversation, tuple[StoredTurn, ...]]]:
        """Every conversation with its turns, each as it is when its turn comes."""
        found = await self._conversation_after(0)
        while found is not None:
            seq, conversation, turns = found
            yield conversation, turns
            found = await self._conversation_after(seq)

    async def backup(self, file: Path) -> None:
        """Write everything into a file while the store goes on serving."""
        await self._opened().back_up(file)

    async def restore(self, file: Path) -> int:
        """Replace everything by what a backup holds, for every process that has the file open."""
        return await self._opened().restore(file)

    async def stats(self) -> StoreStats:
        """Figures; counts every row, so ask for them now and then, not for each request."""
        return await self._opened().stats()

    def _opened(self) -> Engine:
        if self._engine is None:
            raise StoreError("the store is not open")
        return self._engine

    async def _read(self, function: Callable[[sqlite3.Connection], _Result]) -> _Result:
        return await self._opened().read(function)

    async def _write(self, function: Callable[[sqlite3.Connection], _Result]) -> _Result:
        return await self._opened().write(function)

    async def _some_feedback(
        self, owner: Owner | None, place: judging.Place
    ) -> tuple[Sequence[Feedback], judging.Place]:
        return await self._read(lambda c: judging.following(c, owner, place, FEEDBACK_AT_ONCE))

    async def _conversation_after(
        self, seq: int
    ) -> tuple[int, Conversation, tuple[StoredTurn, ...]] | None:
        return await self._read(lambda c: keeping.following(c, seq))

    def _give_back(self, conversation_id: str, done: asyncio.Future[Beginning]) -> None:
        if done.cancelled() or done.exception() is not None or self._engine is None:
            return
        begun = done.result()
        if isinstance(begun, Begun):
            self._engine.write(
                lambda c: turning.abandon(c, conversation_id, begun.token), durable=False
            ).add_done_callback(_heed)


def _heed(done: asyncio.Future[None]) -> None:
    """Take note of an outcome: a right that was not given back ends by itself."""
    if not done.cancelled():
        done.exception()
