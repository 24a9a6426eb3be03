"""An outage of a host with two workers, one of which is killed, as a webhook hears of it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import closing, suppress
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

import pytest

ION = (sys.executable, "-P", "-m", "ion_framework.cli")
PLUGINS = ("aiohttp", "resonance", "lua", "notify")
"""No generator among them: every turn ends with 503."""

PATIENCE_S = 150.0


def failing_chat(url: str) -> None:
    """Ask once, by a connection of its own, and expect no answer."""
    with (
        suppress(HTTPException, OSError),
        closing(HTTPConnection(urlsplit(url).netloc, timeout=30)) as connection,
    ):
        headers = {"Content-Type": "application/json"}
        connection.request("POST", "/chat", b'{"message": "hello"}', headers)
        connection.getresponse()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="several workers need SO_REUSEPORT")
def test_an_outage_is_told_once(tmp_path):
    """The webhook gets one notice of the alert, whichever worker is killed meanwhile."""
    told = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    hook = ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    Thread(target=hook.serve_forever, daemon=True).start()
    environ = {
        "ION_RATE_LIMIT": "off",
        "ION_DATA_DIR": str(tmp_path),
        "ION_NOTIFY_WEBHOOK_URL": f"http://127.0.0.1:{hook.server_port}/",
    }
    chosen = [f"--enable={name}" for name in PLUGINS]
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(
            [*ION, "serve", "--port=0", "--workers=2", "--log-format=json", *chosen],
            env={**os.environ, **environ},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    try:
        url = re.search(r"http://\S+", process.stdout.readline())[0]
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        ends, killed = time.monotonic() + PATIENCE_S, False
        kill_at = time.monotonic() + 30
        while not told and time.monotonic() < ends:
            failing_chat(url)
            time.sleep(0.2)
            if not killed and time.monotonic() > kill_at:
                os.kill(int(children.read_text("ascii").split()[0]), signal.SIGKILL)
                killed = True
        for _ in range(50):
            failing_chat(url)
            time.sleep(0.2)
    finally:
        process.terminate()
        process.communicate(timeout=30)
        hook.shutdown()
        hook.server_close()

    assert killed
    assert [(each["rule"], each["state"]) for each in told] == [
        ("IonErrorBudgetBurn14_4x", "firing")
    ]
    assert told[0]["instances"] >= 1
    assert told[0]["value"] > 14.4
