"""Fresh environments, as a newcomer has them: Python, pip, an empty home, and nothing else."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import attrs

from tests.support.repository import ROOT, files

PATIENCE_S = 300
"""Seconds that pip has to build and install everything."""

STOP_S = 30
KEPT = ("PIP_*", "*_proxy", "*_PROXY", "SSL_CERT_*", "REQUESTS_CA_BUNDLE", "SYSTEMROOT")


@attrs.frozen
class Environment:
    """A machine with Python and pip only.

    Attributes:
        venv: a virtual environment with nothing but pip.
        home: an empty folder.
    """

    venv: Path
    home: Path

    @classmethod
    def create(cls, folder: Path) -> Environment:
        """Make one in a folder."""
        home = folder / "home"
        home.mkdir(parents=True)
        subprocess.run((sys.executable, "-m", "venv", str(folder / "venv")), check=True)
        return cls(folder / "venv", home)

    def variables(self, **changes: str) -> dict[str, str]:
        """The variables of a shell in which the virtual environment is activated."""
        return {
            **_kept_variables(),
            "PATH": os.pathsep.join((str(self.venv / "bin"), os.defpath)),
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            # Byte code is made by the first import, of what is imported.
            "PIP_NO_COMPILE": "1",
            **changes,
        }

    def build(self, script: str, folder: Path) -> str:
        """Run shell lines that build many wheels, with one build backend for all of them.

        pip would install one anew for each, which takes most of the time. What is built in a
        backend of its own is seen where one distribution is built.
        """
        self.run("python -m pip install -q hatchling editables", folder)
        return self.run(
            script, folder, PIP_NO_BUILD_ISOLATION="0"
        )  # pip reads it as "no isolation"

    def run(self, script: str, folder: Path, **changes: str) -> str:
        """Run shell lines up to the first that fails; gives what they print."""
        done = subprocess.run(
            ("sh", "-ec", script),
            cwd=folder,
            env=self.variables(**changes),
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    @contextmanager
    def started(self, line: str, folder: Path, port: int) -> Iterator[Started]:
        """Run a shell line that serves, and interrupt it at the end, as Ctrl-C does."""
        output = folder / "served.txt"
        with output.open("wb") as stream:
            process = subprocess.Popen(
                ("sh", "-c", line),
                cwd=folder,
                env=self.variables(ION_PORT=str(port)),
                stdout=stream,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            yield Started(process, output, port)
            os.killpg(process.pid, signal.SIGINT)
            process.wait(STOP_S)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


@attrs.frozen
class Started:
    """A server that was started by a shell line."""

    process: subprocess.Popen[bytes]
    output: Path
    port: int

    def wait_for(self, beginning: str) -> str:
        """The first line of its output that begins so, once it is there."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            ended = self.process.poll() is not None
            for line in self.output.read_text("utf-8", "replace").splitlines():
                if line.strip().startswith(beginning):
                    return line.strip()
            assert not ended, self.output.read_text("utf-8")
            time.sleep(0.1)
        raise TimeoutError(self.output.read_text("utf-8"))

    def ask(self, message: str) -> dict[str, Any]:
        """What ``POST /chat`` answers to a message."""
        return post(f"http://127.0.0.1:{self.port}/chat", {"message": message})


def copy_checkout(target: Path) -> Path:
    """Copy the files of this checkout, and no build or cache of it, into a folder."""
    for file in files():
        copied = target / file.relative_to(ROOT)
        copied.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file, copied)
    return target


def free_port() -> int:
    """A TCP port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def post(url: str, body: dict[str, Any]) -> dict[str, Any]:
    """Post JSON; gives the JSON of an answer with status 200."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname, parts.port, timeout=30)
    try:
        headers = {"Content-Type": "application/json"}
        connection.request("POST", parts.path, json.dumps(body).encode(), headers)
        response = connection.getresponse()
        text = response.read().decode("utf-8")
        assert response.status == 200, text
        return json.loads(text)
    finally:
        connection.close()


def run_curl(line: str) -> dict[str, Any]:
    """Run a curl line; where there is no curl, do what it says."""
    if shutil.which("curl"):
        done = subprocess.run(("sh", "-c", line), capture_output=True, check=True)
        return json.loads(done.stdout)
    words = shlex.split(line)
    url = next(word for word in words if word.startswith("http"))
    return post(url, json.loads(words[words.index("-d") + 1]))


def _kept_variables() -> dict[str, str]:
    """How this machine reaches its package index; where that is, is none of our business."""
    from fnmatch import fnmatchcase

    kept = {
        name: value
        for name, value in os.environ.items()
        if any(fnmatchcase(name, pattern) for pattern in KEPT)
    }
    for file in (Path.home() / ".config/pip/pip.conf", Path.home() / ".pip/pip.conf"):
        if file.is_file():
            kept.setdefault("PIP_CONFIG_FILE", str(file))
    return kept
