"""Conversations, turns and feedback for tests: builders with sensible defaults."""

from __future__ import annotations

from typing import Any

import attrs

from ion_framework.conversations.model import Conversation, Feedback, Memory, Owner, StoredTurn
from ion_framework.conversations.store import Begun, ConversationStore

ANN = Owner(tenant="acme", principal="ann")
BOB = Owner(tenant="acme", principal="bob")
NOON = 1_750_000_000.0
"""When the tests begin, in seconds since the Unix epoch."""

LEASE_S = 60.0
TTL_S = 86_400.0


def make_conversation(name: str = "c1", *, owner: Owner = ANN, **changes: Any) -> Conversation:
    """A conversation that has just begun.

    Args:
        name: its id.
        owner: whose it is.
        changes: any other field of `Conversation`.
    """
    conversation = Conversation(
        id=name,
        owner=owner,
        user_id="user-1",
        persona=None,
        pinned=False,
        created_at=NOON,
        last_activity=NOON,
        expires_at=NOON + TTL_S,
        ttl_s=TTL_S,
    )
    return attrs.evolve(conversation, **changes)


def make_stored_turn(number: int = 1, **changes: Any) -> StoredTurn:
    """A turn of a conversation.

    Args:
        number: which one it is.
        changes: any other field of `StoredTurn`.
    """
    turn = StoredTurn(
        number=number,
        request_id=f"request-{number}",
        user_message=f"question {number}",
        ai_response=f"answer {number}",
        persona="sage",
        key="calm-medium-learning",
        at=NOON + number,
        tokens=10 * number,
    )
    return attrs.evolve(turn, **changes)


def make_feedback(name: str = "f1", *, owner: Owner = ANN, **changes: Any) -> Feedback:
    """A feedback.

    Args:
        name: its id.
        owner: who gave it.
        changes: any other field of `Feedback`.
    """
    feedback = Feedback(id=name, owner=owner, request_id="request-1", at=NOON, rating=4)
    return attrs.evolve(feedback, **changes)


def full_conversation(name: str = "full", **changes: Any) -> Conversation:
    """A conversation in which no field has its default, in more than one script."""
    memory = Memory(
        topics=("데이터베이스", "query plans"),
        entities={"language": ("SQL", "파이썬"), "product": ("🐘",)},
        preferences={"length": "short", "tone": "친절하게"},
    )
    every = {
        "user_id": "사용자 1",
        "persona": "sage",
        "pinned": True,
        "summary": "They talked about “indexes” – 그리고 캐시 🙂.",
        "model_summary": "The model: “first, the schema” – 처음에는 스키마.",
        "model_summary_to": 3,
        "memory": memory,
        "closed_at": NOON + 5.25,
        "closing": '{"요약": "끝"}',
        "last_activity": NOON + 5.125,
    }
    return make_conversation(name, **{**every, **changes})


def after(conversation: Conversation, turn: StoredTurn) -> Conversation:
    """A conversation as it stands after a turn."""
    return attrs.evolve(
        conversation,
        persona=turn.persona,
        turn_count=turn.number,
        last_activity=turn.at,
        expires_at=turn.at + conversation.ttl_s,
    )


async def begun(
    store: ConversationStore, name: str = "c1", *, owner: Owner = ANN, **changes: Any
) -> Begun:
    """The right to make the next turn, which must be free.

    Args:
        store: the store.
        name: the conversation.
        owner: whose it is.
        changes: any other argument of `ConversationStore.begin`.
    """
    asked = {"idempotency_key": None, "turns": 10, "lease_s": LEASE_S, "now": NOON, **changes}
    found = await store.begin(owner, name, **asked)
    assert isinstance(found, Begun), found
    return found


async def talk(
    store: ConversationStore, name: str = "c1", count: int = 1, *, owner: Owner = ANN, **turn: Any
) -> Conversation:
    """Make turns of a conversation; returns it as it is kept then.

    Args:
        store: the store.
        name: the conversation.
        count: how many turns.
        owner: whose it is.
        turn: fields of every turn.
    """
    for _ in range(count):
        right = await begun(store, name, owner=owner, turns=0)
        number = right.conversation.turn_count + 1
        made = make_stored_turn(number, **{"request_id": f"{name}-{number}", **turn})
        assert await store.append(after(right.conversation, made), made, right.token)
    found = await store.get(owner, name)
    assert found is not None
    return found
