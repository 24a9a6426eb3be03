"""What ``ion conversations`` does with a store."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime

from ion_framework.cli.tables import Table
from ion_framework.conversations.documents import document_of
from ion_framework.conversations.exporting import Selection, chosen
from ion_framework.conversations.model import Conversation, Owner, StoredTurn
from ion_framework.conversations.store import ConversationStore
from ion_framework.jsonable import JsonValue

COLUMNS = ("conversation", "user", "persona", "turns", "state", "last activity", "owner")


def listed(conversation: Conversation, now: float) -> dict[str, JsonValue]:
    """The object that ``ion conversations list --json`` writes for a conversation."""
    document = document_of(conversation)
    return {**document, "state": conversation.state(now).value}


def table_of(found: Sequence[Conversation], now: float) -> Table:
    """A list of conversations for people."""
    return Table(COLUMNS, tuple(_row(conversation, now) for conversation in found))


def told(conversation: Conversation, turns: Sequence[StoredTurn], now: float) -> list[str]:
    """A conversation with its turns for people, line by line."""
    lines = [
        f"{conversation.id}  {conversation.user_id}  {conversation.state(now).value}  "
        f"{shown_time(conversation.created_at)} – {shown_time(conversation.last_activity)}"
    ]
    if conversation.memory.topics:
        lines.append(", ".join(conversation.memory.topics))
    if conversation.running_summary:
        lines += ["", conversation.running_summary]
    for turn in turns:
        lines += [
            "",
            f"{turn.number}  {shown_time(turn.at)}  {conversation.user_id}: {turn.user_message}",
            f"{turn.persona} ({turn.key}): {turn.ai_response}",
        ]
    return lines


def shown_time(at: float) -> str:
    """A time for people, in UTC."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%SZ")


async def by_latest(store: ConversationStore, selection: Selection) -> list[Conversation]:
    """The conversations that are meant, latest activity first."""
    found = [conversation async for conversation in chosen(store, selection, time.time())]
    return sorted(found, key=lambda item: (item.last_activity, item.id), reverse=True)


async def find(
    store: ConversationStore, name: str, selection: Selection
) -> tuple[Conversation, tuple[StoredTurn, ...]] | None:
    """A conversation with all its turns, whoever of those that are meant owns it."""
    if selection.owner is not None:
        conversation = await store.get(selection.owner, name)
        if conversation is None or not selection.takes(conversation):
            return None
        return conversation, await store.turns(selection.owner, name, conversation.turn_count)
    async for conversation, turns in store.everything():
        if conversation.id == name and selection.takes(conversation):
            return conversation, turns
    return None


async def owners_of(store: ConversationStore, selection: Selection) -> list[Owner]:
    """Whoever has conversations with a user or feedback of it, of those that are meant."""
    if selection.owner is not None:
        return [selection.owner]
    found = {item.owner async for item in chosen(store, selection, time.time())}
    async for feedback in store.feedback():
        if feedback.user_id == selection.user_id and selection.takes_owner(feedback.owner):
            found.add(feedback.owner)
    return sorted(found, key=lambda owner: (owner.tenant, owner.principal))


def _row(conversation: Conversation, now: float) -> tuple[str, ...]:
    return (
        conversation.id,
        conversation.user_id,
        conversation.persona or "",
        str(conversation.turn_count),
        conversation.state(now).value,
        shown_time(conversation.last_activity),
        f"{conversation.owner.tenant}/{conversation.owner.principal}",
    )
