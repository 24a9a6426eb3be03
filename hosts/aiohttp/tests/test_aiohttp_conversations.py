"""Conversations over HTTP: what the endpoints take, give, keep and refuse."""

from __future__ import annotations

import asyncio
from typing import Any

import attrs
import pytest

from ion_framework.settings.conversations import ConversationSettings
from ion_framework.settings.model import Settings
from ion_framework.testing import MemoryStore

START = "/api/v2/conversations/start"
USER = {"user_id": "ann"}
JSON = {"Content-Type": "application/json"}
SHORT_WAIT = Settings(conversations=ConversationSettings(wait_s=0.2, turns=3))


async def send(
    host: Any, method: str, path: str, body: Any = None, **headers: str
) -> tuple[int, Any, Any]:
    """Status, body and headers of an answer."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with host.session.request(method, path, json=body, headers=named) as response:
        return response.status, await response.json(), response.headers


async def start(host: Any, **body: Any) -> str:
    """The name of a new conversation."""
    status, found, _ = await send(host, "POST", START, {**USER, **body})
    assert status == 200, found
    return str(found["session_id"])


async def turn(host: Any, session: str, text: str, **headers: str) -> tuple[int, Any, Any]:
    """The answer to the next message of a conversation."""
    path = f"/api/v2/conversations/{session}/turn"
    return await send(host, "POST", path, {"user_message": text}, **headers)


def with_store(make: Any, store: MemoryStore, speak: Any = None) -> tuple[Any, ...]:
    """The standard plugins, and a store."""
    found = make.standard()
    if speak is not None:
        parrot = make.plugin("parrot", "generator", make.generator(speak), fallback=True)
        found = (*found[:-1], parrot)
    return (*found, make.plugin("shelves", "store", store))


async def test_a_conversation_from_beginning_to_end(hosting, make):
    """A conversation is begun, continued, read, listed and closed with the original's fields."""
    async with hosting(*with_store(make, MemoryStore())) as host:
        session = await start(host)
        status, first, headers = await turn(host, session, "curious about Redis clusters")
        assert status == 200
        assert first["turn_number"] == 1
        assert first["session_id"] == session
        assert first["response_text"] == "answer to: curious about Redis clusters"
        assert first["metadata"]["persona_used"] == "Elro"
        assert first["next_suggestion"]
        assert headers["ION-Cache"] == "miss"
        _, second, _ = await turn(host, session, "curious about Redis failover")
        assert second["turn_number"] == 2
        assert second["metadata"]["turns_carried"] == 1
        assert "redis" in second["context_used"]
        assert second["next_suggestion"] != first["next_suggestion"]
        _, report, _ = await send(host, "GET", f"/api/v2/conversations/{session}")
        assert report["turn_count"] == 2
        assert [m["user_message"] for m in report["messages"]] == [
            "curious about Redis clusters",
            "curious about Redis failover",
        ]
        assert report["context_memory"]["entities"] == {"product": ["Redis"]}
        assert report["state"] == "active"
        _, listed, _ = await send(host, "GET", "/api/v2/conversations?user_id=ann")
        assert (listed["total_count"], listed["active_count"]) == (1, 1)
        status, closed, _ = await send(host, "POST", f"/api/v2/conversations/{session}/close", {})
        assert status == 200
        assert closed["summary"]["total_turns"] == 2
        assert closed["summary"]["user_satisfaction"] == 4.0
        assert closed["summary"]["satisfaction_basis"] == "estimated"
        assert "redis" in closed["summary"]["main_topics"]
        again = await send(host, "POST", f"/api/v2/conversations/{session}/close", {})
        assert again[1] == closed
        status, refused, _ = await turn(host, session, "one more")
        assert (status, refused["error"]["code"]) == (409, "CONVERSATION_COMPLETED")


async def test_names_and_wishes_are_remembered(hosting, make):
    """What the user says of being answered and called is in the memory of the conversation."""
    async with hosting(*with_store(make, MemoryStore())) as host:
        session = await start(host)
        await turn(host, session, "Answer briefly, please call me Jiwoo")
        _, first, _ = await turn(host, await start(host), "My name is Bob, be brief")
        assert "Topics: []" in first["context_used"]
        assert "Preferences: [length: short, address: Bob]" in first["context_used"] or (
            "Preferences: [address: Bob, length: short]" in first["context_used"]
        )
        _, second, _ = await turn(host, session, "What did I say?")
        assert "address: Jiwoo" in second["context_used"]
        memory = second["metadata"]["context_memory"]
        assert memory["user_preferences"] == {"length": "short", "address": "Jiwoo"}


async def test_nobody_reads_another_callers_conversation(hosting, make):
    """A name that is not the caller's own conversation is a 404, whatever is asked of it."""
    async with hosting(*with_store(make, MemoryStore())) as host:
        for method, path, body in (
            ("GET", "session_unknown", None),
            ("DELETE", "session_unknown", None),
            ("POST", "session_unknown/turn", {"user_message": "hello"}),
            ("POST", "session_unknown/close", {}),
        ):
            status, found, _ = await send(host, method, f"/api/v2/conversations/{path}", body)
            assert (status, found["error"]["code"]) == (404, "CONVERSATION_NOT_FOUND")
        status, _, _ = await send(host, "GET", "/api/v2/conversations/a.b")
        assert status == 404


async def test_a_repeated_turn_gets_its_answer_again(hosting, make):
    """The same key with the same message gives the stored answer, byte for byte, and flagged."""
    async with hosting(*with_store(make, MemoryStore())) as host:
        session = await start(host)
        first = await turn(host, session, "hello", Idempotency_Key="k-1")
        again = await turn(host, session, "hello", Idempotency_Key='"k-1"')
        assert again[:2] == first[:2]
        assert "Idempotency-Replayed" not in first[2]
        assert again[2]["Idempotency-Replayed"] == "true"
        status, refused, _ = await turn(host, session, "other", Idempotency_Key="k-1")
        assert (status, refused["error"]["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
        status, refused, _ = await turn(host, session, "other", Idempotency_Key="a, b")
        assert (status, refused["error"]["code"]) == (400, "INVALID_IDEMPOTENCY_KEY")


async def test_one_turn_at_a_time(hosting, make):
    """A second message waits for the first; where that takes too long it is a 409."""
    going = asyncio.Event()

    async def speak(text: str) -> str:
        await going.wait()
        return text

    async with hosting(*with_store(make, MemoryStore(), speak), settings=SHORT_WAIT) as host:
        session = await start(host)
        first = asyncio.create_task(turn(host, session, "one", Idempotency_Key="k"))
        await asyncio.sleep(0.1)
        status, busy, headers = await turn(host, session, "two")
        assert (status, busy["error"]["code"]) == (409, "CONVERSATION_BUSY")
        # What is left of the lease of 15 s, which the host may have just renewed.
        assert 5 <= int(headers["Retry-After"]) <= 15
        status, busy, headers = await turn(host, session, "one", Idempotency_Key="k")
        assert (status, busy["error"]["code"]) == (409, "TURN_IN_PROGRESS")
        assert 5 <= int(headers["Retry-After"]) <= 15
        waiting = asyncio.create_task(turn(host, session, "one", Idempotency_Key="k"))
        going.set()
        assert (await first)[0] == 200
        assert (await waiting)[1] == (await first)[1]


async def test_a_conversation_has_its_bounds(hosting, make):
    """After its last turn a conversation takes no more, and can still be closed."""
    async with hosting(*with_store(make, MemoryStore()), settings=SHORT_WAIT) as host:
        session = await start(host)
        for text in ("one", "two", "three"):
            assert (await turn(host, session, text))[0] == 200
        status, full, _ = await turn(host, session, "four")
        assert (status, full["error"]["code"]) == (409, "CONVERSATION_FULL")
        status, _, _ = await send(host, "POST", f"/api/v2/conversations/{session}/close", {})
        assert status == 200


async def test_an_expired_conversation_is_gone(hosting, make):
    """A turn of a conversation that has expired is a 410 that says when it did."""
    store = MemoryStore()
    async with hosting(*with_store(make, store)) as host:
        session = await start(host, options={"session_ttl_hours": 1})
        (kept,) = [item async for item, _ in store.everything()]
        await store.update(attrs.evolve(kept, expires_at=kept.created_at - 1))
        status, gone, _ = await turn(host, session, "hello")
        assert (status, gone["error"]["code"]) == (410, "CONVERSATION_EXPIRED")
        _, report, _ = await send(host, "GET", f"/api/v2/conversations/{session}")
        assert report["state"] == "expired"


async def test_without_a_store_it_says_what_is_missing(hosting, make):
    """A host without a store answers 503 with a hint for its operator."""
    async with hosting(*make.standard()) as host:
        status, found, headers = await send(host, "POST", START, USER)
        assert (status, found["error"]["code"]) == (503, "NOT_EQUIPPED")
        assert "ion-store-sqlite" in str(found)
        assert "Retry-After" in headers


async def test_a_store_out_of_order_is_a_503(hosting, make):
    """A store that fails makes a 503 with Retry-After, and its words stay in the log."""
    store = MemoryStore()
    async with hosting(*with_store(make, store)) as host:
        session = await start(host)
        store.out_of_order = "the disk is full"
        status, found, headers = await turn(host, session, "hello")
        assert (status, found["error"]["code"]) == (503, "STORE_UNAVAILABLE")
        assert headers["Retry-After"] == "1"
        assert "disk" not in str(found)
        (line,) = host.lines("store of conversations out of order")
        assert line["reason"] == "the disk is full"


async def test_a_persona_that_is_asked_for_stays(hosting, make):
    """A conversation begun with a persona is never handed over."""
    async with hosting(*with_store(make, MemoryStore())) as host:
        session = await start(host, persona_id="Elro")
        for _ in range(3):
            _, found, _ = await turn(host, session, "so frustrated")
            assert found["metadata"]["persona_used"] == "Elro"
            assert found["metadata"]["handed_over_from"] is None
        status, found, _ = await send(host, "POST", START, {**USER, "persona_id": "nobody"})
        assert (status, found["error"]["code"]) == (404, "INVALID_PERSONA")


async def test_a_turn_as_a_stream(hosting, make):
    """A streamed turn ends with the body that is kept, and a repetition streams it again."""
    async with hosting(*with_store(make, MemoryStore())) as host:
        session = await start(host)
        path = f"/api/v2/conversations/{session}/turn"
        headers = {"Accept": "text/event-stream", "Idempotency-Key": "s"}
        texts = []
        for _ in range(2):
            async with host.session.post(
                path, json={"user_message": "hello"}, headers=headers
            ) as response:
                assert response.status == 200
                texts.append((await response.text(), response.headers))
        (first, _), (again, flagged) = texts
        done = first.split("event: done\n")[1].split("data: ")[1]
        assert done == again.split("event: done\n")[1].split("data: ")[1]
        assert '"turn_number":1' in done
        assert flagged["Idempotency-Replayed"] == "true"
        _, report, _ = await send(host, "GET", f"/api/v2/conversations/{session}")
        assert report["turn_count"] == 1


async def test_messages_come_in_pages(hosting, make):
    """The pages of a conversation's messages and of a user's list neither skip nor repeat."""
    async with hosting(*with_store(make, MemoryStore())) as host:
        session = await start(host)
        for number in range(5):
            await turn(host, session, f"message {number}")
        path, before, seen = f"/api/v2/conversations/{session}?limit=2", "", []
        while True:
            _, page, _ = await send(host, "GET", path + before)
            seen = [m["turn_number"] for m in page["messages"]] + seen
            if page["next_before"] is None:
                break
            before = f"&before={page['next_before']}"
        assert seen == [1, 2, 3, 4, 5]
        names = {session, await start(host), await start(host)}
        found, cursor = [], ""
        while True:
            query = f"/api/v2/conversations?user_id=ann&limit=1{cursor}"
            _, page, _ = await send(host, "GET", query)
            found += [item["session_id"] for item in page["sessions"]]
            if page["next_cursor"] is None:
                break
            cursor = f"&cursor={page['next_cursor']}"
        assert sorted(found) == sorted(names)
        status, lost, _ = await send(host, "GET", "/api/v2/conversations?user_id=bob" + cursor)
        assert (status, lost["error"]["code"]) == (404, "INVALID_CURSOR")


async def test_a_users_data_is_exported_and_deleted(hosting, make):
    """The export holds every turn, and nothing is left after the deletion."""
    async with hosting(*with_store(make, MemoryStore())) as host:
        for _ in range(3):
            await turn(host, await start(host), "hello")
        other = await start(host, user_id="bob")
        path = "/api/v2/users/ann/data"
        _, part, _ = await send(host, "GET", f"{path}?limit=2")
        _, rest, _ = await send(host, "GET", f"{path}?limit=2&cursor={part['next_cursor']}")
        found = [*part["conversations"], *rest["conversations"]]
        assert [item["turns"][0]["user_message"] for item in found] == ["hello"] * 3
        assert "owner" not in found[0]
        assert rest["next_cursor"] is None
        status, deleted, _ = await send(host, "DELETE", path)
        assert (status, deleted["deleted_conversations"]) == (200, 3)
        _, empty, _ = await send(host, "GET", path)
        assert empty["conversations"] == []
        status, _, _ = await send(host, "GET", f"/api/v2/conversations/{other}")
        assert status == 200


async def test_a_deleted_conversation_is_gone(hosting, make):
    """A conversation that is deleted, or closed without being saved, does not exist any more."""
    async with hosting(*with_store(make, MemoryStore())) as host:
        first, second = await start(host), await start(host)
        status, _, _ = await send(host, "DELETE", f"/api/v2/conversations/{first}")
        assert status == 200
        body = {"save_conversation": False}
        _, closed, _ = await send(host, "POST", f"/api/v2/conversations/{second}/close", body)
        assert closed["saved"] is False
        for session in (first, second):
            status, _, _ = await send(host, "GET", f"/api/v2/conversations/{session}")
            assert status == 404


async def test_a_deleted_conversation_takes_its_feedback_along(hosting, make):
    """Nothing that a deleted conversation said is left in the feedback on it."""
    store = MemoryStore()
    async with hosting(*with_store(make, store)) as host:
        for deletes in (
            lambda name: send(host, "DELETE", f"/api/v2/conversations/{name}"),
            lambda name: send(
                host, "POST", f"/api/v2/conversations/{name}/close", {"save_conversation": False}
            ),
        ):
            session, other = await start(host), await start(host)
            for name in (session, other):
                _, said, _ = await turn(host, name, "my secret")
                feedback = {"request_id": said["request_id"], "rating": 2}
                assert (await send(host, "POST", "/api/v2/feedback", feedback))[0] == 200
            assert (await deletes(session))[0] == 200
            left = [item async for item in store.feedback()]
            assert [said["request_id"]] == [item.request_id for item in left]
            await deletes(other)
            assert [item async for item in store.feedback()] == []


async def test_closing_needs_no_body(hosting, make):
    """Where every member is optional no body, an empty one and an empty object mean the same."""
    async with hosting(*with_store(make, MemoryStore())) as host:
        for sent in ({}, {"data": b""}, {"json": {}}, {"data": b" ", "headers": JSON}):
            path = f"/api/v2/conversations/{await start(host)}/close"
            async with host.session.post(path, **sent) as response:
                assert response.status == 200, await response.text()
                assert (await response.json())["saved"] is True
        for needed in (f"/api/v2/conversations/{await start(host)}/turn", START):
            async with host.session.post(needed) as response:
                assert response.status == 415
        async with host.session.post(path, data=b"x=1") as response:
            assert response.status == 415
        async with host.session.get("/openapi.json") as response:
            paths = (await response.json())["paths"]
        needs = {
            path: item["post"]["requestBody"]["required"]
            for path, item in paths.items()
            if "requestBody" in item.get("post", {})
        }
        named = "/api/v2/conversations/{id}/"
        assert (needs[f"{named}close"], needs[f"{named}turn"], needs[START]) == (False, True, True)


@pytest.mark.parametrize(
    "body",
    [
        {"user_id": ""},
        {"user_id": " "},
        {"user_id": "a/b"},
        {"user_id": ".."},
        {"user_id": "ann\n"},
        {"user_id": "ann", "options": {"session_ttl_hours": 0}},
        {"user_id": "ann", "options": {"session_ttl_hours": 721}},
        {},
    ],
)
async def test_a_wrong_beginning_is_refused(hosting, make, body):
    """A user that no address could name, or a time out of range, is a 422."""
    async with hosting(*with_store(make, MemoryStore())) as host:
        status, found, _ = await send(host, "POST", START, body)
        assert (status, found["error"]["code"]) == (422, "VALIDATION_ERROR")
