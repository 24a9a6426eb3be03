"""One client's connection: aiohttp's handler, hardened where a request never gets to a middleware.

Bytes that are not HTTP, and expectations that cannot be met, are answered by aiohttp itself: as
plain text, with a banner, with a traceback in the log for every scanner that comes by. Here they
get the same envelope and headers as everything else, and one log line. Here, too, is what bounds a
connection: who sends a head too slowly, or takes an answer too slowly, is cut off.
"""

from __future__ import annotations

import asyncio
import socket
from functools import partial
from typing import Any, cast

import attrs
from aiohttp import web
from aiohttp.http import HttpVersion11, RawRequestMessage, StreamWriter

from ion_framework.domain.language import Language
from ion_host_aiohttp.api.headers import add_headers, bare_lines
from ion_host_aiohttp.api.passage import begin_passage
from ion_host_aiohttp.api.request_id import request_id_of
from ion_host_aiohttp.api.responses import failure_response
from ion_host_aiohttp.errors import failures
from ion_host_aiohttp.errors.failure import Failure
from ion_host_aiohttp.errors.messages import say
from ion_host_aiohttp.run.admission import overload
from ion_host_aiohttp.run.express import Express
from ion_host_aiohttp.run.lifecycle import Phase
from ion_host_aiohttp.run.pacing import Arrival
from ion_host_aiohttp.run.request_check import fault_of
from ion_host_aiohttp.run.writing import WriteWatch
from ion_host_aiohttp.service import Service

RECEIVED_BYTES = 16384
"""How much is taken from a connection at a time. asyncio takes sixteen times as much, and what came
in one piece is parsed in one piece, while nobody else gets the event loop."""

SENT_BYTES = 65536
"""How much of its answers the system keeps for a connection (Linux: twice as much)."""
HELD_S = 0.1
"""Seconds for which a request is put aside where there is no time even to refuse it."""


@attrs.frozen
class ConnectionLimits:
    """How long a connection is waited for.

    Attributes:
        head_s: seconds in which the head of a request must have arrived.
        write_s: seconds in which a piece of an answer must have been taken.
    """

    head_s: float = 10.0
    write_s: float = 10.0


class Connection(web.RequestHandler):
    """aiohttp's protocol with the host's error envelope and the host's bounds.

    Args:
        manager: aiohttp's list of connections.
        service: the host.
        express: how requests are refused under overload.
        limits: how long it is waited for.
        options: of aiohttp.
    """

    def __init__(
        self,
        manager: web.Server,
        service: Service,
        express: Express,
        limits: ConnectionLimits,
        **options: Any,
    ) -> None:
        super().__init__(manager, **options)
        self._service = service
        self._express = express
        self._limits = limits
        self._peer: str | None = None
        self._arrival: Arrival | None = None
        self._waited_s = 0.0
        self._is_surplus = False
        self._head_timer: asyncio.TimerHandle | None = None
        self._head_has_begun = False
        self._writes: WriteWatch | None = None
        inner = manager.request_handler

        async def begin(request: web.BaseRequest) -> web.StreamResponse:
            is_surplus, self._is_surplus = self._is_surplus, False
            waited_s, self._waited_s = self._waited_s, 0.0
            begin_passage(request, waited_s)
            fault = fault_of(request)
            if fault is not None:
                return self._refused(request, fault)
            return self._surplus(request) if is_surplus else await inner(request)

        self._request_handler = begin

    # --- life -----------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, if there is room for one more connection."""
        wire = cast("asyncio.Transport", transport)
        peer = wire.get_extra_info("peername")
        name = str(peer[0]) if peer else ""
        if not self._service.connections.take(name):
            self._turn_away(wire)
            return
        self._peer = name
        _bound_buffers(wire)
        self._writes = WriteWatch(wire, self._loop, self._limits.write_s)
        super().connection_made(transport)
        self._await_head()

    def _turn_away(self, wire: asyncio.Transport) -> None:
        """Say that there is no room, and end, without ever having been a connection of aiohttp."""
        self._manager = None
        self._force_close = True
        text = self._service.catalogue.text(say("connections_full"), Language.ENGLISH)
        wire.write(_bare("503 Service Unavailable", text))
        wire.close()
        self._loop.call_later(_AWAY_S, wire.abort)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Give back what the connection had."""
        if self._peer is not None:
            self._service.connections.give_back(self._peer)
            self._peer = None
        if self._arrival is not None:
            self._service.admission.pacing.leave(self._arrival)
            self._arrival = None
        self._head_is_there()
        if self._writes is not None:
            self._writes.end()
        super().connection_lost(exc)

    # --- heads ----------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        """Parse what has arrived; refuse a request at once where the host is at its limit."""
        waiter = self._waiter
        if waiter is None or waiter.done() or self._messages:
            super().data_received(data)
            if self._messages:
                self._head_is_there()
            return
        # Nobody is woken before it is known whether there is anything to wake for.
        self._waiter = None
        super().data_received(data)
        self._waiter = waiter
        if self._messages:
            self._head_is_there()
            self._let_in(waiter)
        elif data:
            self._await_head()
            self._head_has_begun = True

    def resume_reading(self, resume_parser: bool = True) -> None:
        """Read on, where reading was paused: aiohttp asks for it after every body."""
        if self._reading_paused:
            super().resume_reading(resume_parser)

    def _let_in(self, waiter: asyncio.Future[None]) -> None:
        """Have the request that is there begin in its turn, or refuse it."""
        admission, message = self._service.admission, self._messages[0][0]
        if not isinstance(message, RawRequestMessage) or not self._express.may_refuse(message.path):
            waiter.set_result(None)
        elif admission.lets_in:
            turn = partial(self._turn_comes, waiter)
            self._next_keepalive_close_time = self._loop.time() + self._keepalive_timeout
            self._arrival = admission.pacing.arrive(turn, self._loop)
        else:
            self._refuse(waiter)

    def _turn_comes(self, waiter: asyncio.Future[None], waited_s: float, is_late: bool) -> None:
        """The request that is there begins, unless it has waited in vain."""
        self._arrival = None
        if waiter.done() or not self._messages:
            return
        if is_late:
            self._refuse(waiter)
            return
        self._waited_s = waited_s
        waiter.set_result(None)

    def _refuse(self, waiter: asyncio.Future[None]) -> None:
        if not self._express.has_time(self._loop.time()):
            self._loop.call_later(HELD_S, self._let_in_later, waiter)
        elif not self._refuse_at_once():
            self._is_surplus = True
            waiter.set_result(None)

    def _let_in_later(self, waiter: asyncio.Future[None]) -> None:
        """Decide again about a request that there was no time even to refuse."""
        if self._waiter is waiter and not waiter.done() and self._messages:
            self._let_in(waiter)

    def _refuse_at_once(self) -> bool:
        """Refuse the one request that is there, if it is whole and may be refused."""
        message, payload = self._messages[0]
        transport, parser = self.transport, self._parser
        if (
            len(self._messages) > 1
            or not isinstance(message, RawRequestMessage)
            or message.version != HttpVersion11
            or message.upgrade
            or not payload.is_eof()
            or self._service.lifecycle.phase is not Phase.READY
            or transport is None
            or parser is None
            or self._request_factory is None
            or self._task_handler is None
        ):
            return False
        self._messages.popleft()
        parser.message_consumed()
        writer = StreamWriter(self, self._loop)
        request = self._request_factory(message, payload, self, writer, self._task_handler)
        if fault_of(request) is not None:
            self._messages.appendleft((message, payload))
            return False
        transport.write(self._express.refusal(request))
        self._next_keepalive_close_time = self._loop.time() + self._keepalive_timeout
        if message.should_close:
            self.force_close()
        return True

    def _await_head(self) -> None:
        if self._head_timer is None:
            self._head_timer = self._loop.call_later(self._limits.head_s, self._head_is_late)

    def _head_is_there(self) -> None:
        self._head_has_begun = False
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _head_is_late(self) -> None:
        """End the connection. Who has sent nothing at all has nothing to be told."""
        self._head_timer = None
        if self.transport is not None and self._waiter is not None and self._head_has_begun:
            late = say("head_timeout", seconds=f"{self._limits.head_s:g}")
            text = self._service.catalogue.text(late, Language.ENGLISH)
            self.transport.write(_bare("408 Request Timeout", text))
        self.force_close()

    # --- answers --------------------------------------------------------------------------------

    def pause_writing(self) -> None:
        """The other end does not take what is sent, for now."""
        super().pause_writing()
        if self._writes is not None:
            self._writes.begin()

    def resume_writing(self) -> None:
        """It has taken everything."""
        super().resume_writing()
        if self._writes is not None:
            self._writes.end()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002  aiohttp's signature; repeats the caller's bytes
    ) -> web.StreamResponse:
        """The response to what never became a request, or failed outside every middleware."""
        if request.writer.output_size > 0:
            raise ConnectionError("a part of the response is sent; another cannot follow")
        if status < _SERVER_ERROR:
            return self._refused(request, failures.malformed(), type(exc).__name__ if exc else "")
        service = self._service
        service.traffic.count(status)
        service.logger.error(
            "request failed", status=status, request_id=request_id_of(request), exc_info=exc
        )
        return self._response(request, failures.internal())

    def _refused(
        self, request: web.BaseRequest, failure: Failure, error: str = ""
    ) -> web.StreamResponse:
        """The response to what is no request of this server, with its log line."""
        service = self._service
        service.traffic.count(failure.status)
        service.logger.info(
            "request malformed",
            status=failure.status.value,
            request_id=request_id_of(request),
            error=error or failure.code,
        )
        return self._response(request, failure)

    def _surplus(self, request: web.BaseRequest) -> web.StreamResponse:
        """The refusal of a request that there is no room for, before its body is read."""
        self._express.count(request)
        return self._response(request, overload())

    def _response(self, request: web.BaseRequest, failure: Failure) -> web.StreamResponse:
        service = self._service
        response = failure_response(request, failure, service.catalogue, service.clock.time())
        add_headers(request, response, service)
        response.force_close()
        return response

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Send a response; one that aiohttp raised outside every middleware gets its envelope."""
        if isinstance(resp, web.HTTPException):
            failure, service = failures.of_http_error(resp, request.method), self._service
            resp = failure_response(request, failure, service.catalogue, service.clock.time())
        if self._upgraded and self._payload_parser is None:
            # A change of protocol was asked for and is not made: what follows may be meant for the
            # other protocol, so nothing of it is read.
            self._message_tail = b""
            resp.force_close()
        return await super().finish_response(request, resp, start_time)


def _bound_buffers(wire: asyncio.Transport) -> None:
    """Bound what one connection takes of the event loop's time and of the system's memory."""
    if hasattr(wire, "max_size"):
        wire.max_size = RECEIVED_BYTES
    # The system would let it grow to megabytes for somebody who reads nothing of it.
    wire.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SENT_BYTES)


def _bare(status: str, text: str) -> bytes:
    """An answer to somebody who has not asked anything yet, so in no envelope."""
    body = f"{text}\n".encode()
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\nRetry-After: 1\r\nConnection: close\r\n{bare_lines()}\r\n"
    )
    return head.encode() + body


_SERVER_ERROR = 500
_AWAY_S = 2.0
"""Seconds that somebody who is turned away has to take that."""
