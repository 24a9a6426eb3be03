"""Callers of streams and WebSockets, as the promises about them need them."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import aiohttp
import attrs

EVENTS = {"Accept": "text/event-stream"}
LAST = ("done", "error")
"""Types of events after which a stream, or a turn, is over."""


@attrs.frozen
class Caller:
    """Who asks.

    Attributes:
        session: its client.
        url: the address of the host.
    """

    session: aiohttp.ClientSession
    url: str


@attrs.frozen
class Ended:
    """How a stream or a connection ended.

    Attributes:
        last: the type of its last event or message, empty without one.
        code: of the error it told, empty without one.
        close: the code by which a WebSocket was closed, 0 for a stream.
    """

    last: str
    code: str
    close: int = 0


async def read_stream(caller: Caller, text: str) -> Ended:
    """Ask for a stream and read it to its end."""
    url = f"{caller.url}/api/v2/process"
    last, code = "", ""
    try:
        async with caller.session.post(url, json={"user_input": text}, headers=EVENTS) as response:
            async for line in response.content:
                if line.startswith(b"event: "):
                    last = line[7:].strip().decode()
                elif last == "error" and line.startswith(b"data: "):
                    code = json.loads(line[6:])["error"]["code"]
    except aiohttp.ClientError:
        return Ended("", "")
    return Ended(last, code)


async def hold_socket(caller: Caller, text: str) -> Ended:
    """Open a WebSocket, ask for one turn where there is a text, and read to the end."""
    last, code = "", ""
    async with caller.session.ws_connect(f"{caller.url}/api/v2/ws") as socket:
        if text:
            await socket.send_json({"type": "turn", "id": "1", "text": text})
        async for message in socket:
            told: dict[str, Any] = message.json()
            last = told["type"]
            code = told["data"]["error"]["code"] if last == "error" else code
        return Ended(last, code, socket.close_code or 0)


async def leave_unary(caller: Caller, text: str, begun: asyncio.Event) -> None:
    """Ask for an answer, and leave as soon as somebody says so."""
    url = f"{caller.url}/api/v2/process"
    asking = asyncio.ensure_future(_post(caller, url, text))
    await begun.wait()
    asking.cancel()
    await asyncio.wait({asking})


async def _post(caller: Caller, url: str, text: str) -> None:
    async with caller.session.post(url, json={"user_input": text}) as response:
        await response.read()


async def leave_stream(caller: Caller, text: str, begun: asyncio.Event) -> None:
    """Ask for a stream, and leave as soon as somebody says so."""
    url = f"{caller.url}/api/v2/process"
    response = await caller.session.post(url, json={"user_input": text}, headers=EVENTS)
    await response.content.readuntil(b"event: delta")
    await begun.wait()
    response.close()


async def leave_socket(caller: Caller, text: str, begun: asyncio.Event) -> None:
    """Ask for a turn over a WebSocket, and leave without a word as soon as somebody says so."""
    # A session of its own: closing it ends the connection as the end of a process would.
    async with aiohttp.ClientSession() as session:
        socket = await session.ws_connect(f"{caller.url}/api/v2/ws")
        await socket.send_json({"type": "turn", "id": "1", "text": text})
        while (await socket.receive_json())["type"] != "delta":
            pass
        await begun.wait()
        await _drop(socket)


async def _drop(socket: aiohttp.ClientWebSocketResponse) -> None:
    connection = socket._response.connection  # noqa: SLF001  aiohttp itself always says goodbye
    assert connection is not None  # noqa: S101  as above
    assert connection.transport is not None  # noqa: S101  as above
    connection.transport.abort()
