"""``GET /api/v2/ws``: turns, bounds, faults and ends, over real sockets."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import pytest
from aiohttp import WSMsgType
from ion_host_aiohttp.service import ServiceLimits
from ion_host_aiohttp.streaming.socket_session import MOST_FAULTS, MOST_TURNS, SocketSession

from ion_framework import Finish, Refusal, TextChunk, hookimpl

WS = "/api/v2/ws"


class Slow:
    """Tells a piece, and then nothing until it is cancelled."""

    def __init__(self) -> None:
        self.closed: list[float] = []
        self.running = 0

    @hookimpl
    async def ion_generate(self, prompt):
        """The piece."""
        self.running += 1
        try:
            yield TextChunk("begun")
            await asyncio.sleep(20)
            yield Finish()
        finally:
            self.running -= 1
            self.closed.append(time.monotonic())


class Flood:
    """Tells more than anybody's buffers hold."""

    def __init__(self) -> None:
        self.told = 0
        self.closed = False

    @hookimpl
    async def ion_generate(self, prompt):
        """The pieces."""
        try:
            while True:
                self.told += 1
                yield TextChunk("x" * 900)
        finally:
            self.closed = True


class Guard:
    """Refuses requests that hold a word."""

    @hookimpl
    async def ion_guard_request(self, request):
        """No, where the word is."""
        if any("forbidden" in item.text for item in request.texts):
            return Refusal("word", "No.")
        assert "sec-websocket-protocol" not in request.headers
        return None


@pytest.fixture
def slowly(hosting, make):
    """A function that starts a host with a generator of a test's own."""

    def start(generator: Any, **options: Any) -> Any:
        own = make.plugin("own", "generator", generator)
        return hosting(make.lua, make.elro, make.analyzer, make.router, own, **options)

    return start


class TestTurns:
    """What is answered."""

    async def test_a_turn(self, hosting, talk):
        """A turn is told as receipt, delta and done, with its own id on everything."""
        async with hosting() as host, talk.connected(host) as socket:
            await talk.ask(socket, type="turn", id="a", text="hi", context={"metadata": {"x": 1}})
            found = await talk.hear_all(socket)
            assert [item["type"] for item in found] == [
                "receipt",
                *["delta"] * (len(found) - 2),
                "done",
            ]
            assert {item["id"] for item in found} == {"a"}
            assert found[0]["data"]["persona"] == "Lua"
            assert found[0]["data"]["stream_id"] is None
            text = "".join(item["data"]["text"] for item in found[1:-1])
            assert found[-1]["data"]["content"] == text
            assert found[-1]["data"]["metadata"]["user_provided_metadata"] == {"x": 1}
            (line,) = host.lines("websocket turn")
            assert (line["outcome"], line["persona"]) == ("done", "lua")

    async def test_a_persona_of_choice(self, hosting, talk):
        """A turn may name its persona."""
        async with hosting() as host, talk.connected(host) as socket:
            await talk.ask(socket, type="turn", id="a", text="hi", persona="elro")
            found = await talk.hear_all(socket)
            assert found[-1]["data"]["persona_used"] == "Elro"

    async def test_several_at_once(self, hosting, talk):
        """Several turns are answered at once, each under its id."""
        async with hosting() as host, talk.connected(host) as socket:
            for number in range(MOST_TURNS):
                await talk.ask(socket, type="turn", id=str(number), text=f"hi {number}")
            found = await talk.hear_all(socket, MOST_TURNS)
            done = {item["id"]: item["data"]["content"] for item in found if item["type"] == "done"}
            assert sorted(done) == ["0", "1", "2", "3"]
            assert all(done[number].endswith(f"hi {number}") for number in done)

    async def test_ping(self, hosting, talk):
        """A ping is answered."""
        async with hosting() as host, talk.connected(host) as socket:
            await talk.ask(socket, type="ping")
            assert await talk.hear(socket) == {"type": "pong", "id": None, "data": None}

    async def test_it_is_logged_at_its_end(self, hosting, talk):
        """The log line of a connection comes at its end, and counts its turns."""
        async with hosting() as host:
            async with talk.connected(host) as socket:
                await talk.ask(socket, type="turn", id="a", text="hi")
                await talk.hear_all(socket)
                assert host.lines() == []
            await talk.until(host.lines)
            (line,) = host.lines()
            assert (line["status"], line["turns"], line["route"]) == (101, "1", WS)

    async def test_cancel(self, slowly, talk):
        """A turn can be stopped, which stops its generator; stopping it twice is told as such."""
        slow = Slow()
        async with slowly(slow) as host, talk.connected(host) as socket:
            await talk.ask(socket, type="turn", id="a", text="hi")
            assert [(await talk.hear(socket))["type"] for _ in range(2)] == ["receipt", "delta"]
            await talk.ask(socket, type="cancel", id="a")
            last = await talk.hear(socket)
            assert (last["type"], last["id"]) == ("error", "a")
            assert last["data"]["error"]["code"] == "CANCELLED"
            await talk.until(lambda: slow.closed)
            for _ in range(MOST_FAULTS + 1):
                await talk.ask(socket, type="cancel", id="a")
                told = await talk.hear(socket)
                assert (told["type"], told["id"]) == ("error", "a")
                assert told["data"]["error"]["code"] == "UNKNOWN_TURN"
            await talk.ask(socket, type="ping")
            assert (await talk.hear(socket))["type"] == "pong"
            assert host.service.admission.in_flight == 0

    async def test_leaving(self, slowly, talk):
        """A caller who leaves stops all of its turns."""
        slow = Slow()
        async with slowly(slow) as host:
            before = len(asyncio.all_tasks())
            async with talk.connected(host) as socket:
                for number in range(3):
                    await talk.ask(socket, type="turn", id=str(number), text=f"hi {number}")
                await talk.until(lambda: slow.running == 3)
                socket._response.close()
            await talk.until(lambda: len(slow.closed) == 3)
            await talk.until(lambda: host.service.streaming.sockets.open == 0)
            await talk.until(lambda: len(asyncio.all_tasks()) <= before)

    async def test_a_caller_who_does_not_read(self, slowly, talk):
        """Who takes nothing holds its turns back, and is cut off."""
        flood = Flood()
        async with slowly(flood, limits=ServiceLimits(write_s=0.3)) as host:
            reader, writer = await asyncio.open_connection("127.0.0.1", host.port, limit=1024)
            writer.write(
                b"GET /api/v2/ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
                b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
            )
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")
            text = json.dumps({"type": "turn", "id": "a", "text": "hi"}).encode()
            masked = bytes([0x81, 0x80 | len(text), 0, 0, 0, 0]) + text
            writer.write(masked)
            await talk.until(lambda: flood.closed, 20)
            assert flood.told < 20000
            writer.close()


class TestFaults:
    """What is wrong with messages."""

    @pytest.mark.parametrize(
        ("sent", "code"),
        [
            ("", "INVALID_JSON"),
            ("{", "INVALID_JSON"),
            ("[]", "VALIDATION_ERROR"),
            ("{}", "VALIDATION_ERROR"),
            ('{"type": 1}', "VALIDATION_ERROR"),
            ('{"type": "dance"}', "UNKNOWN_TYPE"),
            ('{"type": "turn"}', "VALIDATION_ERROR"),
            ('{"type": "turn", "id": "a b", "text": "x"}', "VALIDATION_ERROR"),
            ('{"type": "turn", "id": "a", "text": "\\ud800"}', "VALIDATION_ERROR"),
            ('{"type": "turn", "id": "a", "text": " "}', "INVALID_INPUT"),
            ('{"type": "turn", "id": "a", "text": "x", "persona": "nobody"}', "INVALID_PERSONA"),
            ("[" * 100 + "]" * 100, "INVALID_JSON"),
            (b"binary", "NOT_TEXT"),
        ],
    )
    async def test_each_is_told(self, hosting, sent, code, talk):
        """A message that is wrong is answered by an error, and the connection goes on."""
        async with hosting() as host, talk.connected(host) as socket:
            await (socket.send_bytes if isinstance(sent, bytes) else socket.send_str)(sent)
            told = await talk.hear(socket)
            assert told["type"] == "error"
            assert told["data"]["error"]["code"] == code
            assert "user_input" not in str(told)
            await talk.ask(socket, type="ping")
            assert (await talk.hear(socket))["type"] == "pong"

    async def test_too_many(self, hosting, talk):
        """After some wrong messages the connection is closed."""
        async with hosting() as host, talk.connected(host) as socket:
            for _ in range(MOST_FAULTS):
                await socket.send_str("?")
                assert (await talk.hear(socket))["type"] == "error"
            assert (await socket.receive()).type is WSMsgType.CLOSE
            assert socket.close_code == 1008

    async def test_too_large(self, hosting, talk):
        """A message that is too large closes the connection."""
        async with hosting() as host, talk.connected(host) as socket:
            await socket.send_str("x" * 65537)
            await socket.receive()
            assert socket.close_code == 1009

    async def test_too_many_turns(self, slowly, talk):
        """A turn beyond those that may run, and a second one of an id, are refused."""
        slow = Slow()
        async with slowly(slow) as host, talk.connected(host) as socket:
            for number in range(MOST_TURNS):
                await talk.ask(socket, type="turn", id=str(number), text=f"hi {number}")
            await talk.until(lambda: slow.running == MOST_TURNS)
            await talk.ask(socket, type="turn", id="x", text="hi")
            await talk.ask(socket, type="turn", id="0", text="hi")
            found = []
            while len(found) < 2:
                message = await talk.hear(socket)
                if message["type"] == "error":
                    found.append((message["id"], message["data"]["error"]["code"]))
            assert found == [("x", "TOO_MANY_TURNS"), ("0", "TURN_ID_TAKEN")]

    async def test_guards_see_every_message(self, hosting, make, talk):
        """A guard of requests sees what turns hold, and no token."""
        guard = make.plugin("guard", "guard", Guard())
        async with (
            hosting(*make.standard(), guard) as host,
            talk.connected(host, protocols=("ion.v2", "bearer.abc")) as socket,
        ):
            await talk.ask(socket, type="turn", id="a", text="forbidden")
            assert (await talk.hear(socket))["data"]["error"]["code"] == "REQUEST_REFUSED"

    async def test_idle(self, hosting):
        """A connection without messages and without turns is closed."""
        waits = []

        class Wire:
            draining = asyncio.Event()

            async def receive(self, timeout_s):
                waits.append(timeout_s)
                raise TimeoutError

            async def close(self, code, reason=""):
                waits.append(int(code))

        async with hosting() as host:
            await SocketSession(None, host.service, idle_s=7).serve(Wire())
        assert waits == [7, 1000]


class TestEnd:
    """The end of the host."""

    async def test_idle_connections_go_at_once(self, hosting, talk):
        """A connection without a turn is told to go and closed as soon as the host is stopped."""
        async with hosting() as host, talk.connected(host) as socket:
            await talk.ask(socket, type="ping")
            await talk.hear(socket)
            began = time.monotonic()
            stopping = asyncio.create_task(host.server.stop())
            assert (await talk.hear(socket))["type"] == "goaway"
            assert (await socket.receive()).type is WSMsgType.CLOSE
            assert socket.close_code == 1001
            await stopping
            assert time.monotonic() - began < 8

    async def test_turns_are_told(self, slowly, talk):
        """A turn that does not end in time is told so before the connection is closed."""
        slow = Slow()
        async with slowly(slow) as host, talk.connected(host) as socket:
            await talk.ask(socket, type="turn", id="a", text="hi")
            assert [(await talk.hear(socket))["type"] for _ in range(2)] == ["receipt", "delta"]
            began = time.monotonic()
            host.service.lifecycle.drain()
            assert (await talk.hear(socket))["type"] == "goaway"
            await talk.ask(socket, type="turn", id="b", text="hi")
            refused = await talk.hear(socket)
            stopping = asyncio.create_task(host.server.stop())
            ended = await talk.hear(socket)
            assert [(item["id"], item["data"]["error"]["code"]) for item in (refused, ended)] == [
                ("b", "DRAINING"),
                ("a", "DRAINING"),
            ]
            assert (await socket.receive()).type is WSMsgType.CLOSE
            assert socket.close_code == 1001
            await stopping
            assert time.monotonic() - began < 8
            assert slow.closed
