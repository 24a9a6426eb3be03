"""Playing a behaviour on one connection, unary and streamed."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable
from typing import NoReturn

import attrs
from aiohttp import web

from ion_framework.testing.model_servers.behaviours import (
    Answer,
    Behaviour,
    Break,
    Cut,
    Down,
    Failure,
    NoCandidates,
    Oversized,
    PromptBlocked,
    RawAnswer,
    Redirect,
)
from ion_framework.testing.model_servers.dialect import Call, Dialect, Document, Kind

EVENT_STREAM = "text/event-stream"
_LINGER_NOT = struct.pack("ii", 1, 0)  # closing a socket then sends RST instead of FIN


@attrs.define
class Wire:
    """One request and its connection.

    Attributes:
        request: the request.
        call: what it asks for.
        dialect: the protocol.
        on_headers: told the status as soon as headers are sent.
        on_chunk: told of each chunk once it is written.
        on_abort: told when the fake ends the connection by itself.
        on_down: takes the whole server down.
    """

    request: web.BaseRequest
    call: Call
    dialect: Dialect
    on_headers: Callable[[int], None]
    on_chunk: Callable[[], None]
    on_abort: Callable[[], None]
    on_down: Callable[[], None]

    async def send(self, document: Document) -> web.StreamResponse:
        """Send a whole answer."""
        headers = {"Content-Type": document.content_type, **document.headers}
        response = web.Response(status=document.status, body=document.body, headers=headers)
        await response.prepare(self.request)
        self.on_headers(document.status)
        await response.write_eof()
        return response

    async def open(self, content_type: str) -> web.StreamResponse:
        """Send the headers of an answer whose length is not told."""
        response = web.StreamResponse(headers={"Content-Type": content_type})
        response.enable_chunked_encoding()
        await response.prepare(self.request)
        self.on_headers(200)
        return response

    async def reset(self) -> NoReturn:
        """Reset the connection."""
        self.on_abort()
        abort(self.request.transport)
        await wait_for_the_end()

    async def close(self) -> NoReturn:
        """Close the connection without a word."""
        self.on_abort()
        if self.request.transport is not None:
            self.request.transport.close()
        await wait_for_the_end()


async def wait_for_the_end() -> NoReturn:
    """Wait until the connection is gone, which cancels the handler."""
    await asyncio.get_running_loop().create_future()
    raise AssertionError("nobody fulfils this future")


def abort(transport: asyncio.BaseTransport | None) -> None:
    """Reset a connection: the peer sees RST, and what was not sent yet is lost."""
    if not isinstance(transport, asyncio.WriteTransport) or transport.is_closing():
        return
    connection = transport.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
    transport.abort()


async def play(wire: Wire, behaviour: Behaviour) -> web.StreamResponse:
    """Play a behaviour to its end.

    A behaviour after which the connection is gone ends by being cancelled, and so does one that
    hangs when the client goes away.

    Raises:
        TypeError: a behaviour that is none of ours.
    """
    match behaviour:
        case Answer():
            return await _answer(wire, behaviour)
        case Oversized():
            return await _answer(wire, behaviour.as_answer())
        case Cut():
            return await _cut(wire, behaviour)
        case PromptBlocked():
            return await _document(wire, wire.dialect.blocked(wire.call, behaviour))
        case NoCandidates():
            return await _document(wire, wire.dialect.no_candidates(wire.call))
    return await _play_instead_of_an_answer(wire, behaviour)


async def _play_instead_of_an_answer(wire: Wire, behaviour: Behaviour) -> web.StreamResponse:
    match behaviour:
        case Failure():
            await asyncio.sleep(behaviour.delay_s)
            return await wire.send(wire.dialect.failure(wire.call, behaviour))
        case RawAnswer(body=body, status=status, content_type=content_type):
            return await wire.send(Document(status, body, content_type))
        case Redirect(location=location, status=status):
            return await wire.send(Document(status, b"", headers={"Location": location}))
        case Down():
            wire.on_abort()
            wire.on_down()
            await wait_for_the_end()
    raise TypeError(f"{behaviour!r} is no behaviour of wire_behaviours, and cannot be played")


def _is_stream(wire: Wire) -> bool:
    return wire.call.streamed and wire.call.kind is Kind.GENERATE


async def _document(wire: Wire, document: Document) -> web.StreamResponse:
    if document.status == web.HTTPOk.status_code and _is_stream(wire):
        response = await wire.open(EVENT_STREAM)
        await response.write(wire.dialect.event(document.body))
        await response.write_eof()
        return response
    return await wire.send(document)


async def _answer(wire: Wire, answer: Answer) -> web.StreamResponse:
    if _is_stream(wire):
        response = await _stream(wire, answer, None)
        await response.write_eof()
        return response
    await _pause(answer, answer.events)
    return await wire.send(wire.dialect.whole(wire.call, answer))


async def _pause(answer: Answer, chunks: int) -> None:
    """The time that so many chunks take."""
    await asyncio.sleep(answer.first_delay_s + answer.chunk_delay_s * max(0, chunks - 1))


async def _stream(wire: Wire, answer: Answer, after: int | None) -> web.StreamResponse:
    """Stream an answer, or its first chunks and nothing behind them; the headers wait for them."""
    await asyncio.sleep(answer.first_delay_s)
    response = await wire.open(EVENT_STREAM)
    written = 0
    for piece in wire.dialect.pieces(wire.call, answer):
        if written == after:
            break
        if piece.token and written:
            await asyncio.sleep(answer.chunk_delay_s)
        await response.write(piece.data)
        if piece.token:
            written += 1
            wire.on_chunk()
    return response


async def _cut(wire: Wire, cut: Cut) -> web.StreamResponse:
    if cut.after is None:
        return await _break_off(wire, cut.how)
    if _is_stream(wire):
        response = await _stream(wire, cut.answer, cut.after)
        return await _break_stream(wire, cut, response)
    if cut.how is Break.ERROR:
        return await wire.send(wire.dialect.failure(wire.call, cut.failure))
    await _pause(cut.answer, cut.after)
    response = await wire.open("application/json; charset=UTF-8")
    body = wire.dialect.whole(wire.call, cut.answer).body
    await response.write(body[: len(body) * cut.after // cut.answer.events])
    return await _break_off(wire, cut.how, response)


async def _break_stream(wire: Wire, cut: Cut, response: web.StreamResponse) -> web.StreamResponse:
    document = wire.dialect.failure(wire.call, cut.failure).body
    if cut.how is Break.ERROR:
        await response.write(wire.dialect.event(document))
    elif cut.how is Break.GARBAGE:
        await response.write(wire.dialect.event(document[: len(document) // 2]))
    return await _break_off(wire, cut.how, response)


async def _break_off(
    wire: Wire, how: Break, response: web.StreamResponse | None = None
) -> web.StreamResponse:
    if how is Break.HANG:
        await wait_for_the_end()
    if how is Break.RESET:
        await wire.reset()
    if response is None:
        await wire.close()
    await response.write_eof()
    return response
