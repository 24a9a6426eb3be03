"""A Sentry of one's own, on a real socket, that reads envelopes as Sentry does."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import attrs
import pytest
from ion_sentry.plugin import Sentry
from ion_sentry.settings import SentrySettings

from ion_framework.clock import SystemClock

KEY = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"


@attrs.define
class FakeSentry:
    """What a server was sent, and how it answers.

    Attributes:
        port: where it listens, on 127.0.0.1.
        status: what it answers.
        headers: further headers of its answers.
        raw: bodies of the envelopes, unpacked.
        auths: headers ``X-Sentry-Auth``.
        paths: paths that were asked for.
        arrived: set by every request.
        gate: answers wait until it is set.
    """

    port: int = 0
    status: int = 200
    headers: Mapping[str, str] = attrs.field(factory=dict)
    raw: list[bytes] = attrs.field(factory=list)
    auths: list[str] = attrs.field(factory=list)
    paths: list[str] = attrs.field(factory=list)
    arrived: threading.Event = attrs.field(factory=threading.Event)
    gate: threading.Event = attrs.field(factory=threading.Event)

    def __attrs_post_init__(self) -> None:
        self.gate.set()

    def dsn(self, project: int = 1) -> str:
        """Its address, as a client is told it."""
        return f"http://{KEY}@127.0.0.1:{self.port}/{project}"

    @property
    def items(self) -> list[tuple[str, dict[str, Any]]]:
        """The type and the document of every item of every envelope."""
        return [item for body in self.raw for item in items_of(body)]

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The documents of one type of item."""
        return [document for known, document in self.items if known == kind]


def items_of(body: bytes) -> Iterator[tuple[str, dict[str, Any]]]:
    """The items of an envelope, read by the lengths that their headers state."""
    head, _, rest = body.partition(b"\n")
    assert json.loads(head)["event_id"]
    while rest.strip():
        line, _, rest = rest.partition(b"\n")
        header = json.loads(line)
        length = header["length"]
        yield header["type"], json.loads(rest[:length])
        assert rest[length : length + 1] in (b"\n", b"")
        rest = rest[length + 1 :]


def serve(fake: FakeSentry) -> ThreadingHTTPServer:
    """A server that files what it is sent."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version: ClassVar[str] = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            fake.auths.append(self.headers["X-Sentry-Auth"])
            fake.paths.append(self.path)
            fake.arrived.set()
            fake.gate.wait(10)
            if fake.status == 200:
                fake.raw.append(gzip.decompress(body))
            self.send_response(fake.status)
            for name, value in fake.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    fake.port = server.server_port
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    return server


@pytest.fixture
def fakes() -> Iterator[Callable[[], FakeSentry]]:
    """A function that starts a server; all of them stop in the end."""
    servers: list[tuple[ThreadingHTTPServer, FakeSentry]] = []

    def start() -> FakeSentry:
        fake = FakeSentry()
        servers.append((serve(fake), fake))
        return fake

    yield start
    for server, fake in servers:
        fake.gate.set()
        server.shutdown()
        server.server_close()


@pytest.fixture
def fake(fakes: Callable[[], FakeSentry]) -> FakeSentry:
    """One server."""
    return fakes()


@pytest.fixture
def monitor() -> Callable[..., Sentry]:
    """A function that makes the plugin; it sends every trace unless it is told otherwise."""

    def make(dsn: str, *, clock: Any = None, logger: Any = None, **settings: Any) -> Sentry:
        import structlog

        given = SentrySettings(dsn=dsn, **({"traces_sample_rate": 1.0} | settings))
        return Sentry(given, clock or SystemClock(), logger or structlog.get_logger())

    return make
