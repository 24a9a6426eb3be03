"""Every response has its headers: each route, each status, each kind of origin."""

from __future__ import annotations

import asyncio
import io
import re
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

import attrs
from aiohttp import ClientSession, web
from aiohttp.test_utils import make_mocked_request
from ion_host_aiohttp.api.catalog import all_endpoints
from ion_host_aiohttp.api.endpoint import Answer, Call, Endpoint, ErrorStyle
from ion_host_aiohttp.browser.cors import is_allowed_origin
from ion_host_aiohttp.errors.failure import Failure, RequestFailed
from ion_host_aiohttp.errors.messages import say
from ion_host_aiohttp.run.addresses import bind
from ion_host_aiohttp.run.composition import opened_service
from ion_host_aiohttp.run.logs import make_logger
from ion_host_aiohttp.run.server import HttpServer
from ion_host_aiohttp.service import Service
from multidict import CIMultiDict, CIMultiDictProxy

from ion_framework import Ion, hookimpl
from ion_framework.plugin_host.discovery import Candidate, inline, installed
from ion_framework.settings.model import LogSettings, Settings
from ion_framework.settings.serving import (
    CorsSettings,
    LimitSettings,
    RateSettings,
    ServerSettings,
)
from ion_framework.testing import make_manifest
from perf.reliability.header_table import LISTED, SAFE, Origin, faults, origins
from perf.reliability.promise import Finding, Promise, Setting

STATUSES = (200, 400, 401, 403, 404, 405, 409, 413, 415, 422, 429, 500, 503, 504)
JSON = {"Content-Type": "application/json"}
EVENTS = "text/event-stream"
BYTES = (
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    b"POST /chat HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
    b"TRACE / HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET / HTTP/1.0\r\nHost: a b\r\n\r\n",
)


@attrs.frozen
class Row:
    """A row of the table: one kind of request, sent from every kind of origin.

    Attributes:
        method: HTTP method.
        path: address.
        body: what is sent.
        headers: what is sent along.
        preflight: whether it is one, so that listed pages are answered by the host itself.
        upgrade: whether it asks for a WebSocket, which browsers open for any page.
    """

    method: str
    path: str
    body: bytes | None = None
    headers: Mapping[str, str] = attrs.field(factory=dict)
    preflight: bool = False
    upgrade: bool = False


class Statuses:
    """Provides an endpoint that answers with any status, and one that waits."""

    def __init__(self) -> None:
        self.entered = asyncio.Event()
        self.leave = asyncio.Event()

    @hookimpl
    def ion_provide_routes(self) -> list[Endpoint[Any]]:
        """The endpoints, of both kinds of errors."""
        return [
            Endpoint(
                method="GET",
                path=path,
                handler=handler,
                style=style,
                summary="A status.",
                scope=None,
            )
            for path, handler, style in (
                ("/status/{status}", self._fail, ErrorStyle.V1),
                ("/api/v2/status/{status}", self._fail, ErrorStyle.V2),
                ("/wait", self._wait, ErrorStyle.V1),
            )
        ]

    async def _fail(self, call: Call[Any], service: Service) -> Answer:  # noqa: ARG002  a handler's signature
        status = HTTPStatus(int(call.path["status"]))
        if status is HTTPStatus.OK:
            return Answer(body={"status": status})
        if status is HTTPStatus.INTERNAL_SERVER_ERROR:
            raise RuntimeError("as nobody foresaw")
        raise RequestFailed(Failure(status=status, code="CHECKED", message=say("not_found")))

    async def _wait(self, call: Call[Any], service: Service) -> Answer:  # noqa: ARG002  a handler's signature
        self.entered.set()
        await self.leave.wait()
        return Answer(body={})


@attrs.frozen
class Host:
    """A host in operation.

    Attributes:
        url: its address.
        port: its port.
        session: a client.
        endpoints: what it serves.
        service: what they share.
        statuses: the endpoints of this check.
    """

    url: str
    port: int
    session: ClientSession
    endpoints: Sequence[Endpoint[Any]]
    service: Service
    statuses: Statuses


@asynccontextmanager
async def host(setting: Setting, limit: str = "off", **sections: Any) -> AsyncIterator[Host]:
    """A host of this process, with the installed plugins and the endpoints of this check."""
    statuses = Statuses()
    extra = inline(make_manifest("statuses", "extension"), lambda _context: statuses)

    def source() -> tuple[Candidate, ...]:
        return (*installed(), extra)

    settings = Settings(
        cors=CorsSettings(origins=(LISTED,)),
        rate=RateSettings(limit=limit, strays="off"),
        data_dir=setting.folder,
        **sections,
    )
    logger = make_logger(io.StringIO(), LogSettings())
    async with (
        Ion(settings, source=source, environ={}) as ion,
        opened_service(ion, settings, logger) as service,
    ):
        endpoints = all_endpoints(ion.provisions.routes).endpoints
        server = HttpServer(service, endpoints, bind("127.0.0.1", 0, insecure=False))
        await server.start()
        url = f"http://127.0.0.1:{server.port}"
        try:
            async with ClientSession(url) as session:
                yield Host(url, server.port, session, endpoints, service, statuses)
        finally:
            statuses.leave.set()
            await server.stop()


def table(endpoints: Iterable[Endpoint[Any]]) -> Iterator[Row]:
    """Every row: each endpoint as meant, with broken bodies, by wrong methods, and no endpoint."""
    for endpoint in endpoints:
        if endpoint.path == "/wait":
            continue
        # What every endpoint takes for a variable part; a conversation has to be called so.
        path = _VARIABLE.sub("session_lua", endpoint.path)
        body = b"{}" if endpoint.request else None
        yield Row(endpoint.method, path, body, JSON, upgrade=endpoint.upgrade)
        if endpoint.request is not None:
            yield Row(endpoint.method, path, b'{"message": "hi", "user_input": "hi"}', JSON)
            yield Row(endpoint.method, path, b"{", JSON)
            yield Row(endpoint.method, path, b"hi", {"Content-Type": "text/plain"})
            yield Row(endpoint.method, path, b" " * 300_000, JSON)
        for method in ("HEAD", "PATCH", "OPTIONS"):
            yield Row(method, path, upgrade=endpoint.upgrade and method == "HEAD")
        asked = {"Access-Control-Request-Method": endpoint.method}
        yield Row("OPTIONS", path, headers=asked, preflight=True)
    for prefix in ("/status", "/api/v2/status"):
        yield from (Row("GET", f"{prefix}/{status}") for status in STATUSES)
    for path in ("/nowhere", "/api/v2/nowhere"):
        yield from (Row(method, path) for method in ("GET", "POST", "OPTIONS"))
        yield Row("GET", path, headers={"Expect": "cake"})


_VARIABLE = re.compile(r"\{(?:[^{}]|\{[^{}]*\})*\}")


async def deviations(
    found: Host, row: Row, origin: Origin, seen: Counter[int], *, https: bool = False
) -> Sequence[str]:
    """What deviates in the response to one request.

    Args:
        found: the host.
        row: the request.
        origin: where it comes from.
        seen: counts the statuses.
        https: whether it comes by https, through a trusted proxy.
    """
    headers = {**row.headers, **origin.headers}
    async with found.session.request(
        row.method, row.path, data=row.body, headers=headers, allow_redirects=False
    ) as response:
        if response.content_type == EVENTS:  # it lasts, and its headers are there already
            response.close()
        else:
            await response.read()
    seen[response.status] += 1
    wrong = list(faults(response.headers, origin, https=https))
    unsafe = row.method not in SAFE or row.preflight or row.upgrade
    is_refused = unsafe and not origin.admitted
    if is_refused != (response.status == HTTPStatus.FORBIDDEN) and not row.path.endswith("/403"):
        wrong.append(f"status {response.status}")
    if row.preflight and origin.listed and response.status != HTTPStatus.NO_CONTENT:
        wrong.append(f"status {response.status} of a preflight")
    return [f"{row.method} {row.path} from {origin.name}: {fault}" for fault in wrong]


async def check(setting: Setting) -> Sequence[Finding]:
    """Send every row from every origin; then what no row can send."""
    seen: Counter[int] = Counter()
    wrong: list[str] = []
    async with host(setting) as found:
        rows = tuple(table(found.endpoints))
        for row in rows:
            for origin in origins(found.url):
                wrong += await deviations(found, row, origin, seen)
        for sent in BYTES:
            wrong += await _deviations_of_bytes(found, sent, seen)
        sockets = _deviations_of_sockets(found)
    proxied = await _behind_a_proxy(setting, seen)
    shed = await _under_overload(setting, seen)
    total = sum(seen.values())
    return (
        _finding(f"deviations in {total} responses of {len(rows)} rows", wrong),
        _finding("deviations behind a proxy that says https", proxied),
        _finding("deviations in what is shed under overload", shed),
        _finding("origins misjudged for WebSockets", sockets),
        Finding(
            "statuses in the table",
            "12 or more",
            f"{len(seen)}: {', '.join(str(status) for status in sorted(seen))}",
            len(seen) >= _STATUSES,
        ),
    )


_STATUSES = 12
_SHOWN = 5


def _finding(what: str, wrong: Sequence[str]) -> Finding:
    return Finding(what, "0", f"{len(wrong)} {list(wrong[:_SHOWN]) or ''}".strip(), not wrong)


async def _deviations_of_bytes(found: Host, sent: bytes, seen: Counter[int]) -> Sequence[str]:
    """What deviates in the answer to bytes that are no request."""
    reader, writer = await asyncio.open_connection("127.0.0.1", found.port)
    try:
        writer.write(sent)
        answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), timeout=5)
    finally:
        writer.close()
        await writer.wait_closed()
    head = answer.decode("latin-1").strip().split("\r\n")
    seen[int(head[0].split(" ")[1])] += 1
    pairs = (line.partition(":") for line in head[1:])
    headers = CIMultiDictProxy(CIMultiDict((name, value.strip()) for name, _, value in pairs))
    return [f"{sent[:20]!r}: {fault}" for fault in faults(headers, Origin("absent", None))]


def _deviations_of_sockets(found: Host) -> Sequence[str]:
    """What an endpoint for WebSockets, which browsers open unasked, would be told wrongly."""
    wrong = []
    for origin in origins(found.url):
        headers = {"Host": found.url.removeprefix("http://"), **origin.headers}
        request: web.Request = make_mocked_request("GET", "/", headers=headers)
        if is_allowed_origin(request, found.service) != origin.admitted:
            wrong.append(origin.name)
    return wrong


async def _behind_a_proxy(setting: Setting, seen: Counter[int]) -> Sequence[str]:
    """What deviates where a trusted proxy ended the encryption."""
    wrong: list[str] = []
    proxies = ServerSettings(trusted_proxies=("127.0.0.0/8",))
    # Where others come through a proxy, a host does not start without a limit.
    async with host(setting, "1000000/minute", server=proxies) as found:
        for path in ("/", "/health/live", "/nowhere", "/status/500", "/status/429"):
            for scheme in ("https", "http"):
                row = Row("GET", path, headers={"X-Forwarded-Proto": scheme})
                for origin in origins(found.url):
                    https = scheme == "https"
                    wrong += await deviations(found, row, origin, seen, https=https)
    return wrong


async def _under_overload(setting: Setting, seen: Counter[int]) -> Sequence[str]:
    """What deviates in refusals that are written before there is a request."""
    wrong: list[str] = []
    async with host(setting, limits=LimitSettings(in_flight=1, queue=0)) as found:
        waiting = asyncio.ensure_future(found.session.get("/wait"))
        await found.statuses.entered.wait()
        before = seen[HTTPStatus.SERVICE_UNAVAILABLE]
        for origin in origins(found.url):
            wrong += await deviations(found, Row("GET", "/status/200"), origin, seen)
        if seen[HTTPStatus.SERVICE_UNAVAILABLE] == before:
            wrong.append("nothing was shed")
        found.statuses.leave.set()
        (await waiting).release()
    return wrong


PROMISE = Promise(
    number=22,
    title="headers, CORS and origins: every route, status and kind of origin, 0 deviations",
    check=check,
    seconds=10,
    fast=True,
)
