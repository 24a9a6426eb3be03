"""Making a WebSocket of a connection, and bounding it."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import attrs
from aiohttp import WSMsgType, hdrs, web

from ion_host_aiohttp.api.encoding import encode
from ion_host_aiohttp.api.endpoint import Call, Endpoint
from ion_host_aiohttp.api.gate import let_in
from ion_host_aiohttp.api.incoming import ask_guards
from ion_host_aiohttp.api.middleware import log_fields, unbound
from ion_host_aiohttp.api.passage import passage_of
from ion_host_aiohttp.api.upgrades import PROTOCOL, CloseCode, NotTextError, Upgrade
from ion_host_aiohttp.browser.cors import is_allowed_origin, origin_refused
from ion_host_aiohttp.errors import failures
from ion_host_aiohttp.errors.failure import Failure, RequestFailed
from ion_host_aiohttp.errors.messages import say
from ion_host_aiohttp.run.lifecycle import Phase
from ion_host_aiohttp.service import Service

MESSAGE_BYTES = 65536
"""Bytes of one message; a longer one closes the connection (1009)."""
HEARTBEAT_S = 20.0
"""Seconds between two pings; who does not answer one within half of that is gone."""
SOCKET_S = 3600.0
"""Seconds after which a connection is closed (1001), however much it is used."""
CLOSE_S = 0.4
"""Seconds that the other end has to answer a close; less than what is left at the end of the host,
when aiohttp reads nothing any more."""


def check_upgrade(request: web.Request, service: Service) -> None:
    """Whether a request can become a WebSocket. Browsers do not ask before they open one.

    Raises:
        RequestFailed: 403, 400, 426 or 503.
    """
    if not is_allowed_origin(request, service):
        raise RequestFailed(origin_refused())
    offered = _offered(request)
    if offered and PROTOCOL not in offered:
        raise RequestFailed(
            Failure(
                status=HTTPStatus.BAD_REQUEST,
                code="UNKNOWN_SUBPROTOCOL",
                message=say("unknown_subprotocol", known=PROTOCOL),
                field="Sec-WebSocket-Protocol",
            )
        )
    if not web.WebSocketResponse(protocols=(PROTOCOL,)).can_prepare(request).ok:
        raise RequestFailed(
            Failure(
                status=HTTPStatus.UPGRADE_REQUIRED,
                code="UPGRADE_REQUIRED",
                message=say("upgrade_required"),
                headers={hdrs.UPGRADE: "websocket", hdrs.SEC_WEBSOCKET_VERSION: "13"},
            )
        )
    if service.lifecycle.phase is Phase.DRAINING:
        raise RequestFailed(failures.cut_off())


def _offered(request: web.Request) -> list[str]:
    values = request.headers.getall(hdrs.SEC_WEBSOCKET_PROTOCOL, ())
    return [item.strip() for value in values for item in value.split(",") if item.strip()]


async def open_socket(
    request: web.Request,
    upgrade: Upgrade,
    endpoint: Endpoint[Any],
    service: Service,
    call: Call[Any],
) -> web.StreamResponse:
    """Serve a WebSocket to its end.

    Raises:
        RequestFailed: 429 or 503 where there is no place for one more.
    """
    passage = passage_of(request)
    socket = web.WebSocketResponse(
        timeout=CLOSE_S,
        heartbeat=HEARTBEAT_S,
        protocols=(PROTOCOL,),
        compress=False,
        max_msg_size=MESSAGE_BYTES,
        # Every message waits until the system has taken it, which holds back what makes them.
        writer_limit=0,
    )
    try:
        with service.streaming.sockets.place(call.caller.subject):
            await unbound(request, service)
            passage.begun_at, passage.lasting = service.clock.monotonic(), True
            await socket.prepare(request)
            wire = HostWire(socket, request, endpoint, service, call)
            try:
                with service.lifecycle.within(SOCKET_S):
                    await upgrade.serve(wire)
            except TimeoutError:
                await wire.close(CloseCode.GOING_AWAY)
            finally:
                await wire.close(CloseCode.NORMAL)
    finally:
        passage.log_fields = log_fields(upgrade.log)
    return socket


class HostWire:
    """A WebSocket of aiohttp as handlers see it.

    Args:
        socket: the WebSocket, prepared.
        request: what it was made of.
        endpoint: what serves it.
        service: the host.
        call: its opening.
    """

    def __init__(
        self,
        socket: web.WebSocketResponse,
        request: web.Request,
        endpoint: Endpoint[Any],
        service: Service,
        call: Call[Any],
    ) -> None:
        self._socket = socket
        self._request = request
        self._turns = attrs.evolve(endpoint, runs_turns=True, cost=1)
        self._service = service
        self._call = call
        self.draining = service.lifecycle.draining

    async def receive(self, timeout_s: float) -> str | None:
        """The next message; see `Wire`."""
        message = await self._socket.receive(timeout=timeout_s)
        if message.type is WSMsgType.TEXT:
            return str(message.data)
        if message.type is WSMsgType.BINARY:
            raise NotTextError
        return None

    async def send(self, document: object) -> None:
        """Send a document; see `Wire`."""
        if self._socket.closed:
            return
        try:
            await self._socket.send_str(encode(document).decode())
        except ConnectionError:
            # Whoever receives learns of it, and ends the connection.
            return

    async def close(self, code: CloseCode, reason: str = "") -> None:
        """Close it; see `Wire`."""
        if not self._socket.closed:
            await self._socket.close(code=code, message=reason.encode())

    async def admit(self, body: Any) -> Call[Any]:
        """A call with this body; see `Wire`.

        The credentials are looked at anew: a key that was revoked stops working at once.
        """
        caller = await let_in(self._request, self._turns, self._service)
        call = attrs.evolve(self._call, body=body, caller=caller)
        await ask_guards(self._request, self._turns, self._service, call)
        return call
