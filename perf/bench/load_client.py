"""A load of kept-alive connections: ``python -m perf.bench.load_client --port N …``.

A client must not be what a server waits for. This one is a process of its own, on a core of its own
where there are two, and does no more for an answer than it must: it waits for all connections at
once by the system's own means (epoll), sends bytes that were put together before, and reads until
the length that the head names. Each connection sends its next message when it has its answer; one
that was refused for want of room waits first. It prints one JSON document and says in it how busy
it was itself.
"""

from __future__ import annotations

import argparse
import heapq
import json
import re
import selectors
import socket
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence

PATIENCE_S = 30.0
"""Seconds in which every answer has to be there."""
PAUSE_S = 0.1
"""Seconds that a connection waits after a refusal."""
GOOD, REFUSED = 200, 503
_RECEIVED = 1 << 18
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class Wire:
    """One connection.

    Args:
        port: port of the server on this machine.
    """

    __slots__ = ("began", "received", "socket")

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.began = 0.0
        self.received = b""

    def ask(self, request: bytes) -> None:
        """Send a request."""
        self.began = time.perf_counter()
        self.socket.sendall(request)

    def answer(self) -> int:
        """The status of the answer, once all of it is there; 0 before.

        Raises:
            ConnectionError: the connection has ended.
        """
        piece = self.socket.recv(_RECEIVED)
        if not piece:
            raise ConnectionResetError("the server has closed a connection of the load")
        received = self.received + piece if self.received else piece
        end = received.find(b"\r\n\r\n")
        length = _LENGTH.search(received, 0, end) if end >= 0 else None
        if length is None or len(received) < end + 4 + int(length[1]):
            self.received = received
            return 0
        self.received = b""
        return int(received[9:12])


class Load:
    """Connections that ask until the time is up.

    Args:
        wires: the connections.
        requests: what they send, one after the other.
        seconds: length of the load.
    """

    def __init__(self, wires: Sequence[Wire], requests: Iterator[bytes], seconds: float) -> None:
        self.took_s: list[float] = []
        self.statuses: Counter[int] = Counter()
        self._wires = wires
        self._requests = requests
        self._seconds = seconds
        self._paused: list[tuple[float, int]] = []

    def run(self) -> float:
        """Ask and listen; gives the seconds that it took.

        Raises:
            TimeoutError: an answer did not come in time.
        """
        with selectors.DefaultSelector() as selector:
            for wire in self._wires:
                selector.register(wire.socket, selectors.EVENT_READ, wire)
            began = time.perf_counter()
            ends = began + self._seconds
            for wire in self._wires:
                wire.ask(next(self._requests))
            while (now := time.perf_counter()) < ends:
                self._resume(now)
                ready = selector.select(self._wait_s(now, ends))
                if not ready and not self._paused and time.perf_counter() < ends:
                    raise TimeoutError(f"no answer within {PATIENCE_S:g} s")
                for key, _ in ready:
                    self._hear(key.data)
        return time.perf_counter() - began

    def _hear(self, wire: Wire) -> None:
        status = wire.answer()
        if not status:
            return
        now = time.perf_counter()
        self.statuses[status] += 1
        if status == REFUSED:
            heapq.heappush(self._paused, (now + PAUSE_S, self._wires.index(wire)))
            return
        self.took_s.append(now - wire.began)
        wire.ask(next(self._requests))

    def _resume(self, now: float) -> None:
        while self._paused and self._paused[0][0] <= now:
            _, index = heapq.heappop(self._paused)
            self._wires[index].ask(next(self._requests))

    def _wait_s(self, now: float, ends: float) -> float:
        until = min(ends, self._paused[0][0]) if self._paused else ends
        return max(0.0, min(PATIENCE_S, until - now))


def requests(path: str, message: str, *, port: int, new: bool) -> Iterator[bytes]:
    """What is sent: always the same message, or each time one that nobody sent before."""
    start = time.time_ns()
    number = 0
    while True:
        text = f"{message} ({start}/{number})" if new else message
        body = json.dumps({"message": text}).encode()
        head = (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        sent = head.encode() + body
        if not new:
            while True:
                yield sent
        yield sent
        number += 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Load a server and print what was heard."""
    parser = argparse.ArgumentParser(prog="python -m perf.bench.load_client")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--connections", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--path", default="/chat")
    parser.add_argument("--message", required=True)
    parser.add_argument("--new", action="store_true", help="no message twice")
    given = parser.parse_args(arguments)
    wires = [Wire(given.port) for _ in range(given.connections)]
    sent = requests(given.path, given.message, port=given.port, new=given.new)
    load = Load(wires, sent, given.seconds)
    busy_s = time.process_time()
    seconds = load.run()
    busy_s = time.process_time() - busy_s
    for wire in wires:
        wire.socket.close()
    heard = {
        "seconds": seconds,
        "answers": load.statuses[GOOD],
        "refused": load.statuses[REFUSED],
        "others": sum(load.statuses.values()) - load.statuses[GOOD] - load.statuses[REFUSED],
        "p50_ms": statistics.median(load.took_s) * 1000 if load.took_s else None,
        "p99_ms": statistics.quantiles(load.took_s, n=100)[98] * 1000
        if len(load.took_s) > 1
        else None,
        "busy": busy_s / seconds,
    }
    print(json.dumps(heard))
    return 0


if __name__ == "__main__":
    sys.exit(main())
