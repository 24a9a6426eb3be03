"""``process`` as a stream of events, and coming back to one, over real sockets."""

from __future__ import annotations

import asyncio
import json
import subprocess
from typing import Any

import attrs
import pytest
from ion_host_aiohttp.streaming.places import Places
from ion_host_aiohttp.streaming.state import Streaming

from ion_framework import Finish, TextChunk, hookimpl

PROCESS = "/api/v2/process"
EVENTS = {"Accept": "text/event-stream"}
SAID = {"user_input": "hi"}


@attrs.frozen
class Event:
    """One event as a reader sees it."""

    name: str
    id: str
    data: Any


def parse(text: bytes) -> list[Event]:
    """The events of a stream, without its comments."""
    found = []
    for block in text.decode().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line[1:])
        if "data" in fields:
            found.append(
                Event(fields.get("event", ""), fields.get("id", ""), json.loads(fields["data"]))
            )
    return found


class Teller:
    """Tells pieces, each after a step that a test takes."""

    def __init__(self, pieces: int = 3) -> None:
        self.go = asyncio.Semaphore(0)
        self.told = 0
        self.closed = 0
        self._pieces = pieces

    @hookimpl
    async def ion_generate(self, prompt):
        """The pieces."""
        try:
            for number in range(self._pieces):
                await self.go.acquire()
                self.told += 1
                yield TextChunk(f"piece {number}. ")
            yield Finish()
        finally:
            self.closed += 1


@pytest.fixture
def telling(hosting, make):
    """A function that starts a host whose generator tells what a test lets it tell."""

    def start(teller: Teller, **options: Any) -> Any:
        generator = make.plugin("teller", "generator", teller)
        return hosting(make.lua, make.elro, make.analyzer, make.router, generator, **options)

    return start


async def until(condition: Any, seconds: float = 5.0) -> None:
    """Wait for something to come true."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  conditions come about in code that has no event
            await asyncio.sleep(0.005)


class TestEvents:
    """What is sent."""

    async def test_a_whole_stream(self, hosting):
        """A stream is receipt, delta and done, numbered; done is the body without a stream."""
        async with hosting() as host:
            async with host.session.post(PROCESS, json=SAID, headers=EVENTS) as response:
                assert response.content_type == "text/event-stream"
                events = parse(await response.read())
            async with host.session.post(PROCESS, json=SAID) as response:
                plain = await response.json()

        assert [event.name for event in events] == [
            "receipt",
            *["delta"] * (len(events) - 2),
            "done",
        ]
        receipt, *deltas, done = events
        stream = receipt.data["stream_id"]
        assert [event.id for event in events] == [f"{stream}:{n + 1}" for n in range(len(events))]
        assert receipt.data["persona"] == "Lua" == done.data["persona_used"]
        assert receipt.data["key"] == "frustrated-flowing-seek_advice" == done.data["resonance_key"]
        assert receipt.data["scores"] == done.data["routing"]["scores"]
        assert receipt.data["request_id"] == done.data["request_id"]
        assert receipt.data["reasons"]
        assert "".join(event.data["text"] for event in deltas) == done.data["content"]
        assert done.data["content"] == plain["content"]
        assert set(done.data) == set(plain)
        assert plain["_cache_status"] == "HIT"

    async def test_the_log_line(self, hosting):
        """The one log line of a stream comes at its end, and tells of persona and cache."""
        async with hosting() as host:
            async with host.session.post(PROCESS, json=SAID, headers=EVENTS) as response:
                await response.read()
            await until(host.lines)
            (line,) = host.lines()
            assert (line["status"], line["persona"], line["cache"]) == (200, "lua", "miss")
            assert host.service.traffic.turns == 1

    @pytest.mark.parametrize(
        ("accept", "kind"),
        [
            ("*/*", "application/json"),
            ("text/*", "application/json"),
            ("application/json, text/event-stream;q=0.5", "application/json"),
            ("text/event-stream;q=0", "application/json"),
            ("application/json;q=0.5, Text/Event-Stream", "text/event-stream"),
            ("application/json, text/event-stream", "text/event-stream"),
        ],
    )
    async def test_who_gets_one(self, hosting, accept, kind):
        """Who names events, and does not like JSON better, gets them."""
        headers = {"Accept": accept}
        async with (
            hosting() as host,
            host.session.post(PROCESS, json=SAID, headers=headers) as response,
        ):
            assert response.status == 200
            assert response.content_type == kind

    @pytest.mark.parametrize(
        ("body", "status"), [({"user_input": " "}, 400), ({"user_input": "x" * 1001}, 422)]
    )
    async def test_faults_of_the_request(self, hosting, body, status):
        """A request that is wrong gets an ordinary error."""
        async with (
            hosting() as host,
            host.session.post(PROCESS, json=body, headers=EVENTS) as response,
        ):
            assert response.status == status
            assert response.content_type == "application/problem+json"

    async def test_no_persona(self, hosting, make):
        """A turn that ends before its receipt is an ordinary error."""
        async with (
            hosting(make.analyzer, make.router) as host,
            host.session.post(PROCESS, json=SAID, headers=EVENTS) as response,
        ):
            assert response.status == 503
            assert (await response.json())["error"]["code"] == "NOT_EQUIPPED"

    async def test_a_generator_that_fails(self, hosting, make):
        """A turn that ends after its receipt ends with an error event."""

        async def fail(text):
            raise RuntimeError("secret")

        broken = make.plugin("broken", "generator", make.generator(fail))
        async with (
            hosting(make.lua, make.analyzer, make.router, broken) as host,
            host.session.post(PROCESS, json=SAID, headers=EVENTS) as response,
        ):
            receipt, error = parse(await response.read())
            assert response.status == 200
            assert (receipt.name, error.name) == ("receipt", "error")
            assert error.id == f"{receipt.data['stream_id']}:2"
            assert error.data["error"]["code"] == "NO_ANSWER"
            assert error.data["instance"] == PROCESS
            assert "secret" not in str(error.data)
            assert host.lines()[0]["stream_error"] == "NO_ANSWER"

    async def test_curl(self, hosting):
        """``curl -N`` shows the events."""
        async with hosting() as host:
            curl = await asyncio.create_subprocess_exec(
                *("curl", "-sN", "-H", "Accept: text/event-stream"),
                *("-H", "Content-Type: application/json", "-d", json.dumps(SAID)),
                host.url + PROCESS,
                stdout=subprocess.PIPE,
            )
            output, _ = await curl.communicate()
        events = parse(output)
        assert [events[0].name, events[-1].name] == ["receipt", "done"]


class TestLeaving:
    """Callers who leave."""

    async def test_it_stops_the_answer(self, telling):
        """A caller who leaves stops the generator, and the stream ends as cancelled."""
        teller = Teller()
        async with telling(teller) as host:
            teller.go.release()
            response = await host.session.post(PROCESS, json=SAID, headers=EVENTS)
            receipt = parse(await response.content.readuntil(b"\n\n"))[0]
            await response.content.readuntil(b"\n\n")
            response.close()
            await until(lambda: teller.closed and not host.service.streaming.replays.running)
            assert teller.told == 1
            stream = receipt.data["stream_id"]
            async with host.session.get(f"/api/v2/streams/{stream}") as again:
                events = parse(await again.read())
            assert [event.name for event in events] == ["receipt", "delta", "error"]
            assert events[-1].data["error"]["code"] == "CANCELLED"
            assert host.lines()[0]["status"] == 499

    async def test_a_resumable_one_goes_on(self, telling):
        """A stream that was asked for as resumable loses nothing over a lost connection."""
        teller = Teller()
        async with telling(teller) as host:
            teller.go.release()
            url = f"{PROCESS}?resumable=true"
            response = await host.session.post(url, json=SAID, headers=EVENTS)
            first = parse(await response.content.readuntil(b"\n\n"))
            first += parse(await response.content.readuntil(b"\n\n"))
            response.close()
            await until(host.lines)
            assert host.service.streaming.streams.open == 1
            teller.go.release()
            headers = {"Last-Event-ID": first[-1].id}
            again = await host.session.get(
                f"/api/v2/streams/{first[0].data['stream_id']}", headers=headers
            )
            assert host.service.streaming.streams.open == 1
            teller.go.release()
            events = first + parse(await again.read())
            assert [event.name for event in events] == ["receipt", *["delta"] * 3, "done"]
            numbers = [int(event.id.rpartition(":")[2]) for event in events]
            assert numbers == [1, 2, 3, 4, 5]
            assert events[-1].data["content"] == "piece 0. piece 1. piece 2. "
            await until(lambda: not host.service.streaming.streams.open)

    async def test_but_not_for_ever(self, telling):
        """A resumable stream to which nobody comes back is stopped after some seconds."""
        teller = Teller()
        async with telling(teller, streaming=Streaming(grace_s=0.1)) as host:
            url = f"{PROCESS}?resumable=true"
            response = await host.session.post(url, json=SAID, headers=EVENTS)
            await response.content.readuntil(b"\n\n")
            response.close()
            await until(lambda: teller.closed)
            await until(lambda: not host.service.streaming.streams.open)

    async def test_it_needs_a_place(self, telling):
        """A resumable stream without a place of its own is stopped like any other."""
        teller = Teller()
        places = Places(1, 1)
        async with telling(teller, streaming=Streaming(streams=places)) as host:
            url = f"{PROCESS}?resumable=true"
            response = await host.session.post(url, json=SAID, headers=EVENTS)
            await response.content.readuntil(b"\n\n")
            places._most = 0
            response.close()
            await until(lambda: teller.closed)

    async def test_the_end_of_the_host(self, telling):
        """A stream that runs when the host ends is told so, under an id of its own."""
        teller = Teller()
        async with telling(teller) as host:
            response = await host.session.post(PROCESS, json=SAID, headers=EVENTS)
            await response.content.readuntil(b"\n\n")
            stopping = asyncio.create_task(host.server.stop())
            (event,) = parse(await response.read())
            await stopping
            assert event.name == "error"
            assert event.id.endswith(":2")
            assert event.data["error"]["code"] == "DRAINING"
            await until(lambda: teller.closed)


class TestResuming:
    """Coming back."""

    async def test_after_an_event(self, hosting):
        """What follows an event is sent again, by GET and by the same request, for a minute."""
        async with hosting() as host:
            async with host.session.post(PROCESS, json=SAID, headers=EVENTS) as response:
                events = parse(await response.read())
            stream = events[0].data["stream_id"]
            last = {"Last-Event-ID": events[0].id}
            async with host.session.get(f"/api/v2/streams/{stream}", headers=last) as response:
                assert parse(await response.read()) == events[1:]
            async with host.session.get(f"/api/v2/streams/{stream}?after=2") as response:
                assert parse(await response.read()) == events[2:]
            async with host.session.post(PROCESS, json=SAID, headers=EVENTS | last) as response:
                assert parse(await response.read()) == events[1:]
            assert host.service.traffic.turns == 1
            last = {"Last-Event-ID": events[-1].id}
            async with host.session.get(f"/api/v2/streams/{stream}", headers=last) as response:
                assert response.status == 204
                assert await response.read() == b""

    @pytest.mark.parametrize("last", ["", "x", "x:1", "x:99999999999", "{stream}:99"])
    async def test_unknown(self, hosting, last):
        """An id that names nothing is told so, with what to do."""
        async with hosting() as host:
            async with host.session.post(PROCESS, json=SAID, headers=EVENTS) as response:
                stream = parse(await response.read())[0].data["stream_id"]
            headers = EVENTS | {"Last-Event-ID": last.format(stream=stream)}
            for send, path in (("get", f"/api/v2/streams/{stream}"), ("post", PROCESS)):
                more = {"json": SAID} if send == "post" else {}
                async with host.session.request(send, path, headers=headers, **more) as response:
                    assert response.status == 404
                    error = (await response.json())["error"]
                    assert error["code"] == "STREAM_UNKNOWN"
                    assert "minute" in error["details"]["hint"]
