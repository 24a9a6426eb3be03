"""A server that takes what monitors send, on a real socket: it keeps that, and plays faults.

    with FakeCollector() as collector:
        send_to(collector.url)
        assert collector.bodies
        collector.status = 503       # refuses from now on
        collector.hang()             # takes requests and answers none of them
        collector.resume()

It knows no protocol: a subclass reads the bodies, and says what an answer looks like. It answers in
threads of its own, so that a test may block its own.
"""

from __future__ import annotations

import gzip
import threading
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

import attrs

_HOST = "127.0.0.1"
_POLL_S = 0.02


@attrs.frozen
class Delivery:
    """A request that was answered.

    Attributes:
        path: what was asked for, with its query.
        headers: its headers, their names in small letters.
        body: its body, unpacked where it was packed with gzip.
        status: what it was answered with.
    """

    path: str
    headers: Mapping[str, str]
    body: bytes = attrs.field(repr=False)
    status: int


@attrs.define(eq=False)
class FakeCollector:
    """What it was sent, and how it answers; a context manager that listens in between.

    Attributes:
        status: what it answers.
        answer_headers: further headers of its answers.
        answer_body: the body of its answers.
        deliveries: the requests, in the order of their answers.
        arrived: set by every request, before it is answered.
    """

    status: int = HTTPStatus.OK
    answer_headers: Mapping[str, str] = attrs.field(factory=dict)
    answer_body: bytes = b""
    deliveries: list[Delivery] = attrs.field(factory=list, init=False)
    arrived: threading.Event = attrs.field(factory=threading.Event, init=False)
    _gate: threading.Event = attrs.field(factory=threading.Event, init=False)
    _server: ThreadingHTTPServer | None = attrs.field(default=None, init=False)

    @property
    def port(self) -> int:
        """Where it listens.

        Raises:
            RuntimeError: it was not started.
        """
        if self._server is None:
            raise RuntimeError("the collector was not started: use it with `with`, or start() it")
        return self._server.server_port

    @property
    def url(self) -> str:
        """Its address.

        Raises:
            RuntimeError: it was not started.
        """
        return f"http://{_HOST}:{self.port}"

    @property
    def bodies(self) -> list[bytes]:
        """The bodies of those requests that it took: its answer was a success."""
        return [item.body for item in self.deliveries if item.status < HTTPStatus.MULTIPLE_CHOICES]

    @property
    def paths(self) -> list[str]:
        """What was asked for, request by request."""
        return [item.path for item in self.deliveries]

    def header(self, name: str) -> list[str | None]:
        """A header of every request, None where one had none."""
        return [item.headers.get(name.lower()) for item in self.deliveries]

    def hang(self) -> None:
        """Answer nothing from now on, until `resume`; connections are taken, and requests read."""
        self._gate.clear()

    def resume(self) -> None:
        """Answer again, those that wait first."""
        self._gate.set()

    def start(self) -> None:
        """Begin to listen.

        Raises:
            RuntimeError: it listens already.
        """
        if self._server is not None:
            raise RuntimeError(f"the collector listens already, at {self.url}")
        self.resume()
        server = ThreadingHTTPServer((_HOST, 0), _handler(self))
        server.daemon_threads = True
        # Those of requests that hang would be waited for.
        server.block_on_close = False
        self._server = server
        threading.Thread(target=server.serve_forever, args=(_POLL_S,), daemon=True).start()

    def stop(self) -> None:
        """Listen no longer, and let go what hangs; what was delivered stays. Does no harm twice."""
        server, self._server = self._server, None
        self.resume()
        if server is not None:
            server.shutdown()
            server.server_close()

    def __enter__(self) -> Self:
        """Begin to listen."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Listen no longer."""
        self.stop()

    def take(self, path: str, headers: Mapping[str, str], body: bytes) -> int:
        """Keep a request, once the gate is open; gives the status of its answer."""
        status = self.status  # as it is now: whoever waits for `arrived` may change it
        self.arrived.set()
        self._gate.wait()
        packed = headers.get("content-encoding", "") == "gzip"
        body = gzip.decompress(body) if packed else body
        self.deliveries.append(Delivery(path, headers, body, status))
        return status


def _handler(collector: FakeCollector) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            headers = {name.lower(): text for name, text in self.headers.items()}
            if "content-length" not in headers:
                self.send_error(HTTPStatus.LENGTH_REQUIRED)
                return
            body = self.rfile.read(int(headers["content-length"]))
            self._answer(collector.take(self.path, headers, body))

        def _answer(self, status: int) -> None:
            self.send_response(status)
            for name, value in collector.answer_headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(collector.answer_body)))
            self.end_headers()
            self.wfile.write(collector.answer_body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler
