"""A collector of one's own, on a real socket, that reads OTLP as collectors do."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import attrs
import pytest
from ion_otel.plugin import Otel
from ion_otel.settings import OtelSettings
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from ion_framework.clock import SystemClock


@attrs.frozen
class SeenSpan:
    """A span as it arrived.

    Attributes:
        name: its name.
        kind: its kind, as the protocol numbers them.
        trace_id: its trace.
        span_id: itself.
        parent_id: what it is a part of, empty without.
        start: its beginning, nanoseconds since the Unix epoch.
        end: its end.
        attributes: its attributes; lists are tuples.
        failed: whether its status is an error.
        state: its ``tracestate``.
        is_remote: whether what it is a part of is another service's.
    """

    name: str
    kind: int
    trace_id: str
    span_id: str
    parent_id: str
    start: int
    end: int
    attributes: Mapping[str, Any]
    failed: bool
    state: str
    is_remote: bool


@attrs.define
class FakeCollector:
    """What a server was sent, and how it answers.

    Attributes:
        port: where it listens, on 127.0.0.1.
        status: what it answers.
        raw: bodies of the requests, unpacked.
        headers: headers of the requests.
        paths: paths that were asked for.
        arrived: set by every request.
        gate: answers wait until it is set.
    """

    port: int = 0
    status: int = 200
    raw: list[bytes] = attrs.field(factory=list)
    headers: list[Mapping[str, str]] = attrs.field(factory=list)
    paths: list[str] = attrs.field(factory=list)
    arrived: threading.Event = attrs.field(factory=threading.Event)
    gate: threading.Event = attrs.field(factory=threading.Event)

    def __attrs_post_init__(self) -> None:
        self.gate.set()

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def requests(self) -> list[ExportTraceServiceRequest]:
        """The requests, read by the protocol."""
        return [ExportTraceServiceRequest.FromString(body) for body in self.raw]

    @property
    def resources(self) -> list[Mapping[str, Any]]:
        """The services that spans came from."""
        return [
            _values(found.resource.attributes)
            for one in self.requests
            for found in one.resource_spans
        ]

    @property
    def scopes(self) -> list[Any]:
        """What made the spans."""
        return [
            scope
            for one in self.requests
            for found in one.resource_spans
            for scope in found.scope_spans
        ]

    @property
    def spans(self) -> list[SeenSpan]:
        """Every span."""
        return [_seen(span) for scope in self.scopes for span in scope.spans]

    def named(self, name: str) -> list[SeenSpan]:
        """The spans of a name."""
        return [span for span in self.spans if span.name == name]


def _seen(span: Any) -> SeenSpan:
    return SeenSpan(
        name=span.name,
        kind=span.kind,
        trace_id=span.trace_id.hex(),
        span_id=span.span_id.hex(),
        parent_id=span.parent_span_id.hex(),
        start=span.start_time_unix_nano,
        end=span.end_time_unix_nano,
        attributes=_values(span.attributes),
        failed=span.status.code == 2,
        state=span.trace_state,
        is_remote=bool(span.flags & 0x200),
    )


def _values(attributes: Any) -> Mapping[str, Any]:
    return {item.key: _value(item.value) for item in attributes}


def _value(value: Any) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return tuple(_value(item) for item in value.array_value.values)
    return getattr(value, kind)


def serve(fake: FakeCollector) -> ThreadingHTTPServer:
    """A server that files what it is sent."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version: ClassVar[str] = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            fake.headers.append({name.lower(): text for name, text in self.headers.items()})
            fake.paths.append(self.path)
            fake.arrived.set()
            fake.gate.wait(10)
            if fake.status == 200:
                packed = self.headers.get("Content-Encoding") == "gzip"
                fake.raw.append(gzip.decompress(body) if packed else body)
            answer = ExportTraceServiceResponse().SerializeToString()
            self.send_response(fake.status)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    fake.port = server.server_port
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    return server


@pytest.fixture
def fakes() -> Iterator[Callable[[], FakeCollector]]:
    """A function that starts a server; all of them stop in the end."""
    servers: list[tuple[ThreadingHTTPServer, FakeCollector]] = []

    def start() -> FakeCollector:
        fake = FakeCollector()
        servers.append((serve(fake), fake))
        return fake

    yield start
    for server, fake in servers:
        fake.gate.set()
        server.shutdown()
        server.server_close()


@pytest.fixture
def fake(fakes: Callable[[], FakeCollector]) -> FakeCollector:
    """One server."""
    return fakes()


@pytest.fixture
def monitor() -> Callable[..., Otel]:
    """A function that makes the plugin."""

    def make(endpoint: str, *, clock: Any = None, logger: Any = None, **settings: Any) -> Otel:
        import structlog

        given = OtelSettings(endpoint=endpoint, **settings)
        return Otel(given, clock or SystemClock(), logger or structlog.get_logger(), "1.2.3")

    return make
