"""Rows of the tables as the values of the port, and back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import attrs

from ion_framework.conversations.model import Conversation, Feedback, Memory, Owner, StoredTurn

CONVERSATION = (
    "id, tenant, principal, user_id, persona, pinned, created_at, last_activity, expires_at, "
    "ttl_s, turn_count, summary, memory, closed_at, closing, version, "
    "model_summary, model_summary_to"
)
"""Columns in the order in which `conversation_row` gives them and `to_conversation` takes them."""

TURN_FIELDS = tuple(field.name for field in attrs.fields(StoredTurn))
TURN = ", ".join(TURN_FIELDS)
FEEDBACK_FIELDS = tuple(
    field.name for field in attrs.fields(Feedback) if field.name not in ("id", "owner")
)
FEEDBACK = ", ".join(("id", "tenant", "principal", *FEEDBACK_FIELDS))


def conversation_row(conversation: Conversation) -> tuple[object, ...]:
    """The columns of a conversation."""
    return (
        conversation.id,
        conversation.owner.tenant,
        conversation.owner.principal,
        conversation.user_id,
        conversation.persona,
        int(conversation.pinned),
        conversation.created_at,
        conversation.last_activity,
        conversation.expires_at,
        conversation.ttl_s,
        conversation.turn_count,
        conversation.summary,
        _memory_text(conversation.memory),
        conversation.closed_at,
        conversation.closing,
        conversation.version,
        conversation.model_summary,
        conversation.model_summary_to,
    )


def to_conversation(row: Sequence[Any]) -> Conversation:
    """A conversation from its columns; any that follow are left alone."""
    return Conversation(
        id=row[0],
        owner=Owner(tenant=row[1], principal=row[2]),
        user_id=row[3],
        persona=row[4],
        pinned=bool(row[5]),
        created_at=row[6],
        last_activity=row[7],
        expires_at=row[8],
        ttl_s=row[9],
        turn_count=row[10],
        summary=row[11],
        memory=_memory(row[12]),
        closed_at=row[13],
        closing=row[14],
        version=row[15],
        model_summary=row[16],
        model_summary_to=row[17],
    )


def turn_row(turn: StoredTurn) -> tuple[object, ...]:
    """The columns of a turn."""
    return tuple(getattr(turn, name) for name in TURN_FIELDS)


def to_turn(row: Sequence[Any]) -> StoredTurn:
    """A turn from its columns."""
    return StoredTurn(**dict(zip(TURN_FIELDS, row, strict=True)))


def feedback_row(feedback: Feedback) -> tuple[object, ...]:
    """The columns of a feedback."""
    owner = feedback.owner
    fields = (getattr(feedback, name) for name in FEEDBACK_FIELDS)
    return (feedback.id, owner.tenant, owner.principal, *fields)


def to_feedback(row: Sequence[Any]) -> Feedback:
    """A feedback from its columns."""
    fields = dict(zip(FEEDBACK_FIELDS, row[3:], strict=True))
    return Feedback(id=row[0], owner=Owner(tenant=row[1], principal=row[2]), **fields)


def _memory_text(memory: Memory) -> str:
    if memory == _NOTHING:
        return ""
    document = {
        "topics": memory.topics,
        "entities": dict(memory.entities),
        "preferences": dict(memory.preferences),
    }
    return json.dumps(document, ensure_ascii=False)


def _memory(text: str) -> Memory:
    if not text:
        return _NOTHING
    document = json.loads(text)
    return Memory(
        topics=tuple(document["topics"]),
        entities={kind: tuple(names) for kind, names in document["entities"].items()},
        preferences=document["preferences"],
    )


_NOTHING = Memory()
