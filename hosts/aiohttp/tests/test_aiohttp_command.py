"""``ion serve`` as a process of its own."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from aiohttp import ClientSession

from ion_framework.testing import PluginPackage
from ion_framework.testing.packages import environment_with

ION = Path(sys.executable).with_name("ion")
MANIFEST = """\
name = "brain"
summary = "Made for a test."
provides = ["analyzer", "router", "generator"]
ion_api = 1
"""
CODE = """\
import asyncio
from ion_framework import Finish, Resonance, TextChunk, detect_language, hookimpl
from ion_framework.domain.key import ResonanceKey
from ion_framework.domain.routing import decide

class Brain:
    @hookimpl
    def ion_analyze(self, turn):
        key = ResonanceKey.parse("calm-medium-learning")
        return Resonance.given(key, detect_language(turn.text))

    @hookimpl
    def ion_route(self, turn, personas):
        return decide(turn.resonance.key, personas)

    @hookimpl
    async def ion_generate(self, prompt):
        await asyncio.sleep(1.0 if "slowly" in prompt.user else 0)
        yield TextChunk("said: " + prompt.user)
        yield Finish()

def plugin(context):
    return Brain()
"""
BROKEN = """\
name = "broken"
summary = "Made for a test."
provides = ["monitor"]
ion_api = 1
"""
PACKAGES = (
    PluginPackage(name="sage"),
    PluginPackage(name="brain", manifest=MANIFEST, code=CODE),
    PluginPackage(
        name="broken",
        manifest=BROKEN,
        code="def plugin(context):\n    raise ValueError('no way')\n",
    ),
)


@contextmanager
def serving(folder: Path, *options: str, names=("sage", "brain")):
    """``ion serve`` on a free port; gives the process and the URL that it prints."""
    for package in PACKAGES:
        package.write(folder / "packages")
    chosen = [f"--enable={name}" for name in ("aiohttp", *names)]
    process = subprocess.Popen(
        [ION, "serve", "--port=0", "--log-format=json", *chosen, *options],
        cwd=folder,
        env=environment_with(folder / "packages"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    try:
        notice = [process.stdout.readline() for _ in range(4)]
        url = re.search(r"http://\S+", notice[0])
        assert url, f"it did not start: {process.stderr.read()}"
        assert f"curl -s {url[0]}/chat " in notice[2]
        yield process, url[0]
    finally:
        process.kill()
        process.communicate()


def run(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """``ion serve`` with options that keep it from serving."""
    return subprocess.run(
        [ION, "serve", *options],
        cwd=folder,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=20,
        check=False,
    )


class TestServe:
    """A host that runs."""

    def test_a_plugin_that_does_not_run_is_named_in_the_log(self, tmp_path):
        """At the start, a plugin that failed is logged as an error with its reason."""
        with serving(tmp_path, names=("sage", "brain", "broken")) as (process, _):
            line = json.loads(process.stderr.readline())

        assert ("plugin out of order", "error") == (line["event"], line["level"])
        assert ("broken", "failed") == (line["plugin"], line["status"])
        assert "no way" in line["reason"]

    async def test_request_in_flight_survives_sigterm(self, tmp_path):
        """A request under way at SIGTERM is answered, readiness is 503, and the exit code is 0."""
        with serving(tmp_path) as (process, url):
            async with ClientSession(url) as session:
                before = await session.get("/health/ready")
                chat = asyncio.create_task(
                    session.post("/chat", json={"message": "slowly, please"})
                )
                await asyncio.sleep(0.3)
                process.send_signal(signal.SIGTERM)
                await asyncio.sleep(0.2)
                after = await session.get("/health/ready")
                answer = await (await chat).json()
            code = await asyncio.to_thread(process.wait, 10)
            _, logged = process.communicate()

        assert (before.status, after.status) == (200, 503)
        assert (answer["content"], answer["persona_used"]) == ("said: slowly, please", "Sage")
        assert code == 0
        events = [json.loads(line) for line in logged.splitlines()]
        assert [(event["event"], event.get("status")) for event in events] == [
            ("request", 200),
            ("stopping", None),
            ("request", 503),
            ("request", 200),
        ]

    async def test_interrupt_ends_it_at_once(self, tmp_path):
        """Ctrl-C ends an idle host within a second, with exit code 0."""
        with serving(tmp_path) as (process, _):
            started = time.monotonic()
            process.send_signal(signal.SIGINT)
            code = await asyncio.to_thread(process.wait, 10)

        assert code == 0
        assert time.monotonic() - started < 1.5

    async def test_bare_host_serves_and_says_what_is_missing(self, tmp_path):
        """A host alone starts, is degraded, and answers a message with what to install."""
        with serving(tmp_path, names=()) as (_, url):
            async with ClientSession(url, headers={"Accept-Language": "en"}) as session:
                health = await (await session.get("/health")).json()
                chat = await session.post("/chat", json={"message": "hi"})
                body = await chat.json()

        assert health["status"] == "degraded"
        assert [reason["code"] for reason in health["reasons"]] == [
            "no_persona",
            "no_generator",
            "no_analyzer",
            "no_router",
        ]
        assert (chat.status, body["detail"]) == (
            503,
            "No persona is active; install one, for example ion-persona-lua.",
        )

    async def test_insecure_host_warns(self, tmp_path):
        """With --insecure-no-auth it listens everywhere, and the log says that this is open."""
        with serving(tmp_path, "--host=0.0.0.0", "--insecure-no-auth") as (process, url):
            async with ClientSession(url) as session:
                status = (await session.get("/health/live")).status
            process.send_signal(signal.SIGTERM)
            _, logged = process.communicate(timeout=10)

        assert status == 200
        assert json.loads(logged.splitlines()[0])["event"].startswith("no authentication")


class TestRefusals:
    """A host that does not start."""

    def test_public_address(self, tmp_path):
        """An address that other machines reach is refused in one sentence with the ways out."""
        result = run(tmp_path, "--host", "0.0.0.0")

        assert result.returncode == 1
        assert "this host has no authentication" in result.stderr
        assert "--insecure-no-auth" in result.stderr
        assert "Traceback" not in result.stderr

    def test_wrong_setting(self, tmp_path):
        """An unknown key in the settings file stops the start and is named with the file."""
        file = tmp_path / "my.toml"
        file.write_text("[server]\nprot = 1\n")
        result = run(tmp_path, "--config", str(file))

        assert result.returncode == 1
        assert "my.toml: server: unknown key prot" in result.stderr

    @pytest.mark.parametrize("options", [["--port", "65536"], ["--log-level", "loud"]])
    def test_wrong_option(self, tmp_path, options):
        """An option out of range is an error of usage."""
        assert run(tmp_path, *options).returncode == 2

    def test_help_imports_no_aiohttp(self):
        """``ion serve --help`` answers without importing aiohttp."""
        code = (
            "import sys; from ion_framework.cli.group import ion; "
            "ion.main(['serve', '--help'], standalone_mode=False); "
            "sys.exit('aiohttp' in sys.modules)"
        )
        result = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)

        assert (result.returncode, b"--insecure-no-auth" in result.stdout) == (0, True)
