"""A store of conversations in dictionaries: the whole contract, for as long as the process runs."""

from __future__ import annotations

import asyncio
import builtins
import hashlib
import json
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import attrs

from ion_framework.conversations.cursors import read_cursor, write_cursor
from ion_framework.conversations.documents import document_of, read_document
from ion_framework.conversations.model import (
    Conversation,
    ConversationState,
    Feedback,
    Owner,
    StoredTurn,
)
from ion_framework.conversations.store import (
    Beginning,
    Begun,
    Busy,
    Missing,
    Page,
    Repeated,
    StoreError,
)
from ion_framework.jsonable import to_json
from ion_framework.pipeline.markers import hookimpl

_DIGEST = hashlib.sha256().digest_size


@attrs.define
class _Lease:
    token: str
    key: str | None
    ends: float


@attrs.define
class _Kept:
    conversation: Conversation
    turns: list[StoredTurn] = attrs.field(factory=list)
    lease: _Lease | None = None


class MemoryStore:
    """Keeps conversations in this process and loses them with it; for tests."""

    def __init__(self) -> None:
        self.out_of_order = ""
        """Why every call fails, empty while none does."""
        self._kept: dict[str, _Kept] = {}
        self._feedback: dict[tuple[Owner, str], Feedback] = {}

    @hookimpl
    def ion_provide_store(self) -> MemoryStore:
        """The store itself, so that it can be registered as a plugin."""
        return self

    async def ping(self) -> None:
        """Return unless it is out of order."""
        self._check()

    async def create(self, conversation: Conversation) -> None:
        """Keep a new conversation."""
        self._check()
        if conversation.id in self._kept:
            raise ValueError(f"there is a conversation {conversation.id!r} already")
        self._kept[conversation.id] = _Kept(conversation)

    async def get(self, owner: Owner, conversation_id: str) -> Conversation | None:
        """A conversation of an owner."""
        found = self._of(owner, conversation_id)
        return found.conversation if found else None

    async def turns(
        self, owner: Owner, conversation_id: str, limit: int, before: int | None = None
    ) -> tuple[StoredTurn, ...]:
        """The latest turns of a conversation, oldest first."""
        found = self._of(owner, conversation_id)
        turns = [t for t in found.turns if before is None or t.number < before] if found else []
        return tuple(turns[-limit:] if limit else ())

    async def begin(  # noqa: PLR0913  the port's signature
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
        found = self._of(owner, conversation_id)
        if found is None:
            return Missing()
        for turn in found.turns:
            if idempotency_key is not None and turn.idempotency_key == idempotency_key:
                return Repeated(turn)
        lease = found.lease
        if lease is not None and now < lease.ends:
            same = idempotency_key is not None and lease.key == idempotency_key
            return Busy(same, left_s=lease.ends - now)
        found.lease = _Lease(secrets.token_hex(16), idempotency_key, now + lease_s)
        latest = tuple(found.turns[-turns:] if turns else ())
        return Begun(found.conversation, latest, found.lease.token)

    async def renew(self, conversation_id: str, token: str, *, lease_s: float, now: float) -> bool:
        """Let a right end so many seconds from now."""
        self._check()
        lease = self._lease(conversation_id, token)
        if lease is None or now >= lease.ends:
            return False
        lease.ends = now + lease_s
        return True

    async def append(self, conversation: Conversation, turn: StoredTurn, token: str) -> bool:
        """Keep a turn and the conversation as it stands after it."""
        self._check()
        if self._lease(conversation.id, token) is None or not self._change(conversation):
            return False
        found = self._kept[conversation.id]
        found.turns.append(turn)
        found.lease = None
        return True

    async def abandon(self, conversation_id: str, token: str) -> None:
        """Give the right back without a turn."""
        self._check()
        if self._lease(conversation_id, token) is not None:
            self._kept[conversation_id].lease = None

    async def update(self, conversation: Conversation) -> bool:
        """Change a conversation, unless it is no longer of this version."""
        self._check()
        return self._change(conversation)

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
        self._check()
        every = sorted(
            (
                kept.conversation
                for kept in self._kept.values()
                if kept.conversation.owner == owner and user_id in (None, kept.conversation.user_id)
            ),
            key=_place,
        )
        after = read_cursor(cursor, owner, user_id) if cursor is not None else None
        rest = [c for c in every if after is None or _place(c) > (-after[0], after[1])]
        shown = tuple(rest[:limit])
        return Page(
            shown,
            total=len(every),
            active=sum(c.state(now) is ConversationState.ACTIVE for c in every),
            cursor=write_cursor(owner, user_id, shown[-1]) if len(rest) > limit else None,
        )

    async def delete(self, owner: Owner, conversation_id: str) -> bool:
        """Delete a conversation with its turns and the feedback on them."""
        if self._of(owner, conversation_id) is None:
            return False
        said = {turn.request_id for turn in self._kept.pop(conversation_id).turns}
        self._feedback = {
            key: item
            for key, item in self._feedback.items()
            if key[0] != owner or item.request_id not in said
        }
        return True

    async def delete_user(self, owner: Owner, user_id: str) -> int:
        """Delete every conversation with a user, and their feedback."""
        self._check()
        gone = [
            name
            for name, kept in self._kept.items()
            if (kept.conversation.owner, kept.conversation.user_id) == (owner, user_id)
        ]
        said = {turn.request_id for name in gone for turn in self._kept.pop(name).turns}
        self._feedback = {
            key: item
            for key, item in self._feedback.items()
            if key[0] != owner or not (item.user_id == user_id or item.request_id in said)
        }
        return len(gone)

    async def add_feedback(self, feedback: Feedback) -> None:
        """Keep a feedback; one of the same owner and id is replaced."""
        self._check()
        self._feedback[feedback.owner, feedback.id] = feedback

    async def feedback(self, owner: Owner | None = None) -> AsyncIterator[Feedback]:
        """Every feedback, of one owner or of all, oldest first."""
        self._check()
        for item in sorted(self._feedback.values(), key=lambda item: item.at):
            if owner in (None, item.owner):
                yield item

    async def find_turn(self, owner: Owner, request_id: str) -> StoredTurn | None:
        """The turn of an owner by its request id."""
        self._check()
        for kept in self._kept.values():
            for turn in kept.turns:
                if kept.conversation.owner == owner and turn.request_id == request_id:
                    return turn
        return None

    async def expire(self, before: float) -> int:
        """Delete what expired before a time."""
        self._check()
        over = [n for n, kept in self._kept.items() if kept.conversation.expires_at < before]
        for name in over:
            del self._kept[name]
        return len(over)

    async def everything(self) -> AsyncIterator[tuple[Conversation, tuple[StoredTurn, ...]]]:
        """Every conversation with its turns."""
        self._check()
        for kept in tuple(self._kept.values()):
            yield kept.conversation, tuple(kept.turns)

    async def backup(self, file: Path) -> None:
        """Write everything into a file."""
        self._check()
        document = {
            "conversations": [
                [document_of(kept.conversation), [document_of(turn) for turn in kept.turns]]
                for kept in self._kept.values()
            ],
            "feedback": [document_of(item) for item in self._feedback.values()],
        }
        part = file.with_name(f"{file.name}.part")
        content = to_json(document).encode()
        part.write_bytes(hashlib.sha256(content).digest() + content)
        part.replace(file)

    async def restore(self, file: Path) -> int:
        """Replace everything by what a backup holds."""
        self._check()
        kept, feedback = _read_backup(await asyncio.to_thread(file.read_bytes))
        self._kept = {item.conversation.id: item for item in kept}
        self._feedback = {(item.owner, item.id): item for item in feedback}
        return len(self._kept)

    def _check(self) -> None:
        if self.out_of_order:
            raise StoreError(self.out_of_order)

    def _of(self, owner: Owner, conversation_id: str) -> _Kept | None:
        self._check()
        found = self._kept.get(conversation_id)
        return found if found and found.conversation.owner == owner else None

    def _lease(self, conversation_id: str, token: str) -> _Lease | None:
        found = self._kept.get(conversation_id)
        lease = found.lease if found else None
        return lease if lease and lease.token == token else None

    def _change(self, conversation: Conversation) -> bool:
        found = self._kept.get(conversation.id)
        if found is None:
            return False
        known = found.conversation
        if (known.owner, known.version) != (conversation.owner, conversation.version):
            return False
        found.conversation = attrs.evolve(conversation, version=conversation.version + 1)
        return True


def _place(conversation: Conversation) -> tuple[float, str]:
    return -conversation.last_activity, conversation.id


def _read_backup(data: bytes) -> tuple[builtins.list[_Kept], builtins.list[Feedback]]:
    try:
        digest, content = data[:_DIGEST], data[_DIGEST:]
        document = json.loads(content if hashlib.sha256(content).digest() == digest else b"")
        kept = [
            _Kept(
                read_document(conversation, Conversation),
                [read_document(turn, StoredTurn) for turn in turns],
            )
            for conversation, turns in document["conversations"]
        ]
        return kept, [read_document(item, Feedback) for item in document["feedback"]]
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"the file is no backup of conversations: {error}") from None
