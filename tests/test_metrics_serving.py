"""``GET /metrics`` of a real host: who may read it, and the sum over workers that come and go."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from aiohttp import ClientError, ClientSession, ClientTimeout, TCPConnector

pytestmark = [
    pytest.mark.outage,
    pytest.mark.skipif(sys.platform != "linux", reason="needs SO_REUSEPORT and /proc"),
]

ION = Path(sys.executable).with_name("ion")
PLUGINS = ("aiohttp", "metrics", "resonance", "offline", "two-tier-cache", "lua", "nana")
PATIENCE = ClientTimeout(total=20)


@contextmanager
def serving(folder, *options, **environ):
    """``ion serve`` with the metrics; gives the supervisor and the URL that it prints."""
    fixed = {"ION_RATE_LIMIT": "off", "ION_DATA_DIR": str(folder), "ION_LOG_FORMAT": "json"}
    chosen = [f"--enable={name}" for name in PLUGINS]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [ION, "serve", "--port=0", *chosen, *options],
            env={**os.environ, **fixed, **environ},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            encoding="utf-8",
        )
        try:
            found = re.search(r"http://\S+", process.stdout.readline())
            assert found, (folder / "log").read_text()
            yield process, found[0]
        finally:
            process.terminate()
            process.communicate(timeout=30)


def fresh(url, **options):
    """A client that opens a connection for every request, so that it meets every worker."""
    connector = TCPConnector(force_close=True)
    return ClientSession(url, connector=connector, timeout=PATIENCE, **options)


async def figures(session):
    """Every sample by its name with labels."""
    async with session.get("/metrics") as response:
        text = await response.text()
    lines = (line.rsplit(" ", 1) for line in text.splitlines() if line[:1] != "#")
    return {name: float(value) for name, value in lines}


async def ask(session, number):
    """A turn."""
    body = {"message": f"hello number {number}", "user_id": "ann@example.org"}
    async with session.post("/chat", json=body) as response:
        assert response.status == 200


CHATS = 'ion_http_requests_total{method="POST",route="/chat",status="200"}'


async def test_workers_are_added_up_and_a_killed_one_takes_nothing_along(tmp_path):
    """Any worker tells the exact sum; no counter goes back when a worker is killed and replaced."""
    with serving(tmp_path, "--workers=2") as (_, url):
        async with fresh(url) as session:
            for number in range(20):
                await ask(session, number)
            # Events reach the monitor right after the answer.
            await asyncio.sleep(1.5)
            sums = [await figures(session) for _ in range(8)]
            assert {each[CHATS] for each in sums} == {20.0}
            assert {each["ion_processes"] for each in sums} == {2.0}
            assert all(
                each['ion_plugin_status{plugin="lua",status="active"}'] == 2 for each in sums
            )
            assert sum(v for k, v in sums[0].items() if k.startswith("ion_turns_total{")) == 20.0
            looked_up = [each for each in sums[0] if each.startswith("ion_cache_lookups_total{")]
            assert sum(sums[0][each] for each in looked_up) == 20.0
            async with session.get("/api/v2/cache-stats") as response:
                stats = await response.json()
            assert (stats["workers"], stats["total_requests"]) == (2, 20)

            os.kill(victim(tmp_path), signal.SIGKILL)
            later = await replaced(session)
            await ask(session, 99)
            await asyncio.sleep(0.5)
            last = await figures(session)

    counters = [each for each in sums[-1] if "_total" in each or "_bucket" in each]
    assert [each for each in counters if later.get(each, 0.0) < sums[-1][each]] == []
    assert later["ion_process_starts_total"] == 3.0
    assert (later["ion_processes"], last[CHATS]) == (2.0, 21.0)
    assert "ann@example.org" not in "".join(last)
    assert list((tmp_path / "runs").iterdir()) == []


async def test_taken_out_and_let_in_again(tmp_path):
    """Taken out of all workers and let in again, the plugin goes on with its figures."""
    with serving(tmp_path, "--workers=2") as (_, url):
        async with fresh(url) as session:
            for number in range(6):
                await ask(session, number)
            await asyncio.sleep(0.5)
            for act in ("disable", "enable"):
                async with session.post(f"/api/v2/plugins/metrics/{act}") as response:
                    assert response.status == 200, await response.text()
            for number in range(6):
                await ask(session, number)
            await asyncio.sleep(1.5)
            found = [await figures(session) for _ in range(4)]

    assert {each[CHATS] for each in found} == {12.0}
    assert {each["ion_processes"] for each in found} == {2.0}


def victim(folder):
    """The process of a worker."""
    (name, *_) = sorted(each.name for each in folder.glob("runs/run-*/metrics-*.values"))
    return int(name.split("-")[1])


async def replaced(session):
    """The figures once the third process serves."""
    ends = time.monotonic() + 60
    while time.monotonic() < ends:
        try:
            found = await figures(session)
        except ClientError:
            found = {}
        if found.get("ion_process_starts_total") == 3.0 and found["ion_processes"] == 2.0:
            return found
        await asyncio.sleep(0.2)
    raise AssertionError("the worker was not replaced")


async def test_one_process_and_its_forms(tmp_path):
    """One process keeps its figures to itself, and writes them in the form that is asked for."""
    with serving(tmp_path) as (_, url):
        async with fresh(url) as session:
            await ask(session, 1)
            await ask(session, 1)
            async with session.get("/nowhere/at/all/ann@example.org"):
                pass
            await asyncio.sleep(0.5)
            found = await figures(session)
            accept = {"Accept": "application/openmetrics-text;version=1.0.0"}
            async with session.get("/metrics", headers=accept) as response:
                form, ending = response.headers["Content-Type"], await response.text()

    assert found[CHATS] == 2.0
    assert found['ion_http_requests_total{method="GET",route="",status="404"}'] == 1.0
    assert found['ion_cache_turns_total{status="hit"}'] == 1.0
    assert found["ion_process_resident_memory_bytes"] > 1e6
    assert form.startswith("application/openmetrics-text; version=1.0.0")
    assert form.endswith("charset=utf-8")
    assert ending.endswith("# EOF\n")
    assert "ann@example.org" not in ending
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("scope", "statuses"), [("admin", (401, 403, 200)), ("read", (401, 200, 200))]
)
async def test_who_may_read(tmp_path, scope, statuses):
    """With keys, figures are for administrators, or for readers where the setting says so."""
    keys = ["", made_key(tmp_path, "read"), made_key(tmp_path, "admin")]
    with serving(tmp_path, ION_METRICS_SCOPE=scope) as (_, url):
        found = []
        for key in keys:
            headers = {"Authorization": f"Bearer {key}"} if key else {}
            async with fresh(url, headers=headers) as session, session.get("/metrics") as response:
                found.append(response.status)

    assert tuple(found) == statuses


def made_key(folder, scope):
    """A key with a scope."""
    ran = subprocess.run(
        [ION, "keys", "create", f"--name=for-{scope}", f"--scope={scope}"],
        env={**os.environ, "ION_DATA_DIR": str(folder)},
        capture_output=True,
        text=True,
        check=True,
    )
    return ran.stdout.strip()
