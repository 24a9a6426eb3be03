"""Locust as a process of its own: what it is told, and how far it is.

Locust replaces parts of the standard library when it is imported, so that it never is imported
here. It starts in an empty folder, because it would read settings from the one it starts in.
"""

from __future__ import annotations

import csv
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import attrs

from ion_load.interruption import Interruption
from ion_load.scenarios import Scenario
from ion_load.summarize_locust_csv import number
from ion_load.target import KEY

STOP_S = 10
"""Seconds that requests under way have to end when the time is up."""

PATIENCE_S = 60.0
"""Seconds after its time within which locust has to be gone."""

END_S = STOP_S + 10.0
"""Seconds that locust has to end and to write once it was asked to."""

POLL_S = 0.2
_LOCUSTFILE = Path(__file__).with_name("locustfiles") / "users.py"


@attrs.frozen
class Order:
    """A scenario as it is to be run.

    Attributes:
        scenario: what to do.
        url: address of the host.
        workers: processes that make the requests.
        prefix: path and beginning of the names of all files.
        key: API key, None without one.
    """

    scenario: Scenario
    url: str
    workers: int
    prefix: Path
    key: str | None = attrs.field(default=None, repr=False)

    def file(self, ending: str) -> Path:
        """One of its files."""
        return self.prefix.with_name(self.prefix.name + ending)


@attrs.frozen
class Progress:
    """How far a scenario is.

    Attributes:
        elapsed_s: seconds since locust was started.
        users: users that are there.
        requests: requests so far.
        failures: those that failed.
    """

    elapsed_s: float
    users: int = 0
    requests: int = 0
    failures: int = 0


@attrs.frozen
class Ran:
    """What became of locust.

    Attributes:
        exit_code: of its process.
        took_s: how long it lived.
        answers: answers by status, and those called degraded.
        log: the end of what it said, for people.
        interrupted: whether a signal ended it before its time.
    """

    exit_code: int
    took_s: float
    answers: Mapping[str, int]
    log: str
    interrupted: bool = False


def run_locust(
    order: Order, told: Callable[[Progress], None], interruption: Interruption | None = None
) -> Ran:
    """Run locust to its end.

    It has a session, and so a process group, of its own: Ctrl-C reaches it through here alone, and
    whatever it has started is ended with it.

    Args:
        order: what to run.
        told: is told how far it is, a few times a second.
        interruption: ends it early; None where nothing does.

    Raises:
        OSError: it cannot be started, or its files cannot be written.
    """
    stop = interruption or Interruption()
    order.prefix.parent.mkdir(parents=True, exist_ok=True)
    log = order.file(".log")
    with tempfile.TemporaryDirectory() as empty, log.open("wb") as output:
        began = time.monotonic()
        process = subprocess.Popen(
            command(order),
            cwd=empty,
            env=_environment(order.key),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        try:
            interrupted = _wait(process, order, told, stop)
        finally:
            _end(process, stop)
    took_s = time.monotonic() - began
    for name in ("stats", "failures"):
        if (final := order.file(f"_final_{name}.csv")).exists():
            final.replace(order.file(f"_{name}.csv"))
    text = log.read_text("utf-8", "replace")[-2000:]
    answers = _answers(order.file("_answers.json"))
    return Ran(process.returncode, took_s, answers, text, interrupted)


def command(order: Order) -> tuple[str, ...]:
    """What starts locust."""
    scenario = order.scenario
    return (
        *(sys.executable, "-P", "-m", "ion_load.locustfiles.launch", str(os.getpid())),
        *("--locustfile", str(_LOCUSTFILE)),
        *("--headless", "--only-summary", "--host", order.url),
        *("--users", f"{scenario.users}", "--spawn-rate", f"{scenario.spawn_rate:g}"),
        *("--run-time", f"{max(1, round(scenario.duration_s))}s", "--stop-timeout", f"{STOP_S}"),
        *("--csv", str(order.prefix.resolve()), "--html", str(order.file(".html").resolve())),
        *("--final", str(order.prefix.resolve())),
        *("--exit-code-on-error", "0", "--loglevel", "WARNING"),
        *(("--tags", *scenario.tags) if scenario.tags else ()),
        *(("--exclude-tags", *scenario.exclude_tags) if scenario.exclude_tags else ()),
        *(_distributed(order.workers) if order.workers > 1 else ()),
        "--",
        *scenario.classes,
    )


def _distributed(workers: int) -> tuple[str, ...]:
    """Worker processes, which find their master at a port that no other run has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    return (
        *("--processes", f"{workers}", "--master-bind-host", "127.0.0.1"),
        *("--master-bind-port", port, "--master-port", port),
    )


def _environment(key: str | None) -> dict[str, str]:
    """What locust needs and no more: its own variables would change the scenario.

    The key goes this way because everybody on a machine may read the arguments of a process.
    """
    known = {
        "LANG": os.environ.get("LANG"),
        "PATH": os.environ.get("PATH"),
        "PYTHONPATH": os.environ.get("PYTHONPATH"),
        "SSL_CERT_DIR": os.environ.get("SSL_CERT_DIR"),
        "SSL_CERT_FILE": os.environ.get("SSL_CERT_FILE"),
        "SYSTEMROOT": os.environ.get("SYSTEMROOT"),
        "TMPDIR": os.environ.get("TMPDIR"),
        "PYTHONUTF8": "1",
        KEY: key,
    }
    return {name: value for name, value in known.items() if value}


def _wait(
    process: subprocess.Popen[bytes],
    order: Order,
    told: Callable[[Progress], None],
    stop: Interruption,
) -> bool:
    """Wait for its end, or for the time at which it is overdue; whether a signal came before."""
    began = time.monotonic()
    limit_s = order.scenario.duration_s + STOP_S + PATIENCE_S
    while process.poll() is None:
        elapsed_s = time.monotonic() - began
        if stop.asked or elapsed_s > limit_s:
            return stop.asked
        told(_progress(order.file("_stats_history.csv"), elapsed_s))
        time.sleep(POLL_S)
    return False


def _end(process: subprocess.Popen[bytes], stop: Interruption) -> None:
    """See that it and its workers are gone: it is asked first, so that it writes what it knows."""
    if process.poll() is None:
        process.terminate()
        end = time.monotonic() + END_S
        while process.poll() is None and time.monotonic() < end and not stop.urgent:
            time.sleep(POLL_S)
    _kill(process)
    process.wait()


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill what is left of its process group; on Windows there is none, nor are there workers."""
    if os.name != "posix":
        process.kill()
        return
    with suppress(ProcessLookupError):  # nothing is left
        os.killpg(process.pid, signal.SIGKILL)


def _progress(history: Path, elapsed_s: float) -> Progress:
    """The last line of locust's history; zeros as long as there is none."""
    try:
        with history.open("rb") as file:
            head = file.readline().decode()
            file.seek(max(file.tell(), history.stat().st_size - 4096))
            lines = file.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return Progress(elapsed_s)
    whole = [line for line in lines if line.count(",") >= head.count(",")]
    if not whole:
        return Progress(elapsed_s)
    columns, values = next(csv.reader([head])), next(csv.reader(whole[-1:]))
    row = dict(zip(columns, values, strict=False))
    keys = ("User Count", "Total Request Count", "Total Failure Count")
    return Progress(elapsed_s, *(int(number(row.get(key))) for key in keys))


def _answers(file: Path) -> Mapping[str, int]:
    """The counts that the users left; empty where locust ended before."""
    try:
        found = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(name): int(count) for name, count in found.items()}
