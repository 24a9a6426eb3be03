"""A host that is killed and started again at the same address, before a fake Gemini."""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path

import aiohttp

from ion_framework.testing.model_servers.fake_gemini import FakeGemini
from ion_framework.testing.model_servers.faults import Answer
from perf.processes import free_port, ion, unconfigured
from perf.reliability.stage import KEY, MODEL, POLL_S, READY_S, STOP_S, UPSTREAM_S

CONFIG = """
[limits]
in_flight = 128
"""


class MortalHost:
    """``ion serve`` as a process of its own.

    Args:
        folder: takes its log and its data.
        environ: the environment that it sees.
    """

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self._folder = folder
        self._environ = environ
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"http://127.0.0.1:{self._port}"
        """Its address, the same in every life."""
        self.kills = 0
        """How often it was killed."""

    async def start(self) -> None:
        """Start it, and wait until it can serve.

        Raises:
            ChildProcessError: it ended, or was not ready in time; holds the end of its log.
        """
        log = self._folder / "host.log"
        with log.open("ab") as output:
            self._process = subprocess.Popen(  # noqa: ASYNC220  it only forks; waiting for it is asynchronous
                ion("serve", "--port", str(self._port)),
                cwd=self._folder,
                env=self._environ,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        ends = time.monotonic() + READY_S
        while time.monotonic() < ends and self._process.poll() is None:
            if await self._is_ready():
                return
            await asyncio.sleep(POLL_S)
        raise ChildProcessError(f"the host was not ready: {log.read_text('utf-8')[-2000:]}")

    async def kill(self) -> None:
        """Kill it with SIGKILL, and wait until it is gone."""
        assert self._process is not None  # noqa: S101  it is started before
        self._process.kill()
        await asyncio.to_thread(self._process.wait)
        self.kills += 1

    async def stop(self) -> None:
        """Let it end."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            await asyncio.to_thread(self._process.wait, STOP_S)
        except subprocess.TimeoutExpired:
            await self.kill()

    async def _is_ready(self) -> bool:
        try:
            async with (
                aiohttp.ClientSession() as session,
                session.get(f"{self.url}/health/ready") as response,
            ):
                return response.status == HTTPStatus.OK
        except aiohttp.ClientError:
            return False  # nobody listens yet


@asynccontextmanager
async def mortal_host(folder: Path, environ: Mapping[str, str]) -> AsyncIterator[MortalHost]:
    """A host in operation, whose model takes 20 ms to begin an answer.

    Args:
        folder: an empty folder for its log, settings and data.
        environ: further variables.
    """
    async with FakeGemini(api_key=KEY) as gemini:
        gemini.behave(Answer(first_delay_s=UPSTREAM_S))
        file = folder / "ion.toml"
        file.write_text(CONFIG, "utf-8")
        variables = {
            "ION_CONFIG": str(file),
            "ION_DATA_DIR": str(folder),
            "ION_LOG_FORMAT": "json",
            # All the load comes from one address.
            "ION_RATE_LIMIT": "off",
            "ION_GEMINI_API_KEY": KEY,
            "ION_GEMINI_MODEL": MODEL,
            "ION_GEMINI_BASE_URL": gemini.base_url,
            **environ,
        }
        host = MortalHost(folder, unconfigured(variables))
        await host.start()
        try:
            yield host
        finally:
            await host.stop()
