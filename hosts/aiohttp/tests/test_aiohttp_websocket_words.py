"""What is told over a WebSocket is what a request is told, and says what has happened."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from ion_framework.testing import MemoryStore

START = "/api/v2/conversations/start"
SAME = ("status", "title", "detail", "errors")


def told(data: Any) -> tuple[Any, ...]:
    """What an error says, wherever it stands."""
    error = data["error"]
    details = error["details"] or {}
    return (*(data[name] for name in SAME), error["code"], error["message"], details.get("known"))


@pytest.fixture
def kept(hosting: Any, make: Any) -> Any:
    """A host that keeps conversations."""
    return hosting(*make.standard(), make.plugin("shelves", "store", MemoryStore()))


async def test_a_blank_text_is_told_as_to_a_request(kept, talk):
    """A turn that says nothing is 400 with the same words, single or of a conversation."""
    async with kept as host, talk.connected(host, headers={"Accept-Language": "en"}) as socket:
        _, session, _ = await host.told(START, user_id="ann")
        _, by_request, _ = await host.told("/api/v2/process", "en", user_input=" ")
        found = []
        for more in ({}, {"conversation_id": session["session_id"]}):
            await talk.ask(socket, type="turn", id="a", text=" ", **more)
            found.append(await talk.hear(socket))

    assert [item["data"]["status"] for item in found] == [400, 400]
    assert {told(item["data"]) for item in found} == {told(by_request)}


async def test_an_unknown_persona_is_told_as_to_a_request(kept, talk):
    """A persona that there is not is 404 with the same words, and those that there are."""
    async with kept as host, talk.connected(host, headers={"Accept-Language": "en"}) as socket:
        _, by_request, _ = await host.told(START, "en", user_id="ann", persona_id="nobody")
        await talk.ask(socket, type="turn", id="a", text="hi", persona="nobody")
        found = await talk.hear(socket)

    assert found["data"]["status"] == 404
    assert str(told(found["data"])) == str(told(by_request))
    assert found["data"]["error"]["field"] == "persona"


async def test_a_turn_that_is_cancelled_says_so(hosting, make, talk):
    """Who asks for a turn to be stopped is not told that it has left."""

    async def speak(_: str) -> str:
        await asyncio.Event().wait()
        return ""

    parrot = make.plugin("parrot", "generator", make.generator(speak), fallback=True)
    async with (
        hosting(*make.standard()[:-1], parrot) as host,
        talk.connected(host, headers={"Accept-Language": "en"}) as socket,
    ):
        await talk.ask(socket, type="turn", id="a", text="hi")
        assert (await talk.hear(socket))["type"] == "receipt"
        await talk.ask(socket, type="cancel", id="a")
        error = (await talk.hear(socket))["data"]["error"]

    assert (error["code"], error["message"]) == ("CANCELLED", "The answer was stopped, as asked.")


@pytest.mark.parametrize("name", ["persona", "persona_id"])
async def test_a_conversation_begins_with_the_persona_of_either_name(kept, name):
    """The persona of a conversation may be named as elsewhere; one that is unknown is 404."""
    async with kept as host:
        status, found, _ = await host.told(START, user_id="ann", **{name: "Elro"})
        unknown, refused, _ = await host.told(START, user_id="ann", **{name: "nobody"})

    assert (status, found["persona_id"]) == (200, "Elro")
    assert (unknown, refused["error"]["field"]) == (404, name)


async def test_two_personas_are_one_too_many(kept):
    """Names that contradict each other are refused, and the same one twice is taken."""
    async with kept as host:
        refused, found, _ = await host.told(
            START, "en", user_id="ann", persona="lua", persona_id="elro"
        )
        taken, _, _ = await host.told(START, user_id="ann", persona="elro", persona_id="elro")

    assert (refused, taken) == (422, 200)
    assert "two names of one thing" in found["errors"][0]["detail"]
