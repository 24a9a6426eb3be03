"""When a host is ready, and how much memory it holds: as it comes, and with everything on."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import attrs

from perf.bench.extent import Extent
from perf.bench.rows import Row, Target
from perf.bench.servers import Place, Server, answered, place, variables
from perf.processes import free_port, resident_mb, served, unconfigured
from perf.startup import serve_command

BENCH = "start"
READY_MS, RESIDENT_MB = 1600.0, 120.0
FULL = "with Gemini and all monitors"


@attrs.frozen
class Kind:
    """A server that is started again and again.

    Attributes:
        name: what it is called.
        command: the name of its command: ``ion`` or ``bare``.
        environ: its environment.
        talks: whether it is asked for a turn once it is ready.
    """

    name: str
    command: str
    environ: Callable[[Place], Mapping[str, str]]
    talks: bool = True


def _kinds() -> tuple[Kind, ...]:
    return (
        Kind("bare", "bare", lambda _: unconfigured(), talks=False),
        Kind("alone", "ion", lambda at: variables(at, monitors=False, gemini=False)),
        Kind("with all monitors", "ion", lambda at: variables(at, monitors=True, gemini=False)),
        Kind("with Gemini", "ion", lambda at: variables(at, monitors=False)),
        Kind(FULL, "ion", lambda at: variables(at, monitors=True)),
    )


def start(extent: Extent) -> Iterator[Row]:
    """Every kind of host beside the least that aiohttp can serve."""
    found: defaultdict[str, list[float]] = defaultdict(list)
    kinds = _kinds()
    with tempfile.TemporaryDirectory() as name, place(Path(name)) as at:
        for number in range(extent.rounds):
            for kind in kinds if number % 2 == 0 else reversed(kinds):
                for what, figure in _started(kind, at).items():
                    found[f"{kind.name}, {what}"].append(figure)
    for kind in kinds[1:]:
        for what, unit, limit in (
            ("ready", "ms", READY_MS),
            ("resident", "MB", RESIDENT_MB),
            ("resident after a turn", "MB", RESIDENT_MB),
        ):
            ours = found.get(f"{kind.name}, {what}")
            bare = found[f"bare, {what.removesuffix(' after a turn')}"]
            if ours:
                yield Row(
                    bench=BENCH,
                    what=f"{kind.name}, {what}",
                    unit=unit,
                    ours=tuple(ours),
                    bare=tuple(bare),
                    rival="bare",
                    target=Target(limit) if kind.name == FULL else None,
                )


def _started(kind: Kind, at: Place) -> Mapping[str, float]:
    """Start one, and look at it: milliseconds and MB; what the system does not say is left out."""
    port = free_port()
    with served(serve_command(kind.command, port), port, at.folder, kind.environ(at)) as (
        pid,
        ready_ms,
    ):
        found: dict[str, float | None] = {"ready": ready_ms, "resident": resident_mb(pid)}
        if kind.talks:
            answered(Server(kind.name, port, (pid,), ready_ms))
            found["resident after a turn"] = resident_mb(pid)
    return {what: figure for what, figure in found.items() if figure is not None}
