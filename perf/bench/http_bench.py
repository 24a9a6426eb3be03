"""Turns over HTTP: beside a bare handler, an empty one of FastAPI, more workers, no monitors."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from perf.bench.extent import Extent
from perf.bench.loading import Beside, Kind, in_turns
from perf.bench.rows import Judged, Row, Target
from perf.bench.servers import (
    Place,
    Server,
    answer_file,
    bare_server,
    fastapi_server,
    has_fastapi,
    ion_server,
    place,
)

BUSY = 64
"""Connections of the loads that the promises are about, beside one."""

THROUGHPUT = Target(0.5, Judged.RATIO, at_least=True)
ABOVE_EMPTY = Target(1.0, Judged.RATIO, at_least=True)
ADDED_MS = Target(0.25, Judged.OVER)
MONITORS_COST = Target(0.85, Judged.RATIO, at_least=True)

EXTRAS = ("coaching", "guard")
"""Plugins that are installed with the host, take part in every turn, and can be left out."""

BARE = "bare"
FASTAPI = "fastapi"


@contextmanager
def _in_place() -> Iterator[Place]:
    with tempfile.TemporaryDirectory() as name, place(Path(name)) as at:
        yield at


def cached(extent: Extent) -> Iterator[Row]:
    """A cached turn with all monitors, beside the bare handler and the empty one of FastAPI."""
    with _in_place() as at, ExitStack() as stack:
        ours = stack.enter_context(ion_server(at))
        others = [stack.enter_context(bare_server(at, answer_file(ours, at)))]
        others += [stack.enter_context(fastapi_server(at))] if has_fastapi() else []
        for connections in extent.connections:
            found = in_turns((ours, *others), Kind(connections), extent)
            what = f"{connections} connection{'s' * (connections > 1)}"
            for name in found:
                if name != ours.name:
                    beside = Beside("cached", what, name, found[ours.name], found[name])
                    yield from _turn_rows(beside, connections)


def _turn_rows(beside: Beside, connections: int) -> Iterator[Row]:
    if beside.rival == FASTAPI:
        yield beside.rate(ABOVE_EMPTY if connections == BUSY else None)
        return
    yield beside.rate(THROUGHPUT if connections == BUSY else None)
    yield beside.p50(ADDED_MS if connections == 1 else None)
    yield from beside.processor()
    yield from beside.shares()


def uncached(extent: Extent) -> Iterator[Row]:
    """A turn that asks the fake Gemini, beside a bare handler that asks it, too."""
    with (
        _in_place() as at,
        ion_server(at) as ours,
        bare_server(at, answer_file(ours, at), upstream=True) as bare,
    ):
        for connections in (number for number in extent.connections if number <= BUSY):
            found = in_turns((ours, bare), Kind(connections, new=True), extent)
            what = f"{connections} connection{'s' * (connections > 1)}"
            beside = Beside("uncached", what, BARE, found[ours.name], found[bare.name])
            yield from (beside.rate(), beside.p50(), *beside.processor(), *beside.shares())


def workers(extent: Extent) -> Iterator[Row]:
    """A cached turn with several worker processes, beside as many bare ones."""
    with _in_place() as at:
        for number in extent.workers:
            with ion_server(at, workers=number) as ours:
                document = answer_file(ours, at)
                with bare_server(at, document, workers=number) as bare:
                    found = in_turns((ours, bare), Kind(min(BUSY, max(extent.connections))), extent)
            what = f"{number} worker{'s' * (number > 1)}"
            beside = Beside("workers", what, BARE, found[ours.name], found[bare.name])
            yield from (beside.rate(), *beside.processor(), *beside.shares())


def monitors(extent: Extent) -> Iterator[Row]:
    """A cached turn with all four monitors at 1 % of traces, beside the same host with none."""
    with (
        _in_place() as at,
        ion_server(at, "with") as ours,
        ion_server(at, "without", monitors=False) as without,
    ):
        beside = _duel(at, "monitors", "all four", (ours, without), extent)
        yield from (beside.rate(MONITORS_COST), beside.p50(), *beside.processor())


def extras(extent: Extent) -> Iterator[Row]:
    """A cached turn beside that of the same host without the plugins coaching and guard."""
    with (
        _in_place() as at,
        ion_server(at, "with") as ours,
        ion_server(at, "without", without=EXTRAS) as without,
    ):
        beside = _duel(at, "extras", " and ".join(EXTRAS), (ours, without), extent)
        yield from (beside.rate(), beside.p50(), *beside.processor())


def _duel(
    at: Place, bench: str, what: str, servers: tuple[Server, Server], extent: Extent
) -> Beside:
    """Two hosts that differ in some plugins, under the same loads."""
    for server in servers:
        answer_file(server, at)
    ours, without = servers
    found = in_turns(servers, Kind(min(BUSY, max(extent.connections))), extent)
    return Beside(bench, what, "without", found[ours.name], found[without.name])
