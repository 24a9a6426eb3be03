"""``GET /api/v2/ws``: many turns over one WebSocket."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from ion_host_aiohttp.access.caller import Scope
from ion_host_aiohttp.api.endpoint import Call, Endpoint, ErrorCase, ErrorStyle
from ion_host_aiohttp.api.upgrades import Upgrade
from ion_host_aiohttp.service import Service
from ion_host_aiohttp.streaming.socket_session import SocketSession

_DESCRIPTION = """\
JSON messages as text frames of at most 64 KiB, uncompressed; `STREAMING.md` of the host has their
JSON Schema.

- Callers send `{"type": "turn", "id": "1", "text": "…"}` with the members of `POST /api/v2/process`
  besides (and `persona`, `deadline_ms`), `{"type": "cancel", "id": "1"}` and `{"type": "ping"}`.
  A turn with `conversation_id` goes on with a conversation: it has `text`, `metadata`,
  `idempotency_key` and `deadline_ms`, and is made, kept and repeated as by
  `POST /api/v2/conversations/{id}/turn`. Members that are not named are refused.
- The host sends `{"type", "id", "data"}`: `receipt`, `delta` …, `done` of a turn, as in the stream
  of `POST /api/v2/process`, or `error` with the body of an error; `pong`; and `goaway` when it is
  being stopped, after which turns that run are ended and the connection is closed (1001).
- At most 4 turns run at once; each counts as a request in the rate limit. Who does not read holds
  its turns back, and is cut off after 10 seconds. A connection without messages and turns is closed
  after 5 minutes (1000), any after an hour (1001), one with 16 wrong messages at once (1008), one
  with a message that is too large at once (1009).
- Credentials stand in `Authorization` or `X-API-Key`. Pages in a browser can set neither; they name
  two subprotocols, `ion.v2` and `bearer.<token>`. They never stand in the address. Only pages of
  the host itself and of listed origins may connect.
"""


async def converse(call: Call[Any], service: Service) -> Upgrade:
    """Open a WebSocket."""
    session = SocketSession(call, service)
    return Upgrade(serve=session.serve, log=session.log)


WEBSOCKET: Endpoint[Any] = Endpoint(
    method="GET",
    path="/api/v2/ws",
    handler=converse,
    style=ErrorStyle.V2,
    summary="Many turns over one WebSocket, each answered while it is made.",
    description=_DESCRIPTION,
    status=HTTPStatus.SWITCHING_PROTOCOLS,
    errors=(
        ErrorCase(
            HTTPStatus.BAD_REQUEST,
            "UNKNOWN_SUBPROTOCOL",
            "Subprotocols are named, and `ion.v2` is not among them.",
        ),
        ErrorCase(
            HTTPStatus.FORBIDDEN, "ORIGIN_REFUSED", "The web page that asks may not connect."
        ),
        ErrorCase(HTTPStatus.UPGRADE_REQUIRED, "UPGRADE_REQUIRED", "It is no opening handshake."),
    ),
    scope=Scope.CHAT,
    streams=True,
    upgrade=True,
)
