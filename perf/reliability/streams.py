"""Callers of streams and WebSockets, as the promises about them need them.

A host that is short of time refuses at the door (503), as it promises elsewhere. What is promised
here is about answers that have begun, so that who is refused comes again.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

import aiohttp
import attrs

EVENTS = {"Accept": "text/event-stream"}
PAUSE_S, TRIES = 0.5, 60
"""Seconds before who was refused comes again, and how often one does."""
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
        async with _posted(caller, url, text, EVENTS) as response:
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
    async with await _connected(caller.session, caller.url) as socket:
        if text:
            await socket.send_json(_turn(text))
        async for message in socket:
            told: dict[str, Any] = message.json()
            if _is_refused(told):
                await asyncio.sleep(PAUSE_S)
                await socket.send_json(_turn(text))
                continue
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
    async with _posted(caller, url, text, {}) as response:
        await response.read()


async def leave_stream(caller: Caller, text: str, begun: asyncio.Event) -> None:
    """Ask for a stream, and leave as soon as somebody says so."""
    url = f"{caller.url}/api/v2/process"
    async with _posted(caller, url, text, EVENTS) as response:
        await response.content.readuntil(b"event: delta")
        await begun.wait()
        response.close()


async def leave_socket(caller: Caller, text: str, begun: asyncio.Event) -> None:
    """Ask for a turn over a WebSocket, and leave without a word as soon as somebody says so."""
    # A session of its own: closing it ends the connection as the end of a process would.
    async with aiohttp.ClientSession() as session:
        socket = await _connected(session, caller.url)
        await socket.send_json(_turn(text))
        while (told := await socket.receive_json())["type"] != "delta":
            if _is_refused(told):
                await asyncio.sleep(PAUSE_S)
                await socket.send_json(_turn(text))
        await begun.wait()
        await _drop(socket)


def _turn(text: str) -> dict[str, str]:
    return {"type": "turn", "id": "1", "text": text}


def _is_refused(told: dict[str, Any]) -> bool:
    """Whether a message says that a turn was refused at the door."""
    return bool(told["type"] == "error" and told["data"]["error"]["code"] == "OVERLOADED")


@asynccontextmanager
async def _posted(
    caller: Caller, url: str, text: str, headers: dict[str, str]
) -> AsyncIterator[aiohttp.ClientResponse]:
    """The answer to a message, once it is let in."""
    for _ in range(TRIES):
        async with caller.session.post(url, json={"user_input": text}, headers=headers) as response:
            if response.status != HTTPStatus.SERVICE_UNAVAILABLE:
                yield response
                return
        await asyncio.sleep(PAUSE_S)
    raise ConnectionRefusedError("the host refused it again and again")


async def _connected(session: aiohttp.ClientSession, url: str) -> aiohttp.ClientWebSocketResponse:
    """A WebSocket, once it is let in."""
    for _ in range(TRIES):
        try:
            return await session.ws_connect(f"{url}/api/v2/ws")
        except aiohttp.WSServerHandshakeError as error:
            if error.status != HTTPStatus.SERVICE_UNAVAILABLE:
                raise
        await asyncio.sleep(PAUSE_S)
    raise ConnectionRefusedError("the host refused it again and again")


async def _drop(socket: aiohttp.ClientWebSocketResponse) -> None:
    connection = socket._response.connection  # noqa: SLF001  aiohttp itself always says goodbye
    assert connection is not None  # noqa: S101  as above
    assert connection.transport is not None  # noqa: S101  as above
    connection.transport.abort()
