"""``ion slo status`` beside ``ion serve``, and where there is nobody to ask."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

import pytest

ION = (sys.executable, "-P", "-m", "ion_framework.cli")
PLUGINS = ("aiohttp", "resonance", "offline", "two-tier-cache", "lua")
ALERT = {
    "rule": "IonErrorRateHigh",
    "measure": "error_rate",
    "severity": "page",
    "state": "firing",
    "value": 0.5,
    "threshold": 0.05,
    "below": False,
    "windows_s": [300.0],
    "since": "2026-11-22T00:00:00Z",
}
ANSWER = {
    "status": "alerting",
    "observed_s": 7200.0,
    "period_s": 2592000.0,
    "objectives": [
        {
            "name": "latency",
            "target": 0.95,
            "latency_s": 2.0,
            "requests": 100,
            "bad": 50,
            "actual": 0.5,
            "budget_consumed": 1.2,
            "budget_left": -0.2,
            "burn_rate": 500.0,
            "spent_at": None,
        }
    ],
    "burn_rates": [{"window_s": 300.0, "requests": 0, "rate": None}],
    "alerts": [ALERT],
    "timestamp": "2026-11-22T01:00:00Z",
}


def ion(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run the command."""
    return subprocess.run(
        [*ION, *arguments],
        env={**os.environ, "LANG": "C.UTF-8", **environ},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


@contextmanager
def answering(status: int, document: object):
    """A host that gives one answer, at a real address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def serving(folder, *options: str):
    """``ion serve``; gives the supervisor, or the host itself, and its URL."""
    fixed = {"ION_RATE_LIMIT": "off", "ION_DATA_DIR": str(folder)}
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [*ION, "serve", "--port=0", *(f"--enable={name}" for name in PLUGINS), *options],
            env={**os.environ, **fixed},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            encoding="utf-8",
        )
    try:
        yield process, re.search(r"http://\S+", process.stdout.readline())[0]
    finally:
        process.terminate()
        process.communicate(timeout=30)


def connected(url: str):
    """A connection to a host, as a context."""
    return closing(HTTPConnection(urlsplit(url).netloc, timeout=30))


def chat(url: str, number: int) -> None:
    """Ask so many times, each by a connection of its own."""
    for _ in range(number):
        with connected(url) as connection:
            body = json.dumps({"message": "hello"})
            connection.request("POST", "/chat", body, {"Content-Type": "application/json"})
            assert connection.getresponse().status == 200


def seen(url: str, least: int) -> dict[str, object]:
    """What the command says as JSON, once so many requests have been counted."""
    ends = time.monotonic() + 30
    while time.monotonic() < ends:
        with connected(url) as connection:
            connection.request("GET", "/api/v2/slo")
            found = json.load(connection.getresponse())
        if found["objectives"] and found["objectives"][0]["requests"] >= least:
            break
        time.sleep(0.2)
    return json.loads(ion("slo", "status", "--url", url, "--json").stdout)


@pytest.mark.outage
@pytest.mark.skipif(sys.platform != "linux", reason="several workers need SO_REUSEPORT")
def test_workers_are_one_host(tmp_path):
    """Two workers are summed up, and what one counted that was killed is not lost."""
    with serving(tmp_path, "--workers=2") as (process, url):
        chat(url, 30)
        before = seen(url, 30)
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text("ascii")
        os.kill(int(children.split()[0]), signal.SIGKILL)
        time.sleep(1.0)
        after = seen(url, before["objectives"][0]["requests"])
        shown = ion("slo", "status", "--url", url)

    assert before["status"] == after["status"] == "healthy"
    assert after["objectives"][0]["requests"] >= before["objectives"][0]["requests"] >= 30
    assert shown.returncode == 0
    assert "No alert fires." in shown.stdout
    assert "IonErrorBudgetBurn14_4x" in shown.stdout


def test_too_few_are_told_by_their_number():
    """Where too little happened the table says how much, and times are to the minute."""
    few = ALERT | {"state": "pending", "value": None, "seen": 24, "least": 180}
    with answering(200, ANSWER | {"alerts": [few]}) as url:
        english = ion("slo", "status", "--url", url, TZ="UTC")
        korean = ion("slo", "status", "--url", url, "--lang", "ko")

    assert "too few: 24 of 180" in english.stdout
    assert "180건 중 24건뿐" in korean.stdout
    assert "2026-11-22T" not in english.stdout


def test_a_key_that_may_not_read_is_told_what_it_lacks():
    """For a refusal the command names the scope that this endpoint asks for."""
    with answering(403, {"error": {"message": "Not granted."}}) as url:
        refused = ion("slo", "status", "--url", url)

    assert refused.returncode == 2
    assert "the API key needs the scope read" in refused.stderr


def test_an_alert_exits_with_one():
    """Where an alert fires the tables show it, and the exit code is 1."""
    with answering(200, ANSWER) as url:
        english = ion("slo", "status", "--url", url)
        korean = ion("slo", "status", "--url", url, "--lang", "ko")
        machine = ion("slo", "status", "--url", url, "--json")

    assert (english.returncode, korean.returncode, machine.returncode) == (1, 1, 1)
    assert "Alerts fire. Observed so far: 2 h." in english.stdout
    assert re.search(r"IonErrorRateHigh +firing +50\.0% +> 5\.0% +5 min", english.stdout)
    assert re.search(r"latency +95% ≤ 2 s +50% +-20% +500\.0×", english.stdout)
    assert "경보가 발생했습니다. 관찰한 시간: 2시간." in korean.stdout
    assert json.loads(machine.stdout) == ANSWER


@pytest.mark.parametrize(
    ("status", "document"),
    [
        (200, {**ANSWER, "status": "unknown", "alerts": []}),
        (200, {"status": "alerting"}),
        (200, [1]),
        (401, {"error": {"message": "Who are you?"}}),
        (404, {}),
    ],
)
def test_what_cannot_be_told_exits_with_two(status, document):
    """A host that does not know, refuses, or is of another version gives the exit code 2."""
    with answering(status, document) as url:
        ran = ion("slo", "status", "--url", url)

    assert ran.returncode == 2
    assert "Traceback" not in ran.stderr


def test_nobody_there_exits_with_two():
    """Where nobody listens at the address of the settings the exit code is 2, with the address."""
    ran = ion("slo", "status", ION_PORT="1")

    assert ran.returncode == 2
    assert "http://127.0.0.1:1: the host cannot be reached" in ran.stderr
