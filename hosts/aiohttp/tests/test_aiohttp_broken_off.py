"""Answers that break off: no caller takes a piece for the whole, and nothing of it is kept."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import attrs
import pytest
from ion_host_aiohttp.errors.failure import RequestFailed
from ion_host_aiohttp.turns import unless_broken_off

from ion_framework import Finish, TextChunk, hookimpl
from ion_framework.errors import FailureCause, GenerationError
from ion_framework.pipeline.chunks import FinishReason, Usage
from ion_framework.pipeline.turn import TurnRequest
from ion_framework.testing import MemoryStore

EVENTS = {"Accept": "text/event-stream"}
CODE = "ANSWER_BROKEN_OFF"


class Breaking:
    """Breaks off so many times, then answers.

    Args:
        times: how often.
        raises: whether it breaks off by an error rather than by saying so.
    """

    def __init__(self, times: int = 1000, *, raises: bool = False) -> None:
        self._left = times
        self._raises = raises

    @hookimpl
    async def ion_generate(self) -> Any:
        """Half an answer, or one."""
        yield TextChunk("First half. ")
        self._left -= 1
        if self._left >= 0 and self._raises:
            raise GenerationError(FailureCause.UNAVAILABLE, "reset by peer")
        if self._left >= 0:
            yield Finish(FinishReason.TRUNCATED, Usage(12, 3))
            return
        yield TextChunk("Second half.")
        yield Finish(usage=Usage(12, 6))


class Halting:
    """Says a word and then nothing more."""

    @hookimpl
    async def ion_generate(self) -> Any:
        """A word, and a wait that nobody has time for."""
        yield TextChunk("First half. ")
        await asyncio.sleep(30.0)


@pytest.fixture
def breaking(hosting: Any, make: Any) -> Any:
    """A function that starts a host whose generator breaks off, with a store."""

    def start(generator: object, **options: Any) -> Any:
        plugins = (
            *(item for item in make.standard() if item.name != "parrot"),
            make.plugin("breaking", "generator", generator),
            make.plugin("shelves", "store", MemoryStore()),
        )
        return hosting(*plugins, **options)

    return start


async def begun(host: Any) -> str:
    """The address of a new conversation."""
    _, found, _ = await host.told("/api/v2/conversations/start", user_id="ann")
    return f"/api/v2/conversations/{found['session_id']}"


async def turn(host: Any, path: str, **headers: str) -> tuple[int, Any, Any]:
    """Status, body and headers of the same turn under the same key, in English."""
    named = {"Idempotency-Key": "k", "Accept-Language": "en", **headers}
    async with host.session.post(
        f"{path}/turn", json={"user_message": "hello"}, headers=named
    ) as response:
        text = await response.text()
        whole = text if headers else json.loads(text)
        return response.status, whole, response.headers


def events_of(text: str) -> list[tuple[str, Any]]:
    """Names and data of events."""
    blocks = [dict(line.split(": ", 1) for line in b.split("\n")) for b in text.split("\n\n") if b]
    return [(block["event"], json.loads(block["data"])) for block in blocks]


@pytest.mark.parametrize("raises", [False, True], ids=["says so", "fails"])
async def test_a_turn_that_breaks_off_is_healed_by_its_repetition(breaking, meter, raises):
    """Half an answer is 502, is paid for and is not kept; the same key then makes the turn."""

    class Door(meter):
        """Counts the tokens alone."""

        async def spend(self, *_: object, **__: object) -> dict[str, str]:
            """Nothing is short."""
            return {}

    door = Door()
    async with breaking(Breaking(1, raises=raises), door=door) as host:
        path = await begun(host)
        status, refused, headers = await turn(host, path)
        spent = door.tokens
        async with host.session.get(path) as response:
            kept = await response.json()
        healed, found, _ = await turn(host, path)
        again = await turn(host, path)

    assert (status, refused["error"]["code"]) == (502, CODE)
    assert "First half" not in json.dumps(refused)
    assert headers["Retry-After"] == "1"
    assert spent == (0 if raises else 15)
    assert (kept["turn_count"], kept["messages"]) == (0, [])
    assert (healed, found["turn_number"]) == (200, 1)
    assert found["response_text"] == "First half. Second half."
    assert again[1] == found
    assert again[2]["Idempotency-Replayed"] == "true"
    assert [line["request_id"] for line in host.lines("answer broken off")]


async def test_a_streamed_turn_that_breaks_off_ends_with_an_error(breaking):
    """The last event is the error, nothing is kept, and the same key then makes the turn."""
    async with breaking(Breaking(1)) as host:
        path = await begun(host)
        _, first, _ = await turn(host, path, **EVENTS)
        _, second, _ = await turn(host, path, **EVENTS)

    names = [name for name, _ in events_of(first)]
    assert ["receipt", "delta", "error"] == names
    assert CODE == events_of(first)[-1][1]["error"]["code"]
    assert ("done", 1) == (events_of(second)[-1][0], events_of(second)[-1][1]["turn_number"])


async def test_an_answer_that_its_deadline_cuts_is_out_of_time(breaking):
    """Where the turn's time ends in the middle of the answer, 504 says what ran out."""
    limit = {"ION-Deadline-Ms": "300", "Accept-Language": "en"}
    body = {"user_input": "hello"}
    async with breaking(Halting()) as host:
        address = f"{host.url}/api/v2/process"
        async with host.session.post(address, json=body, headers=limit) as response:
            status, refused = response.status, await response.json()
        async with host.session.post(address, json=body, headers={**limit, **EVENTS}) as response:
            told = events_of(await response.text())
        conversation = await begun(host)
        kept = await turn(host, conversation, **{"ION-Deadline-Ms": "300", **EVENTS})

    assert (status, refused["error"]["code"]) == (504, "DEADLINE_EXCEEDED")
    assert "0.3" in refused["detail"]
    for name, data in (told[-1], events_of(kept[1])[-1]):
        assert ("error", "DEADLINE_EXCEEDED") == (name, data["error"]["code"])


@pytest.mark.parametrize(("left_ms", "status"), [(1.0, 502), (0.0, 504), (-1.0, 504)])
async def test_what_breaks_off_when_nothing_of_its_time_is_left_is_out_of_time(
    breaking, left_ms, status
):
    """Whoever was at work at that moment: the caller is told that the time was up."""
    request = TurnRequest(text="hello")
    async with breaking(Breaking()) as host:
        reply = await host.service.ion.respond(request)
        spent_ms = reply.receipt.deadline_ms - left_ms
        told = reply.with_receipt(attrs.evolve(reply.receipt, spent_ms=spent_ms))
        with pytest.raises(RequestFailed) as caught:
            unless_broken_off(told, request, host.service)

    assert status == caught.value.failure.status


async def test_a_turn_over_a_websocket_that_breaks_off_ends_with_an_error(breaking, talk):
    """It is told as broken off, and again under its key it is made."""
    async with breaking(Breaking(1)) as host, talk.connected(host) as socket:
        name = (await begun(host)).rsplit("/", 1)[1]
        told = []
        for _ in range(2):
            await talk.ask(
                socket,
                type="turn",
                id="a",
                conversation_id=name,
                text="hello",
                idempotency_key="k",
            )
            told.append(await talk.hear_all(socket))

    assert ["receipt", "delta", "error"] == [item["type"] for item in told[0]]
    assert CODE == told[0][-1]["data"]["error"]["code"]
    assert "done" == told[1][-1]["type"]


async def test_a_single_message_that_breaks_off_is_no_success(breaking):
    """Process answers 502, its stream ends with the error, and bulk names the item as failed."""
    async with breaking(Breaking()) as host:
        status, refused, _ = await host.told("/api/v2/process", user_input="hello")
        async with host.session.post(
            "/api/v2/process", json={"user_input": "hello"}, headers=EVENTS
        ) as response:
            events = events_of(await response.text())
        _, bulk, _ = await host.told("/api/v2/bulk-process", requests=[{"user_input": "hello"}])

    assert (502, CODE) == (status, refused["error"]["code"])
    assert ["receipt", "delta", "error"] == [name for name, _ in events]
    assert CODE == events[-1][1]["error"]["code"]
    assert (0, CODE, 502) == (
        bulk["successful"],
        bulk["errors"][0]["code"],
        bulk["errors"][0]["status"],
    )


async def test_v1_gives_what_there_is_and_says_that_it_is_second_best(breaking):
    """The first version's 200 stays, with the flag, the reason and the header."""
    async with (
        breaking(Breaking()) as host,
        host.session.post("/chat", json={"message": "hello", "user_id": "ann"}) as response,
    ):
        found, headers = await response.json(), response.headers

    assert (200, "First half. ") == (response.status, found["content"])
    assert found["metadata"]["degraded"] is True
    assert "broke off" in found["metadata"]["degraded_reason"]
    assert "broke off" in headers["ION-Degraded"]
