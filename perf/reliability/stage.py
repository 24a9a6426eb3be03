"""What a check plays on: ``ion serve`` as a process of its own, before a fake Gemini and a Redis.

The fake and the load run in the checking process, the host and Redis in processes of their own,
so that nothing that is killed, frozen or slowed takes the measurement with it.
"""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any

import aiohttp
import attrs

from ion_framework.testing.model_servers.fake_gemini import FakeGemini
from ion_framework.testing.model_servers.faults import Answer
from perf.processes import free_port, ion, unconfigured
from perf.reliability.promise import Setting

READY_S = 30.0
POLL_S = 0.02
STOP_S = 12.0
REQUEST_S = 90.0
UPSTREAM_S = 0.02
"""How long the fake model takes to begin its answer, as the scorecard says."""

KEY = "key-of-the-fake"
MODEL = "gemini-2.5-flash"


@attrs.frozen
class HostProcess:
    """A host in operation.

    Attributes:
        process: its process.
        url: its address.
        log: the file that its log lines go to.
    """

    process: subprocess.Popen[bytes]
    url: str
    log: Path

    def lines(self, event: str = "") -> list[dict[str, Any]]:
        """The log lines so far, or those of one event."""
        written = self.log.read_text("utf-8").splitlines()
        found = [json.loads(line) for line in written if line.startswith("{")]
        return [line for line in found if not event or line.get("event") == event]


@attrs.frozen
class Said:
    """What a host answered.

    Attributes:
        status: HTTP status.
        cache: the header ``ION-Cache``.
        degraded: the header ``ION-Degraded``, empty without.
        content: the text.
    """

    status: int
    cache: str
    degraded: str
    content: str

    @property
    def failure(self) -> str:
        """What went wrong, empty where the message was answered."""
        return "" if self.status == HTTPStatus.OK else f"HTTP {self.status}"


@attrs.frozen
class Stage:
    """Everything in its place.

    Attributes:
        gemini: the fake model service.
        hosts: the hosts.
        session: the client.
    """

    gemini: FakeGemini
    hosts: tuple[HostProcess, ...]
    session: aiohttp.ClientSession

    async def ask(self, text: str, host: int = 0, **body: object) -> Said:
        """Ask a host by its API v2."""
        url = f"{self.hosts[host].url}/api/v2/process"
        content = {"user_input": text, "include_metadata": False, **body}
        async with self.session.post(url, json=content) as response:
            document = await response.json()
            return Said(
                response.status,
                response.headers.get("ION-Cache", ""),
                response.headers.get("ION-Degraded", ""),
                str(document.get("content", "")),
            )


@asynccontextmanager
async def staged(
    setting: Setting,
    *,
    hosts: int = 1,
    redis_url: str = "",
    config: str = "",
    environ: Mapping[str, str] | None = None,
) -> AsyncIterator[Stage]:
    """Start a fake Gemini and hosts that use it.

    Args:
        setting: of the check; its folder takes logs and settings.
        hosts: number of hosts, each a process.
        redis_url: address of the Redis that they share, empty for none.
        config: content of ``ion.toml``.
        environ: further variables.
    """
    async with AsyncExitStack() as stack:
        gemini = await stack.enter_async_context(FakeGemini(api_key=KEY))
        gemini.behave(Answer(first_delay_s=UPSTREAM_S))
        file = setting.folder / "ion.toml"
        file.write_text(config, "utf-8")
        variables = unconfigured(
            {
                "ION_CONFIG": str(file),
                "ION_DATA_DIR": str(setting.folder),
                "ION_LOG_FORMAT": "json",
                # All the load comes from one address.
                "ION_RATE_LIMIT": "off",
                "ION_GEMINI_API_KEY": KEY,
                "ION_GEMINI_MODEL": MODEL,
                "ION_GEMINI_BASE_URL": gemini.base_url,
                **({"ION_REDIS_URL": redis_url} if redis_url else {}),
                **(environ or {}),
            }
        )
        started = [
            await stack.enter_async_context(
                _hosted(setting.folder / f"host-{number}.log", variables)
            )
            for number in range(hosts)
        ]
        session = await stack.enter_async_context(
            aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0),
                timeout=aiohttp.ClientTimeout(total=REQUEST_S),
            )
        )
        yield Stage(gemini, tuple(started), session)


@asynccontextmanager
async def _hosted(log: Path, environ: Mapping[str, str]) -> AsyncIterator[HostProcess]:
    port = free_port()
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: ASYNC220  it only forks; waiting for it is asynchronous
            ion("serve", "--port", str(port)),
            cwd=log.parent,
            env=environ,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    host = HostProcess(process, f"http://127.0.0.1:{port}", log)
    try:
        await _until_ready(host)
        yield host
    finally:
        await _stop(process)


async def _until_ready(host: HostProcess) -> None:
    ends = time.monotonic() + READY_S
    async with aiohttp.ClientSession() as session:
        while time.monotonic() < ends and host.process.poll() is None:
            if await _is_ready(session, host):
                return
            await asyncio.sleep(POLL_S)
    raise ChildProcessError(f"the host was not ready: {host.log.read_text('utf-8')[-2000:]}")


async def _is_ready(session: aiohttp.ClientSession, host: HostProcess) -> bool:
    try:
        async with session.get(f"{host.url}/health/ready") as response:
            return response.status == HTTPStatus.OK
    except aiohttp.ClientError:
        return False  # nobody listens yet


async def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        await asyncio.to_thread(process.wait, STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def hot_and_new(hot: Sequence[str], share_new: float, setting: Setting) -> Mapping[int, str]:
    """Messages by number: mostly of a hot set, some that nobody ever asked before.

    Args:
        hot: the hot set.
        share_new: share of new ones.
        setting: of the check.
    """
    random = setting.random("messages")

    class Messages(dict[int, str]):
        def __missing__(self, number: int) -> str:
            new = random.random() < share_new
            text = f"What is new about item {number} of the list?" if new else random.choice(hot)
            self[number] = text
            return text

    return Messages()
