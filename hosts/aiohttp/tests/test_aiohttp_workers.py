"""``ion serve --workers``: several processes at one address, and the one that keeps them."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import pytest
from aiohttp import (
    ClientOSError,
    ClientSession,
    ClientTimeout,
    ServerDisconnectedError,
    TCPConnector,
)

from ion_framework.testing import PluginPackage
from ion_framework.testing.packages import environment_with

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs SO_REUSEPORT and /proc")

ION = Path(sys.executable).with_name("ion")
MANIFEST = """\
name = "brain"
summary = "Made for a test."
provides = ["analyzer", "router", "generator"]
ion_api = 1
"""
CODE = """\
import asyncio, os, time
from ion_framework import Finish, Resonance, TextChunk, detect_language, hookimpl
from ion_framework.domain.key import ResonanceKey
from ion_framework.domain.routing import decide

class Brain:
    @hookimpl
    async def ion_startup(self):
        {startup}

    @hookimpl
    def ion_analyze(self, turn):
        key = ResonanceKey.parse("calm-medium-learning")
        return Resonance.given(key, detect_language(turn.text))

    @hookimpl
    def ion_route(self, turn, personas):
        return decide(turn.resonance.key, personas)

    @hookimpl
    async def ion_generate(self, prompt):
        if "hang" in prompt.user:
            time.sleep(60)
        await asyncio.sleep(1.0 if "slowly" in prompt.user else 0)
        yield TextChunk(str(os.getpid()))
        yield Finish()

def plugin(context):
    return Brain()
"""
FRESH = ClientTimeout(total=20)


@contextmanager
def serving(folder, *options, startup="pass", workers=2):
    """``ion serve`` with workers; gives the supervisor and the URL that it prints."""
    code = CODE.replace("{startup}", startup)
    PluginPackage(name="sage").write(folder / "packages")
    PluginPackage(name="brain", manifest=MANIFEST, code=code).write(folder / "packages")
    chosen = [f"--enable={name}" for name in ("aiohttp", "sage", "brain")]
    log = (folder / "log").open("w")
    process = subprocess.Popen(
        [ION, "serve", "--port=0", f"--workers={workers}", "--log-format=json", *chosen, *options],
        cwd=folder,
        env=environment_with(folder / "packages") | {"ION_RATE_LIMIT": "off"},
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
        encoding="utf-8",
    )
    try:
        url = re.search(r"http://\S+", process.stdout.readline())
        yield process, url and url[0]
    finally:
        process.kill()
        process.communicate()
        log.close()


def lines(folder, event):
    """The log lines of an event."""
    found = [
        json.loads(each) for each in (folder / "log").read_text().splitlines() if each[:1] == "{"
    ]
    return [line for line in found if line["event"] == event]


def lives(pid):
    """Whether a process runs."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def until(condition, seconds=30.0):
    """Wait until something is so."""
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends, "it did not come to that"
        await asyncio.sleep(0.05)


async def asked(url, message="hello"):
    """The process that answers a message, over a connection of its own."""
    async with ClientSession(
        url, connector=TCPConnector(force_close=True), timeout=FRESH
    ) as session:
        response = await session.post(
            "/chat", json={"message": message, "user_id": os.urandom(4).hex()}
        )
        return int((await response.json())["content"])


async def seen(url, number, most=200):
    """The processes that answer, until so many different ones have."""
    found = set()
    for _ in range(most):
        found.add(await asked(url))
        if len(found) >= number:
            break
    return found


class TestServing:
    """Workers that serve."""

    async def test_all_serve_and_one_signal_ends_all(self, tmp_path):
        """All answer at one port, and SIGTERM ends all within 8 s, what is in flight first."""
        with serving(tmp_path) as (process, url):
            workers = await seen(url, 2)
            slow = asyncio.create_task(asked(url, "slowly, please"))
            await asyncio.sleep(0.3)
            began = time.monotonic()
            process.send_signal(signal.SIGTERM)
            code = await asyncio.to_thread(process.wait, 20)
            took_s = time.monotonic() - began
            answered_by = await slow
            left = [pid for pid in workers if lives(pid)]

        assert len(workers) == 2
        assert process.pid not in workers
        assert answered_by in workers
        assert (code, left) == (0, [])
        assert took_s < 8

    async def test_killed_worker_is_replaced(self, tmp_path):
        """A worker that is killed has a successor, and the figures of the host lose nothing."""
        with serving(tmp_path) as (_, url):
            before = await seen(url, 2)
            await asyncio.sleep(1.5)
            victim = min(before)
            os.kill(victim, signal.SIGKILL)
            await until(lambda: len(lines(tmp_path, "worker serves")) == 3)
            after = await seen(url, 2)
            await asyncio.sleep(1.5)
            async with ClientSession(url) as session:
                health = await (await session.get("/api/v2/health")).json()
            answered = len(
                [line for line in lines(tmp_path, "request") if line["route"] == "/chat"]
            )

        assert victim not in after
        assert len(after) == 2
        (ended,) = lines(tmp_path, "worker ended")
        assert (ended["pid"], ended["code"]) == (victim, -9)
        assert health["healthy"] is True
        assert health["service_status"]["uptime_ms"] > 3000
        assert answered > 0

    async def test_second_signal_ends_everything_at_once(self, tmp_path):
        """A second signal does not wait for what is in flight."""
        with serving(tmp_path) as (process, url):
            workers = await seen(url, 2)
            slow = asyncio.create_task(asked(url, "slowly, please"))
            await asyncio.sleep(0.3)
            process.send_signal(signal.SIGTERM)
            await asyncio.sleep(0.1)
            process.send_signal(signal.SIGTERM)
            code = await asyncio.to_thread(process.wait, 5)
            await asyncio.wait({slow})
            await until(lambda: not any(map(lives, workers)), 5)

        assert code == 128 + signal.SIGTERM
        assert slow.exception() is not None

    async def test_no_orphans(self, tmp_path):
        """Workers end when the supervisor is gone, however that came."""
        with serving(tmp_path) as (process, url):
            workers = await seen(url, 2)
            process.kill()
            await until(lambda: not any(map(lives, workers)), 10)

    async def test_hangup_replaces_them_one_by_one(self, tmp_path):
        """After SIGHUP every worker is another one, and whoever meets a leaving one asks again."""
        with serving(tmp_path) as (process, url):
            before = await seen(url, 2)
            process.send_signal(signal.SIGHUP)
            while not lines(tmp_path, "workers replaced"):
                # A connection that waits at a worker that closes its door is lost with it.
                with suppress(ServerDisconnectedError, ClientOSError):
                    await asked(url)
            await until(lambda: not any(map(lives, before)), 15)
            after = await seen(url, 2)

        assert not before & after
        assert len(after) == 2

    async def test_a_plugin_that_fails_in_one_worker_is_told_by_all(self, tmp_path):
        """Health names a plugin that failed in another worker, with the worker's number."""
        startup = "os.mkdir('first')"
        with serving(tmp_path, startup=startup) as (_, url):
            async with ClientSession(url, connector=TCPConnector(force_close=True)) as session:
                codes = set()
                ends = time.monotonic() + 20
                while (
                    time.monotonic() < ends
                    and len(codes & {"plugin_out", "plugin_out_in_worker"}) < 2
                ):
                    response = await session.get("/health", headers={"Accept-Language": "en"})
                    codes |= {reason["code"] for reason in (await response.json())["reasons"]}

        assert {"plugin_out", "plugin_out_in_worker"} <= codes


class TestNoStart:
    """A host of which no worker can be started."""

    def test_the_reason_is_told_once(self, tmp_path):
        """A required plugin that is missing ends the start with exit code 1 and one sentence."""
        result = subprocess.run(
            [ION, "serve", "--port=0", "--workers=2", "--enable=aiohttp"],
            cwd=tmp_path,
            env=os.environ | {"ION_PLUGINS_REQUIRED": "nosuchplugin"},
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )

        assert result.returncode == 1
        assert result.stderr.count("Error: ") == 1
        assert "nosuchplugin" in result.stderr
        assert "Traceback" not in result.stderr

    def test_a_crash_at_every_start(self, tmp_path):
        """Workers that end at once are tried some times, further and further apart, and no more."""
        with serving(tmp_path, startup="os._exit(7)") as (process, url):
            code = process.wait(60)

        assert (code, url) == (1, None)
        ends = lines(tmp_path, "worker ended")
        assert {line["code"] for line in ends} == {7}
        pauses = [line["again_s"] for line in ends if line["worker"] == 1]
        assert pauses == sorted(pauses)
        assert "no worker can be started" in (tmp_path / "log").read_text()


HELD = """\
open(f'began-{os.getpid()}', 'x').close()
        while os.path.exists('hold'):
            await asyncio.sleep(0.02)"""
"""A start that waits as long as there is a file called hold."""


class Workers:
    """Workers whose starts can be held, and whose plugins are changed.

    Args:
        folder: the folder of the host.
        session: a client without lasting connections.
    """

    def __init__(self, folder, session):
        self.folder, self.session = folder, session

    async def hold(self, number, begin):
        """Have something begin that starts a worker, and wait until that start is held."""
        (self.folder / "hold").touch()
        begin()
        await until(lambda: len(list(self.folder.glob("began-*"))) == number)

    def let_go(self):
        """Let the workers that are held go on."""
        (self.folder / "hold").unlink()

    async def change(self, act, name="sage"):
        """Change a plugin; the workers that have made the change, and its status there."""
        body = {"force": True} if act == "disable" else None
        async with self.session.post(f"/api/v2/plugins/{name}/{act}", json=body) as response:
            found = (await response.json()).get("workers", ())
            return [(each["worker"], each["status"]) for each in found if each["changed"]]

    async def traits(self):
        """The traits of the persona that twenty requests meet, None where it does not answer."""
        found = set()
        for _ in range(20):
            async with self.session.get("/api/v2/personas/sage") as response:
                body = await response.json()
                found.add(tuple(body["traits"]) if response.status == 200 else None)
        return found

    async def fingerprints(self):
        """The fingerprints, in which versions of personas are, that twenty answers bear."""
        asked = {"model": "sage", "messages": [{"role": "user", "content": "hello"}]}
        found = set()
        for _ in range(20):
            async with self.session.post("/v1/chat/completions", json=asked) as response:
                found.add((await response.json())["system_fingerprint"])
        return found


@asynccontextmanager
async def held_workers(folder):
    """Two workers that serve, the next starts of which can be held; gives the supervisor, too."""
    with serving(folder, startup=HELD) as (process, url):
        async with ClientSession(url, connector=TCPConnector(force_close=True)) as session:
            yield process, Workers(folder, session)


async def test_a_change_of_a_plugin_reaches_every_worker(tmp_path):
    """Whichever worker is asked, all of them change the plugin, and one that starts later does."""
    async with held_workers(tmp_path) as (_, workers):
        first = int(min(tmp_path.glob("began-*")).name.partition("-")[2])
        out, during = await workers.change("disable"), await workers.traits()
        os.kill(first, signal.SIGKILL)
        await until(lambda: len(lines(tmp_path, "worker serves")) == 3)
        later = await workers.traits()
        back, after = await workers.change("enable"), await workers.traits()
        nobody = await workers.change("enable", "nobody")

    assert out == [(1, "disabled"), (2, "disabled")]
    assert back == [(1, "active"), (2, "active")]
    assert (during, later, after, nobody) == ({None}, {None}, {()}, [])


async def test_a_change_while_sighup_replaces_workers_reaches_all(tmp_path):
    """Both the worker that is held at its start and the one that starts later make the change."""
    async with held_workers(tmp_path) as (process, workers):
        await workers.hold(3, lambda: process.send_signal(signal.SIGHUP))
        told = await workers.change("disable")
        workers.let_go()
        await until(lambda: lines(tmp_path, "workers replaced"))
        out = await workers.traits()
        await workers.hold(5, lambda: process.send_signal(signal.SIGHUP))
        await workers.change("enable")
        workers.let_go()
        await until(lambda: len(lines(tmp_path, "workers replaced")) == 2)
        back = await workers.traits()

    assert ([number for number, _ in told], out, back) == ([1, 2], {None}, {()})


async def test_a_change_while_a_worker_starts_reaches_it(tmp_path):
    """The successor of a killed worker, held at its start, is as the others once it serves."""
    manifest = tmp_path / "packages" / PluginPackage(name="sage").package / "ion-plugin.toml"
    async with held_workers(tmp_path) as (_, workers):
        victim = int(min(tmp_path.glob("began-*")).name.partition("-")[2])
        text = manifest.read_text("utf-8")
        manifest.write_text(text + '\n[persona.traits]\nen = ["quick"]\n', "utf-8")
        await workers.hold(3, lambda: os.kill(victim, signal.SIGKILL))
        told = await workers.change("reload")
        (print_of_one,) = await workers.fingerprints()
        workers.let_go()
        await until(lambda: len(lines(tmp_path, "worker serves")) == 3)
        traits, prints = await workers.traits(), await workers.fingerprints()

    assert len(told) == 1
    assert traits == {("quick",)}
    assert prints == {print_of_one}
