"""Turns of conversations over a WebSocket: the same as those of requests."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from ion_framework.settings.conversations import ConversationSettings
from ion_framework.settings.model import Settings
from ion_framework.testing import MemoryStore

START = "/api/v2/conversations/start"
SHORT_WAIT = Settings(conversations=ConversationSettings(wait_s=0.2))


def with_store(make: Any, speak: Any = None) -> tuple[Any, ...]:
    """The standard plugins, and a store."""
    found = make.standard()
    if speak is not None:
        parrot = make.plugin("parrot", "generator", make.generator(speak), fallback=True)
        found = (*found[:-1], parrot)
    return (*found, make.plugin("shelves", "store", MemoryStore()))


async def start(host: Any, **body: Any) -> str:
    """The name of a new conversation."""
    _, found, _ = await host.told(START, **{"user_id": "ann", **body})
    return str(found["session_id"])


async def say(talk: Any, socket: Any, session: str, words: str, **more: Any) -> list[Any]:
    """What is sent about a turn."""
    await talk.ask(
        socket, **{"type": "turn", "id": "a", "conversation_id": session, "text": words, **more}
    )
    return await talk.hear_all(socket)


async def shown(host: Any, session: str) -> Any:
    """A conversation as it is kept."""
    async with host.session.get(f"/api/v2/conversations/{session}") as response:
        return await response.json()


async def test_a_turn_is_made_and_kept_as_by_a_request(hosting, make, talk):
    """Turns by socket and by request count on each other, and answer with the same body."""
    async with hosting(*with_store(make)) as host, talk.connected(host) as socket:
        session = await start(host)
        path = f"/api/v2/conversations/{session}/turn"
        found = await say(talk, socket, session, "curious about Redis", metadata={"mine": 1})
        assert [item["type"] for item in found] == ["receipt", "delta", "done"]
        assert {item["id"] for item in found} == {"a"}
        first = found[-1]["data"]
        _, second, _ = await host.told(path, user_message="curious about Redis failover")
        third = (await say(talk, socket, session, "curious about Redis replicas"))[-1]["data"]
        kept = await shown(host, session)

    assert [first["turn_number"], second["turn_number"], third["turn_number"]] == [1, 2, 3]
    assert set(first) == set(second) == set(third)
    assert set(first["metadata"]) == set(second["metadata"])
    assert first["response_text"] == "answer to: curious about Redis"
    assert first["metadata"]["user_provided_metadata"] == {"mine": 1}
    assert third["metadata"]["turns_carried"] == 2
    assert [turn["turn_id"] for turn in kept["messages"]] == [
        item["request_id"] for item in (first, second, third)
    ]
    # Whoever deletes a conversation must find nothing of it in another place.
    assert 0 == len(host.service.recent_turns)
    assert [line["outcome"] for line in host.lines("websocket turn")] == ["done", "done"]


async def test_the_persona_is_the_conversations(hosting, make, talk):
    """A pinned persona answers, and a conversation that is routed is handed over and says so."""
    async with hosting(*with_store(make)) as host, talk.connected(host) as socket:
        pinned = await start(host, persona_id="Elro")
        held = (await say(talk, socket, pinned, "so frustrated"))[-1]["data"]["metadata"]
        routed = await start(host)
        told = [
            (await say(talk, socket, routed, text))[-1]["data"]["metadata"]
            for text in ("so frustrated", "curious", "curious", "curious")
        ]

    assert (held["persona_used"], held["handed_over_from"]) == ("Elro", None)
    assert [item["persona_used"] for item in told][:1] == ["Lua"]
    assert [item["persona_used"] for item in told][-1:] == ["Elro"]
    assert ["Lua"] == [item["handed_over_from"] for item in told if item["handed_over_from"]]


async def test_a_key_names_a_turn_on_either_way(hosting, make, talk):
    """What a key named is told again, flagged, whether it was made by socket or by request."""
    async with hosting(*with_store(make)) as host, talk.connected(host) as socket:
        session = await start(host)
        path = f"/api/v2/conversations/{session}/turn"
        first = await say(talk, socket, session, "hello", idempotency_key="k-1")
        again = await say(talk, socket, session, "hello", idempotency_key="k-1")
        async with host.session.post(
            path, json={"user_message": "hello"}, headers={"Idempotency-Key": '"k-1"'}
        ) as response:
            by_request = await response.json()
            assert response.headers["Idempotency-Replayed"] == "true"
        other = await say(talk, socket, session, "other", idempotency_key="k-1")
        kept = await shown(host, session)

    assert first[-1]["data"] == again[-1]["data"] == by_request
    assert ("replayed" in first[-1], again[-1]["replayed"]) == (False, True)
    assert [item["type"] for item in again] == ["delta", "done"]
    assert other[-1]["data"]["error"]["code"] == "IDEMPOTENCY_KEY_REUSED"
    assert kept["turn_count"] == 1


async def test_one_turn_at_a_time(hosting, make, talk):
    """Two turns at once, by socket and by request, are kept one after the other or refused."""
    going = asyncio.Event()

    async def speak(text: str) -> str:
        await going.wait()
        return text

    plugins = with_store(make, speak)
    async with (
        hosting(*plugins, settings=SHORT_WAIT) as host,
        talk.connected(host) as socket,
    ):
        session = await start(host)
        turn = {"type": "turn", "conversation_id": session}
        await talk.ask(socket, **turn, id="one", text="one")
        assert (await talk.hear(socket))["type"] == "receipt"
        await talk.ask(socket, **turn, id="two", text="two")
        refused = await talk.hear(socket)
        assert (refused["id"], refused["data"]["error"]["code"]) == ("two", "CONVERSATION_BUSY")
        await talk.ask(socket, type="cancel", id="one")
        assert (await talk.hear(socket))["data"]["error"]["code"] == "CANCELLED"
        going.set()
        # The right of a turn that was cancelled is free at once.
        found = await say(talk, socket, session, "three")
    assert (found[-1]["type"], found[-1]["data"]["turn_number"]) == ("done", 1)


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"conversation_id": "session_unknown"}, "CONVERSATION_NOT_FOUND"),
        ({"conversation_id": "another name"}, "VALIDATION_ERROR"),
        ({"conversation_id": 5}, "VALIDATION_ERROR"),
        ({"persona": "elro"}, "VALIDATION_ERROR"),
        ({"resonance_key": "calm-medium-learning"}, "VALIDATION_ERROR"),
        ({"text": " "}, "INVALID_INPUT"),
        ({"text": "x" * 5000}, "VALIDATION_ERROR"),
        ({"idempotency_key": ""}, "VALIDATION_ERROR"),
        ({"deadline_ms": 0}, "VALIDATION_ERROR"),
    ],
)
async def test_what_does_not_fit_is_told(hosting, make, talk, more, code):
    """A wrong conversation, or a member that its turns do not have, is an error that names it."""
    async with hosting(*with_store(make)) as host, talk.connected(host) as socket:
        session = await start(host)
        (told,) = await say(talk, socket, session, "hello", **more)
        assert (told["type"], told["id"], told["data"]["error"]["code"]) == ("error", "a", code)
        is_unfit = code in {"VALIDATION_ERROR", "INVALID_INPUT"}
        assert told["data"]["error"]["field"] == (next(iter(more)) if is_unfit else None)
        assert (await shown(host, session))["turn_count"] == 0
        await talk.ask(socket, type="ping")
        assert (await talk.hear(socket))["type"] == "pong"


@pytest.mark.parametrize(
    "message",
    [
        {"type": "turn", "id": "a", "text": "hi", "conversation": "session_x"},
        {"type": "turn", "id": "a", "text": "hi", "conversation_id": None, "sesion": 1},
        {"type": "cancel", "id": "a", "reason": "mine"},
        {"type": "ping", "payload": 1},
    ],
)
async def test_an_unknown_member_of_a_message_is_named(hosting, talk, message):
    """No member of any message is lost unnoticed: the error names it and those there are."""
    async with hosting() as host, talk.connected(host) as socket:
        await talk.ask(socket, **message)
        told = await talk.hear(socket)
    unknown = list(message)[-1]
    assert (told["type"], told["id"]) == ("error", message.get("id"))
    (issue,) = told["data"]["errors"]
    assert (issue["pointer"], issue["type"]) == (f"#/{unknown}", "extra_forbidden")
    assert unknown in issue["detail"]
    assert "type" in issue["valid"]


async def test_without_a_store_it_says_what_is_missing(hosting, make, talk):
    """A host without a store says so, as to a request."""
    async with hosting(*make.standard()) as host, talk.connected(host) as socket:
        (told,) = await say(talk, socket, "session_x", "hello")
    assert told["data"]["error"]["code"] == "NOT_EQUIPPED"
