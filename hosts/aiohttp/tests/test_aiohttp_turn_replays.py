"""A turn that is asked for again under its key is streamed like any other."""

from __future__ import annotations

import json
from typing import Any

from ion_framework.testing import MemoryStore

EVENTS = {"Accept": "text/event-stream", "Idempotency-Key": "k"}


async def streamed(host: Any, path: str) -> list[dict[str, str]]:
    """The fields of each event of the turn."""
    async with host.session.post(
        f"{path}/turn", json={"user_message": "curious about Redis"}, headers=EVENTS
    ) as response:
        text = await response.text()
    return [
        dict(line.split(": ", 1) for line in block.split("\n"))
        for block in text.split("\n\n")
        if block
    ]


async def test_a_replayed_turn_has_receipt_and_ids(hosting, make):
    """The replay tells who answered and why, names its events, and can be come back to."""
    plugins = (*make.standard(), make.plugin("shelves", "store", MemoryStore()))
    async with hosting(*plugins) as host:
        _, found, _ = await host.told("/api/v2/conversations/start", user_id="ann")
        path = f"/api/v2/conversations/{found['session_id']}"
        first, again = await streamed(host, path), await streamed(host, path)
        stream = json.loads(again[0]["data"])["stream_id"]
        async with host.session.get(
            f"/api/v2/streams/{stream}", headers={"Last-Event-ID": again[1]["id"]}
        ) as response:
            rest = await response.text()

    assert [event["event"] for event in again] == ["receipt", "delta", "done"]
    assert [event["id"] for event in again] == [f"{stream}:{number}" for number in (1, 2, 3)]
    told, anew = json.loads(first[0]["data"]), json.loads(again[0]["data"])
    assert told.pop("stream_id") != anew.pop("stream_id")
    assert told == anew
    assert first[-1]["data"] == again[-1]["data"]
    assert f"id: {again[2]['id']}\nevent: done" in rest


async def test_a_kept_turn_tells_what_was_suggested(hosting, make):
    """A conversation that is read again holds the suggestion of each of its turns."""
    plugins = (*make.standard(), make.plugin("shelves", "store", MemoryStore()))
    async with hosting(*plugins) as host:
        _, found, _ = await host.told("/api/v2/conversations/start", user_id="ann")
        path = f"/api/v2/conversations/{found['session_id']}"
        _, made, _ = await host.told(f"{path}/turn", user_message="curious about Redis")
        async with host.session.get(path) as response:
            kept = await response.json()

    assert made["next_suggestion"]
    assert kept["messages"][0]["next_suggestion"] == made["next_suggestion"]
