"""``POST /api/v2/feedback`` on a real socket: which turns it knows, what it keeps and refuses."""

from __future__ import annotations

import json
import secrets
from typing import Any

import pytest
from ion_host_aiohttp.feedback.recent import KEPT_S, MOST_BYTES, RecentTurns

from ion_framework.conversations.model import Feedback, Owner
from ion_framework.settings.model import Settings
from ion_framework.settings.serving import ApiSettings
from ion_framework.testing import MemoryStore, VirtualClock

PATH = "/api/v2/feedback"
ANN = Owner(tenant="t", principal="ann")


def with_store(make: Any, store: MemoryStore) -> tuple[Any, ...]:
    """The standard plugins, and a store."""
    return (*make.standard(), make.plugin("shelves", "store", store))


async def kept(store: MemoryStore) -> list[Feedback]:
    """Everything that a store has of feedback."""
    return [item async for item in store.feedback()]


async def test_feedback_on_a_conversation_has_its_turn(hosting, make):
    """Message, user and receipt come from the stored turn, and a later feedback replaces it."""
    store = MemoryStore()
    async with hosting(*with_store(make, store)) as host:
        _, begun, _ = await host.told("/api/v2/conversations/start", user_id="ann")
        path = f"/api/v2/conversations/{begun['session_id']}/turn"
        _, turn, _ = await host.told(path, user_message="so frustrated")
        name = turn["request_id"]
        status, first, _ = await host.told(PATH, request_id=name, rating=1, tone="curious")
        again = await host.told(PATH, request_id=name, rating=5, persona="ELRO", comment="good")
        # Whoever deletes a conversation must find nothing of it in another place.
        assert 0 == len(host.service.recent_turns)

    (found,) = await kept(store)
    assert (200, "conversation", True) == (status, first["message_from"], first["has_receipt"])
    assert first["feedback_id"] == again[1]["feedback_id"] == found.id
    assert ("so frustrated", "ann", "elro") == (found.message, found.user_id, found.persona)
    assert (5, None, "good") == (found.rating, found.tone, found.comment)
    assert "frustrated" in found.receipt


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/chat", {"message": "so frustrated", "user_id": "ann"}),
        ("/api/v2/process", {"user_input": "so frustrated", "context": {"user_id": "ann"}}),
    ],
)
async def test_feedback_on_a_single_turn_has_its_turn(hosting, make, path, body):
    """A turn outside conversations is remembered with its user, message and receipt."""
    store = MemoryStore()
    async with hosting(*with_store(make, store)) as host:
        async with host.session.post(path, json=body) as response:
            name = response.headers["X-Request-ID"]
        status, given, _ = await host.told(PATH, request_id=name, intent="planning")

    (found,) = await kept(store)
    assert (200, "recent") == (status, given["message_from"])
    assert ("so frustrated", "ann", "planning") == (found.message, found.user_id, found.intent)
    assert name == json.loads(found.receipt)["request_id"]


async def test_a_streamed_turn_is_remembered(hosting, make):
    """Feedback on a turn that was told as a stream of events carries its message."""
    store = MemoryStore()
    async with hosting(*with_store(make, store)) as host:
        headers = {"Accept": "text/event-stream", "X-Request-ID": "streamed-1"}
        body = {"user_input": "so frustrated"}
        async with host.session.post("/api/v2/process", json=body, headers=headers) as response:
            await response.read()
        status, given, _ = await host.told(PATH, request_id="streamed-1", rating=4)

    assert (200, "recent", True) == (status, given["message_from"], given["has_receipt"])


async def test_an_unknown_turn_needs_its_message(hosting, make):
    """Feedback on a turn that nobody remembers is a 404 unless the message comes along."""
    store = MemoryStore()
    async with hosting(*with_store(make, store)) as host:
        status, refused, language = await host.told(PATH, "ko", request_id="lost", rating=2)
        assert (404, "TURN_NOT_FOUND", "ko") == (status, refused["error"]["code"], language)
        status, given, _ = await host.told(
            PATH, request_id="lost", tone="calm", message=" hello ", user_id="bob"
        )

    (found,) = await kept(store)
    assert (200, "sent", False) == (status, given["message_from"], given["has_receipt"])
    assert ("hello", "bob", "{}") == (found.message, found.user_id, found.receipt)


async def test_turned_off_nothing_is_remembered(hosting, make):
    """With ``api.feedback_turns = 0`` a single turn is forgotten at once."""
    settings = Settings(api=ApiSettings(feedback_turns=0))
    async with hosting(*with_store(make, MemoryStore()), settings=settings) as host:
        async with host.session.post("/chat", json={"message": "hello"}) as response:
            name = response.headers["X-Request-ID"]
        status, _, _ = await host.told(PATH, request_id=name, rating=3)

    assert 404 == status


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 422, "VALIDATION_ERROR"),
        ({"rating": None}, 422, "VALIDATION_ERROR"),
        ({"rating": 0}, 422, "VALIDATION_ERROR"),
        ({"rating": 6}, 422, "VALIDATION_ERROR"),
        ({"tone": "sad"}, 422, "VALIDATION_ERROR"),
        ({"intent": "sad"}, 422, "VALIDATION_ERROR"),
        ({"comment": "x" * 1001}, 422, "VALIDATION_ERROR"),
        ({"rating": 3, "message": " "}, 422, "VALIDATION_ERROR"),
        ({"persona": "nobody"}, 404, "INVALID_PERSONA"),
    ],
)
async def test_what_says_nothing_valid_is_refused(hosting, make, body, status, code):
    """Feedback without an opinion, or with one outside the closed lists, keeps nothing."""
    store = MemoryStore()
    async with hosting(*with_store(make, store)) as host:
        found, refused, _ = await host.told(PATH, request_id="r-1", **body)

    assert (status, code) == (found, refused["error"]["code"])
    assert [] == await kept(store)


async def test_without_a_store_there_is_no_feedback(hosting, make):
    """A host without a store says that it is not equipped, and remembers no turn."""
    async with hosting(*make.standard()) as host:
        await host.told("/chat", message="hello")
        status, refused, _ = await host.told(PATH, request_id="r-1", rating=5)
        assert 0 == len(host.service.recent_turns)

    assert (503, "NOT_EQUIPPED") == (status, refused["error"]["code"])


async def test_a_deleted_user_is_forgotten(hosting, make):
    """Deleting a user's data takes the remembered turns along."""
    async with hosting(*with_store(make, MemoryStore())) as host:
        await host.told("/chat", message="hello", user_id="ann")
        await host.told("/chat", message="hello", user_id="bob")
        await host.session.delete("/api/v2/users/ann/data")
        assert 1 == len(host.service.recent_turns)


def test_memory_has_its_bounds():
    """Of too many, too large or too old turns the oldest go, and nobody finds another's."""
    clock = VirtualClock()
    turns = RecentTurns(clock, 2)
    for name in ("r-1", "r-2", "r-3"):
        turns.add(ANN, name, f"안녕 {name}", None, b"{}")
    assert turns.find(Owner(tenant="t", principal="bob"), "r-3") is None
    assert turns.find(ANN, "r-1") is None
    found = turns.find(ANN, "r-2")
    assert found is not None
    assert ("안녕 r-2", "{}") == found.unpack()
    turns.add(ANN, "r-4", "large", None, secrets.token_bytes(MOST_BYTES))
    assert 0 == len(turns)
    turns.add(ANN, "r-5", "hello", None, b"{}")
    clock.advance(KEPT_S)
    assert turns.find(ANN, "r-5") is None
    turns.add(ANN, "r-6", "hello", None, b"{}")
    assert 1 == len(turns)


def test_turns_are_compressed_before_any_is_forgotten():
    """More turns than have room as they are stay, whole, and so do those that came before."""
    turns, most = RecentTurns(VirtualClock(), 100_000), 12
    receipt = b'"' + b"a receipt that says the same again and again, " * 22_000 + b'"'
    for number in range(most):
        turns.add(ANN, f"r-{number}", f"message {number}", "ann", receipt)
    found = [turns.find(ANN, f"r-{number}") for number in range(most)]

    assert most * len(receipt) > MOST_BYTES
    assert [turn and turn.unpack() for turn in found] == [
        (f"message {number}", receipt.decode()) for number in range(most)
    ]
    assert {turn.is_packed for turn in found if turn} == {True, False}
    assert sum(len(turn.held) for turn in found if turn) <= MOST_BYTES


def test_what_does_not_compress_goes_by_its_age():
    """Where compressing makes no room the oldest turns go until the rest fits."""
    turns = RecentTurns(VirtualClock(), 100)
    receipts = [secrets.token_bytes(MOST_BYTES // 4 + 1).hex()[: MOST_BYTES // 3] for _ in range(9)]
    for number, receipt in enumerate(receipts):
        turns.add(ANN, f"r-{number}", "hello", None, receipt.encode())
    kept = [number for number in range(9) if turns.find(ANN, f"r-{number}")]

    assert 2 <= len(kept) < 9
    assert kept == list(range(9 - len(kept), 9))
    turns.forget_user(ANN, "")
    turns.add(ANN, "r-9", "hello", None, b"{}")
    assert 1 == len(turns)


async def test_a_turn_of_a_websocket_is_remembered(hosting, make):
    """Feedback on a turn that was told over a WebSocket carries its message."""
    async with hosting(*with_store(make, MemoryStore())) as host:
        async with host.session.ws_connect("/api/v2/ws") as socket:
            await socket.send_json({"type": "turn", "id": "1", "text": "so frustrated"})
            while (told := await socket.receive_json())["type"] != "done":
                assert "error" != told["type"], told
        name = told["data"]["request_id"]
        status, given, _ = await host.told(PATH, request_id=name, rating=4)

    assert (200, "recent") == (status, given["message_from"])
