"""The servers that are measured, each in processes of its own."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from http import HTTPStatus
from http.client import HTTPConnection
from importlib.util import find_spec
from pathlib import Path

import attrs

from perf.bench.cores import client_cores, on_cores, processor_s, server_cores
from perf.processes import PATIENCE_S, POLL_S, free_port, ion, python, served, unconfigured
from perf.reliability.child import ROOT
from perf.reliability.stage import KEY, MODEL

MESSAGE = "Could you explain how an index speeds up this query, and when it does not?"
LIMIT = "999999999/minute"
"""A rate limit that is on, and that no load of one machine reaches."""

MONITORS = ("log", "metrics", "otel", "sentry")
TRACED = "0.01"
"""Share of the turns whose traces are sent."""

_HERE = Path(__file__).parent


@attrs.frozen
class Place:
    """What servers are started with.

    Attributes:
        folder: takes what they write.
        gemini: address of the fake Gemini.
        collector: port of what stands in for Sentry and a collector of traces.
    """

    folder: Path
    gemini: str
    collector: int


@attrs.frozen
class Server:
    """A server in operation.

    Attributes:
        name: what it is called in results.
        port: its port.
        pids: its processes; each may have started others.
        ready_ms: milliseconds until the first of them was ready.
    """

    name: str
    port: int
    pids: tuple[int, ...]
    ready_ms: float

    def processor_s(self) -> float | None:
        """Seconds of processor time so far; None where the system does not say."""
        found = [processor_s(pid) for pid in self.pids]
        return None if None in found else sum(part for part in found if part is not None)


@contextmanager
def place(folder: Path) -> Iterator[Place]:
    """Start what hosts talk to, on the core of the load."""
    command = python("-m", "perf.bench.upstream")
    environ = unconfigured({"PYTHONPATH": str(ROOT)})
    # Bound is only what is started here: who starts servers inside `place` may use every core.
    with on_cores(client_cores()):
        process = subprocess.Popen(
            command, env=environ, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
    with process:
        assert process.stdin is not None  # noqa: S101  it was asked for
        assert process.stdout is not None  # noqa: S101  it was asked for
        try:
            found = json.loads(process.stdout.readline())
            yield Place(folder, found["gemini"], found["collector"])
        finally:
            process.stdin.close()


def variables(at: Place, *, monitors: bool, gemini: bool = True) -> dict[str, str]:
    """The environment of a host.

    Args:
        at: what it is started with.
        monitors: whether all four are on, with a line for every turn and 1 % of traces; else none.
        gemini: whether it talks to Gemini, else it has the offline generator alone.
    """
    found = {
        "ION_DATA_DIR": str(at.folder),
        "ION_LOG_FORMAT": "json",
        "ION_RATE_LIMIT": LIMIT,
        "ION_PLUGINS_DISABLE": "" if monitors else ",".join(MONITORS),
    }
    if gemini:
        found |= {
            "ION_GEMINI_API_KEY": KEY,
            "ION_GEMINI_MODEL": MODEL,
            "ION_GEMINI_BASE_URL": at.gemini,
        }
    if monitors:
        found |= {
            "ION_LOG_TURNS": "all",
            "SENTRY_DSN": f"http://key@127.0.0.1:{at.collector}/1",
            "SENTRY_TRACES_SAMPLE_RATE": TRACED,
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{at.collector}",
            "OTEL_TRACES_SAMPLER_ARG": TRACED,
        }
    return unconfigured(found)


@contextmanager
def ion_server(
    at: Place,
    name: str = "ION",
    *,
    monitors: bool = True,
    workers: int = 1,
    without: Sequence[str] = (),
) -> Iterator[Server]:
    """ION's host before the fake Gemini.

    Args:
        at: what it is started with.
        name: what it is called.
        monitors: whether all four are on, else none.
        workers: worker processes.
        without: further plugins that are off.
    """
    environ = variables(at, monitors=monitors) | {"ION_WORKERS": str(workers)}
    off = [environ["ION_PLUGINS_DISABLE"], *without]
    environ["ION_PLUGINS_DISABLE"] = ",".join(filter(None, off))
    port = free_port()
    command = ion("serve", "--port", str(port))
    start = _Start(name=name, command=command, port=port, environ=environ, processes=workers)
    with _served(start, at) as server:
        yield server


@contextmanager
def bare_server(
    at: Place, document: Path, *, workers: int = 1, upstream: bool = False
) -> Iterator[Server]:
    """One handler of aiohttp that does the same JSON.

    Args:
        at: what it is started with.
        document: the file of what it answers.
        workers: processes, which share the port.
        upstream: whether it asks the fake Gemini for every message.
    """
    port = free_port()
    asked = (at.gemini, KEY, MODEL) if upstream else ()
    command = python(str(_HERE / "bare_chat.py"), str(port), str(document), *asked)
    start = _Start(name="bare", command=command, port=port, processes=workers)
    with ExitStack() as stack:
        parts = [stack.enter_context(_served(start, at)) for _ in range(workers)]
        yield attrs.evolve(parts[0], pids=tuple(pid for part in parts for pid in part.pids))


def has_fastapi() -> bool:
    """Whether FastAPI and uvicorn are installed."""
    return all(find_spec(name) is not None for name in ("fastapi", "uvicorn"))


@contextmanager
def fastapi_server(at: Place) -> Iterator[Server]:
    """An empty endpoint of FastAPI behind uvicorn."""
    port = free_port()
    command = python(str(_HERE / "empty_fastapi.py"), str(port))
    with _served(_Start(name="fastapi", command=command, port=port), at) as server:
        yield server


@attrs.frozen(kw_only=True)
class _Start:
    """How a server is started.

    Attributes:
        name: what it is called.
        command: its command.
        port: the port that the command names.
        environ: its environment.
        processes: how many of it share the port.
    """

    name: str
    command: tuple[str, ...]
    port: int
    environ: Mapping[str, str] = attrs.field(factory=unconfigured)
    processes: int = 1


@contextmanager
def _served(start: _Start, at: Place) -> Iterator[Server]:
    with ExitStack() as stack:
        with on_cores(server_cores(start.processes)):
            running = served(start.command, start.port, at.folder, start.environ)
            pid, ready_ms = stack.enter_context(running)
        yield Server(start.name, start.port, (pid,), ready_ms)


def answered(server: Server, message: str = MESSAGE) -> tuple[bytes, str]:
    """The document that a server answers a message with, and what its cache did.

    Raises:
        ConnectionError: it answered with anything else than 200.
    """
    connection = HTTPConnection("127.0.0.1", server.port, timeout=30)
    try:
        body, headers = json.dumps({"message": message}), {"Content-Type": "application/json"}
        connection.request("POST", "/chat", body, headers)
        response = connection.getresponse()
        document = response.read()
        if response.status != HTTPStatus.OK:
            raise ConnectionError(f"{server.name} answered {response.status}: {document[:300]!r}")
        return document, response.headers.get("ION-Cache", "")
    finally:
        connection.close()


def answer_file(server: Server, at: Place) -> Path:
    """A file with what a server answers from its cache, for the bare handler to answer the same.

    The first answers may be those of a stand-in, which are not kept: a client of a model service
    takes its time to be made.

    Raises:
        TimeoutError: no answer came from the cache in time.
    """
    ends = time.monotonic() + PATIENCE_S
    while time.monotonic() < ends:
        document, cache = answered(server)
        if cache == "hit":
            file = at.folder / "document.json"
            file.write_bytes(document)
            return file
        time.sleep(POLL_S)
    raise TimeoutError(f"{server.name} gave no answer of its cache within {PATIENCE_S:g} s")
