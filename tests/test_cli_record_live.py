"""``ion record --url`` beside ``ion serve``: three processes and real sockets."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest

from ion_framework.recording.reading import read_recording
from tests.support.environments import free_port
from tests.test_cli_process import ION, environment, ion

PATIENCE_S = 60


def until(condition: Callable[[], bool]) -> None:
    """Wait for something to come true."""
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.fixture
def url(tmp_path) -> Iterator[str]:
    """The address of a host that serves."""
    address = f"http://127.0.0.1:{(port := free_port())}"
    variables = environment(ION_DATA_DIR=str(tmp_path / "data"))
    command = (*ION, "serve", "--port", str(port))

    def serves() -> bool:
        try:
            with urlopen(f"{address}/health/ready", timeout=5):  # noqa: S310  its own host
                return True
        except URLError:
            return False

    with subprocess.Popen(command, env=variables, stderr=subprocess.DEVNULL) as host:
        try:
            until(serves)
            yield address
        finally:
            host.terminate()


def test_a_host_is_recorded_until_somebody_stops_it(tmp_path, url):
    """Ctrl-C ends a recording without a bound well, and what it wrote is played again."""
    file = tmp_path / "r"
    command = (*ION, "record", str(file), "--url", url)
    with subprocess.Popen(
        command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as recorder:
        try:
            until(lambda: file.exists() and file.stat().st_size > 0)
            for message in ("server is down, call 010-1234-5678", "how do indexes work?"):
                body = json.dumps({"user_id": "bob", "message": message}).encode()
                asked = Request(f"{url}/chat", body, {"Content-Type": "application/json"})  # noqa: S310  its own host
                with urlopen(asked, timeout=PATIENCE_S):  # noqa: S310  its own host
                    pass
            until(lambda: file.read_bytes().count(b"\n") == 3)
            recorder.send_signal(signal.SIGINT)
            out, _ = recorder.communicate(timeout=PATIENCE_S)
        finally:
            recorder.kill()

    assert 0 == recorder.returncode
    assert f"Turns recorded in {file}: 2.".encode() in out
    assert "010-1234-5678" not in file.read_text()
    assert ["phone"] == [mark.kind.value for mark in read_recording(file).turns[0].marks]
    assert 0 == ion("replay", str(file)).code
