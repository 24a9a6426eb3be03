"""Loads on several servers in turns, so that whatever else the machine does meets all alike."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import cattrs

from perf.bench.cores import client_cores, on_cores
from perf.bench.extent import Extent
from perf.bench.rows import Row, Target
from perf.bench.servers import MESSAGE, Server
from perf.processes import python, unconfigured
from perf.reliability.child import ROOT


@attrs.frozen(kw_only=True)
class Heard:
    """What one load on one server was answered.

    Attributes:
        seconds: length of the load.
        answers: answers with status 200.
        refused: answers with status 503: there was no room.
        others: other answers.
        p50_ms: half of the answers took no longer, in milliseconds.
        p99_ms: the same of 99 in 100.
        busy: share of the time in which the client itself had something to do.
        processor_us: microseconds of the server's processor time for an answer; None where the
            system does not say.
    """

    seconds: float
    answers: int
    refused: int
    others: int
    p50_ms: float
    p99_ms: float | None
    busy: float
    processor_us: float | None = None

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.answers / self.seconds


@attrs.frozen
class Kind:
    """What is loaded how.

    Attributes:
        connections: connections that ask.
        new: whether no message comes twice.
    """

    connections: int
    new: bool = False


def load(server: Server, kind: Kind, seconds: float) -> Heard:
    """Load one server from a process of its own.

    Raises:
        ConnectionError: it did not answer, or with something else than an answer or a refusal.
    """
    words = ["--port", str(server.port), "--connections", str(kind.connections)]
    words += ["--seconds", str(seconds), "--message", MESSAGE, *(["--new"] if kind.new else [])]
    command = python("-m", "perf.bench.load_client", *words)
    before = server.processor_s()
    with on_cores(client_cores()):
        done = subprocess.run(
            command,
            env=unconfigured({"PYTHONPATH": str(ROOT)}),
            capture_output=True,
            text=True,
            check=False,
        )
    after = server.processor_s()
    if done.returncode:
        raise ConnectionError(f"the load on {server.name} failed:\n{done.stderr}")
    found: dict[str, Any] = json.loads(done.stdout)
    if found["others"] or not found["answers"]:
        raise ConnectionError(f"{server.name} was loaded and answered {done.stdout}")
    taken = None if before is None or after is None else (after - before) / found["answers"] * 1e6
    return cattrs.structure({**found, "processor_us": taken}, Heard)


def in_turns(servers: Sequence[Server], kind: Kind, extent: Extent) -> Mapping[str, list[Heard]]:
    """Load servers round after round, each of them in each; who begins changes."""
    for server in servers:
        load(server, kind, extent.warm_s)
    found: dict[str, list[Heard]] = {server.name: [] for server in servers}
    for number in range(extent.rounds):
        for server in servers if number % 2 == 0 else reversed(servers):
            found[server.name].append(load(server, kind, extent.seconds))
    return found


@attrs.frozen
class Beside:
    """Two servers' answers to the same loads, as rows.

    Attributes:
        bench: the benchmark.
        what: the thing, with its connections.
        rival: what the second server is.
        ours: answers of the first.
        bare: answers of the second.
    """

    bench: str
    what: str
    rival: str
    ours: Sequence[Heard]
    bare: Sequence[Heard]

    def rate(self, target: Target | None = None) -> Row:
        """Answers a second."""
        return self._row(
            "answers",
            "1/s",
            [h.rate for h in self.ours],
            [h.rate for h in self.bare],
            more=True,
            target=target,
        )

    def p50(self, target: Target | None = None) -> Row:
        """The time of an answer."""
        ours, bare = [h.p50_ms for h in self.ours], [h.p50_ms for h in self.bare]
        return self._row("p50", "ms", ours, bare, target=target)

    def processor(self) -> tuple[Row, ...]:
        """Processor time of the server for an answer; nothing where the system does not say."""
        ours = [h.processor_us for h in self.ours if h.processor_us is not None]
        bare = [h.processor_us for h in self.bare if h.processor_us is not None]
        if not ours or len(ours) != len(bare):
            return ()
        return (self._row("processor time", "us", ours, bare),)

    def shares(self) -> tuple[Row, ...]:
        """How busy the client was, and what was refused, if anything was."""
        ours, bare = [100 * h.busy for h in self.ours], [100 * h.busy for h in self.bare]
        busy = self._row("client busy", "%", ours, bare, compared=False)
        if not any(h.refused for h in (*self.ours, *self.bare)):
            return (busy,)
        parts = [[_refused(h) for h in heard] for heard in (self.ours, self.bare)]
        return busy, self._row("refused", "%", *parts, compared=False)

    def _row(
        self, what: str, unit: str, ours: Sequence[float], bare: Sequence[float], **more: Any
    ) -> Row:
        return Row(
            bench=self.bench,
            what=f"{self.what}, {what}" + ("" if self.rival == "bare" else f" ({self.rival})"),
            unit=unit,
            ours=tuple(ours),
            bare=tuple(bare),
            rival=self.rival,
            **more,
        )


def _refused(heard: Heard) -> float:
    return 100 * heard.refused / (heard.refused + heard.answers)
