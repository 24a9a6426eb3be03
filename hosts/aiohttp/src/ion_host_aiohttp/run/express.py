"""Refusing a request before it becomes one.

Under twice the load that a process can work on, half of what arrives is refused. What a refusal
costs is taken from the other half, so it may cost a few hundredths of a turn: it is written to the
connection as soon as the parser has seen the request, without a task, a route or a log line of its
own. The log tells once a second how many there were.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from aiohttp import hdrs, web
from aiohttp.helpers import rfc822_formatted_time

from ion_framework.pipeline.events import RequestCompleted
from ion_host_aiohttp.api.endpoint import Endpoint, ErrorStyle
from ion_host_aiohttp.api.headers import add_headers
from ion_host_aiohttp.api.passage import passage_of
from ion_host_aiohttp.api.request_id import request_id_of
from ion_host_aiohttp.api.responses import failure_response
from ion_host_aiohttp.run.admission import overload
from ion_host_aiohttp.service import Service

A_SECOND, BURST = 1000.0, 100.0
"""Refusals a second, and at once, that this process writes: a sixth of a processor. Clients who
come again without a pause could otherwise keep it busy with nothing else; further ones wait."""
EVERY_S = 1.0
"""Seconds between two log lines about refused requests."""


class Express:
    """The refusals of one host.

    Args:
        service: the host.
        endpoints: what it serves; some of it may never be refused.
    """

    def __init__(self, service: Service, endpoints: Iterable[Endpoint[Any]]) -> None:
        endpoints = tuple(endpoints)
        self._service = service
        kept = {each.path.partition("{")[0] for each in endpoints if not each.sheddable}
        self._kept = frozenset(kept)
        self._kept_below = tuple(path for path in kept if path.endswith("/") and path != "/")
        self._styles: Mapping[str, ErrorStyle] = {each.path: each.style for each in endpoints}
        self._untold = 0
        self._left = BURST
        self._counted_at = 0.0

    def has_time(self, now: float) -> bool:
        """Whether one more refusal may be written now; if so, it counts as written.

        Args:
            now: reading of the loop's clock.
        """
        self._left = min(BURST, self._left + (now - self._counted_at) * A_SECOND)
        self._counted_at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True

    def may_refuse(self, path: str) -> bool:
        """Whether what is at this address may be refused at all.

        Args:
            path: the target of a request, its query included.
        """
        address = path.partition("?")[0]
        return address not in self._kept and not address.startswith(self._kept_below)

    def refusal(self, request: web.BaseRequest) -> bytes:
        """The whole answer to a request that is refused, as it goes over the wire."""
        service = self._service
        self.count(request)
        at = service.clock.time()
        style = self._styles.get(request.path)
        if style is not None:
            passage_of(request).style = style
        response = failure_response(request, overload(), service.catalogue, at)
        add_headers(request, response, service)
        body = response.body
        assert isinstance(body, bytes)  # noqa: S101  failures are encoded before they get here
        response.headers[hdrs.CONTENT_LENGTH] = str(len(body))
        response.headers[hdrs.DATE] = rfc822_formatted_time()
        if not request.keep_alive:
            response.headers[hdrs.CONNECTION] = "close"
        lines = "".join(f"{name}: {value}\r\n" for name, value in response.headers.items())
        return f"{_STATUS_LINE}\r\n{lines}\r\n".encode() + body

    def count(self, request: web.BaseRequest) -> None:
        """A request is refused: for the figures, the observers and, once a second, the log."""
        service = self._service
        service.admission.count_shed()
        service.traffic.count(HTTPStatus.SERVICE_UNAVAILABLE)
        service.ion.emit(
            RequestCompleted(
                method=request.method,
                route=request.path if request.path in self._styles else "",
                status=HTTPStatus.SERVICE_UNAVAILABLE,
                request_id=request_id_of(request),
                at=service.clock.time(),
                duration_s=0.0,
            )
        )
        self._untold += 1
        if self._untold == 1:
            asyncio.get_running_loop().call_later(EVERY_S, self._tell)

    def _tell(self) -> None:
        self._service.logger.warning(
            "requests shed", number=self._untold, seconds=EVERY_S, **self._load()
        )
        self._untold = 0

    def _load(self) -> dict[str, object]:
        figures = self._service.admission.figures()
        return {"in_flight": figures.in_flight, "waiting": figures.waiting}


_STATUS_LINE = "HTTP/1.1 503 Service Unavailable"
