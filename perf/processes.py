"""Processes from outside: how long one lives, when a server answers, how much memory it holds."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path

READY_PATH = "/health/ready"
PATIENCE_S = 30.0
POLL_S = 0.002


def python(*arguments: str) -> tuple[str, ...]:
    """A command of this environment's Python that does not import from the current folder."""
    return (sys.executable, "-P", *arguments)


def ion(*arguments: str) -> tuple[str, ...]:
    """The command ``ion`` of this environment, as a user starts it."""
    return (str(Path(sys.executable).with_name("ion")), *arguments)


def unconfigured(changes: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment without any setting of ION, with some changes."""
    own = re.compile(r"ION_|PORT$|PYTHONPATH$|GEMINI_|SENTRY_|OTEL_")
    kept = {name: value for name, value in os.environ.items() if not own.match(name)}
    return {**kept, **(changes or {})}


def lifetime_ms(command: Sequence[str], folder: Path, environ: Mapping[str, str]) -> float:
    """How long a process lives, in milliseconds.

    Raises:
        CalledProcessError: it failed; its error output is in the note.
    """
    start = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, check=False)
    passed = (time.perf_counter() - start) * 1000
    if done.returncode:
        error = subprocess.CalledProcessError(done.returncode, command)
        error.add_note(done.stderr.decode("utf-8", "replace"))
        raise error
    return passed


def free_port() -> int:
    """A TCP port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@contextmanager
def served(
    command: Sequence[str], port: int, folder: Path, environ: Mapping[str, str]
) -> Iterator[tuple[int, float]]:
    """Start a server; gives its process id and the milliseconds until it was ready.

    Raises:
        TimeoutError: it was not ready in time.
        ChildProcessError: it ended before it was ready.
    """
    start = time.perf_counter()
    with subprocess.Popen(
        command, cwd=folder, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            while not _answers(port):
                if process.poll() is not None:
                    raise ChildProcessError(f"{command} ended with code {process.returncode}")
                if time.perf_counter() - start > PATIENCE_S:
                    raise TimeoutError(f"{command} was not ready after {PATIENCE_S:g} s")
                time.sleep(POLL_S)
            yield process.pid, (time.perf_counter() - start) * 1000
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()


def resident_mb(pid: int) -> float | None:
    """A process's resident memory in MB (10^6 bytes); None where the system has no /proc."""
    status = Path(f"/proc/{pid}/status")
    if not status.is_file():
        return None
    found = re.search(r"^VmRSS:\s+(\d+) kB$", status.read_text("utf-8"), re.MULTILINE)
    return int(found[1]) * 1024 / 1_000_000 if found else None


def _answers(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        connection.request("GET", READY_PATH)
        return connection.getresponse().status == HTTPStatus.OK
    except (OSError, HTTPException):
        return False  # nobody listens yet
    finally:
        connection.close()
