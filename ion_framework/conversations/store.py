"""The port of a store of conversations: what a plugin returns from ``ion_provide_store``.

A store that has told of a turn as kept keeps it through the end of its process at any moment; where
it cannot promise that (a Redis without a log on disk), its documentation says what may be lost.
``ion_framework.testing.StoreContract`` tests all of it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Protocol, TypeAlias, runtime_checkable

import attrs

from ion_framework.conversations.model import Conversation, Feedback, Owner, StoredTurn
from ion_framework.errors import IonError


class StoreError(IonError):
    """The store cannot serve just now; the same may work later. Its text holds no secret."""


class ConversationFullError(StoreError):
    """A conversation has as many turns as the store allows; a new one has to be begun.

    Attributes:
        most: turns that a conversation may have.
    """

    def __init__(self, most: int) -> None:
        super().__init__(f"the conversation has {most} turns, the most that one may have")
        self.most = most


@attrs.frozen
class Begun:
    """The right to make the next turn of a conversation, for a while.

    Attributes:
        conversation: the conversation as it stands.
        turns: its latest turns, oldest first.
        token: names the right in `ConversationStore.renew`, `ConversationStore.append` and
            `ConversationStore.abandon`.
    """

    conversation: Conversation
    turns: tuple[StoredTurn, ...]
    token: str


@attrs.frozen
class Busy:
    """Another turn of this conversation is in the making.

    Attributes:
        same: whether it has the same idempotency key, so that waiting for it makes sense.
        left_s: seconds until the right of that turn ends unless it is renewed; then, at the
            latest, it is known whether its holder lives.
    """

    same: bool
    left_s: float = attrs.field(default=0.0, eq=False)


@attrs.frozen
class Repeated:
    """This turn was made already.

    Attributes:
        turn: the turn with the same idempotency key; its fingerprint may be another.
    """

    turn: StoredTurn


@attrs.frozen
class Missing:
    """The owner has no such conversation."""


@attrs.frozen
class Page:
    """A part of a list.

    Attributes:
        conversations: latest activity first.
        total: how many there are in all.
        active: how many of them are active.
        cursor: where the next part begins, None at the end.
    """

    conversations: tuple[Conversation, ...]
    total: int
    active: int
    cursor: str | None = None


Beginning: TypeAlias = Begun | Busy | Repeated | Missing


@runtime_checkable
class ConversationStore(Protocol):
    """Keeps conversations. Every method raises `StoreError` where the store is out of order.

    The plugin opens it in ``ion_startup`` and closes it in ``ion_shutdown``.
    """

    async def ping(self) -> None:
        """Return when the store can serve."""

    async def create(self, conversation: Conversation) -> None:
        """Keep a new conversation.

        Raises:
            ValueError: there is one of this id.
        """

    async def get(self, owner: Owner, conversation_id: str) -> Conversation | None:
        """A conversation of an owner."""

    async def turns(
        self, owner: Owner, conversation_id: str, limit: int, before: int | None = None
    ) -> tuple[StoredTurn, ...]:
        """The latest turns of a conversation, oldest first.

        Args:
            owner: whose conversation.
            conversation_id: its name.
            limit: at most so many.
            before: only those with a smaller number.
        """

    async def begin(  # noqa: PLR0913  each of them decides
        self,
        owner: Owner,
        conversation_id: str,
        *,
        idempotency_key: str | None,
        turns: int,
        lease_s: float,
        now: float,
    ) -> Beginning:
        """Take the right to make the next turn; one turn at a time, across all processes.

        Its end is compared with the ``now`` of other callers, so that the clocks of all processes
        have to agree to much less than a lease. A store may end the right of a holder of which it
        knows for certain that it is dead before that.

        Args:
            owner: whose conversation.
            conversation_id: its name.
            idempotency_key: the caller's name for the turn, None without one.
            turns: how many of the latest turns come along.
            lease_s: seconds after which the right ends by itself, unless it is renewed.
            now: seconds since the Unix epoch.

        Raises:
            ConversationFullError: the store bounds the turns of a conversation, and it has them.
        """

    async def renew(self, conversation_id: str, token: str, *, lease_s: float, now: float) -> bool:
        """Have a right that is held end so many seconds from now.

        Args:
            conversation_id: whose next turn is in the making.
            token: the right.
            lease_s: seconds after which the right ends by itself, unless it is renewed again.
            now: seconds since the Unix epoch.

        Returns:
            Whether the right goes on; False where it has ended, was spent or given back, or where
            somebody else holds one. Nothing is changed then.
        """

    async def append(self, conversation: Conversation, turn: StoredTurn, token: str) -> bool:
        """Keep a turn and the conversation as it stands after it, both or neither.

        Args:
            conversation: as it is now; its ``version`` is that of `begin`, the store counts on.
            turn: the turn; its number is ``turn_count`` of the conversation.
            token: the right.

        Returns:
            Whether both are kept; False where the right has ended and somebody else went on.
        """

    async def abandon(self, conversation_id: str, token: str) -> None:
        """Give the right back without a turn."""

    async def update(self, conversation: Conversation) -> bool:
        """Change a conversation (close it); False where it is no longer of this version."""

    async def list(
        self,
        owner: Owner,
        user_id: str | None,
        *,
        limit: int,
        cursor: str | None = None,
        now: float,
    ) -> Page:
        """The conversations of an owner, or of one of its users, latest activity first.

        Raises:
            ValueError: the cursor is none of this list.
        """

    async def delete(self, owner: Owner, conversation_id: str) -> bool:
        """Delete a conversation with its turns and the feedback on them; False without one."""

    async def delete_user(self, owner: Owner, user_id: str) -> int:
        """Delete every conversation with a user; tells how many there were.

        Their feedback goes too: that on one of their turns, and that which names the user.
        """

    async def add_feedback(self, feedback: Feedback) -> None:
        """Keep a feedback; one of the same owner and id is replaced."""

    def feedback(self, owner: Owner | None = None) -> AsyncIterator[Feedback]:
        """Every feedback, of one owner or of all, oldest first."""

    async def find_turn(self, owner: Owner, request_id: str) -> StoredTurn | None:
        """The turn of an owner by its request id."""

    async def expire(self, before: float) -> int:
        """Delete what expired before a time; tells how many conversations it were.

        Nobody asked for that, so that feedback stays, until its conversation's user is deleted.
        """

    def everything(self) -> AsyncIterator[tuple[Conversation, tuple[StoredTurn, ...]]]:
        """Every conversation with its turns, for export and for moving to another store."""

    async def backup(self, file: Path) -> None:
        """Write everything into a file while the store goes on serving.

        The file is complete or absent; `restore` of any store of the same kind reads it.

        Raises:
            OSError: the file cannot be written.
            ValueError: the store itself is kept in that file.
        """

    async def restore(self, file: Path) -> int:
        """Replace everything by what a backup holds; tells how many conversations it were.

        Raises:
            OSError: the file cannot be read; nothing is changed then, nor with the next.
            ValueError: the file is no backup, or a damaged one.
        """
