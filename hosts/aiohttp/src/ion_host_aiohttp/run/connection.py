"""One client's connection: aiohttp's handler, hardened where a request never gets to a middleware.

Bytes that are not HTTP, and expectations that cannot be met, are answered by aiohttp itself: as
plain text, with a banner, with a traceback in the log for every scanner that comes by. Here they
get the same envelope and headers as everything else, and one log line.
"""

from __future__ import annotations

import asyncio
import socket
from typing import Any

from aiohttp import web

from ion_host_aiohttp.api.headers import add_headers
from ion_host_aiohttp.api.request_id import request_id_of
from ion_host_aiohttp.api.responses import failure_response
from ion_host_aiohttp.errors import failures
from ion_host_aiohttp.service import Service

KEEPALIVE_S = 75.0
LINGERING_S = 2.0
"""How long the rest of a refused body is read, so that the caller gets to see the refusal."""


class Connection(web.RequestHandler):
    """aiohttp's protocol with the host's error envelope."""

    def __init__(self, manager: web.Server, service: Service, **options: Any) -> None:
        super().__init__(manager, **options)
        self._service = service

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
        malformed = status < _SERVER_ERROR
        service = self._service
        service.traffic.count(status)
        log = service.logger.info if malformed else service.logger.error
        log(
            "request malformed" if malformed else "request failed",
            status=status,
            request_id=request_id_of(request),
            error=type(exc).__name__ if exc else "",
            exc_info=None if malformed else exc,
        )
        failure = failures.malformed() if malformed else failures.internal()
        response = failure_response(request, failure, service.clock.time())
        add_headers(request, response)
        response.force_close()
        return response

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Send a response; one that aiohttp raised outside every middleware gets its envelope."""
        if isinstance(resp, web.HTTPException):
            failure = failures.of_http_error(resp, request.method)
            resp = failure_response(request, failure, self._service.clock.time())
        return await super().finish_response(request, resp, start_time)


_SERVER_ERROR = 500


class HardenedSite(web.BaseSite):
    """A site on a bound socket, whose connections are of the class above."""

    def __init__(self, runner: web.BaseRunner, service: Service, bound: socket.socket) -> None:
        super().__init__(runner)
        self._service = service
        self._socket = bound

    @property
    def name(self) -> str:
        """The address, for aiohttp's messages."""
        host, port = self._socket.getsockname()[:2]
        return f"http://{host}:{port}"

    async def start(self) -> None:
        """Listen."""
        await super().start()
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._connection, sock=self._socket)

    def _connection(self) -> Connection:
        manager = self._runner.server
        assert manager is not None  # noqa: S101  BaseSite refuses a runner that is not set up
        return Connection(
            manager,
            self._service,
            loop=asyncio.get_running_loop(),
            keepalive_timeout=KEEPALIVE_S,
            lingering_time=LINGERING_S,
            access_log=None,
            auto_decompress=False,
        )
