"""What these tests share: a real server that behaves as told, and the command itself."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

import attrs
import pytest
from aiohttp import web

WELL = {
    "content": "Hello.", "status": "healthy", "service_status": {"status": "operational"},
    "results": [{}], "recommended_persona": "Lua", "personas": [{}], "session_id": "session_1",
    "response_text": "Hello.",
}  # fmt: skip
"""What every endpoint has to say, at once."""


@attrs.frozen
class Ended:
    """What a command left."""

    code: int
    out: str
    err: str

    def json(self):
        """Its output as JSON."""
        return json.loads(self.out)


class Server:
    """A server on a port of this machine; `behave` answers every request.

    Attributes:
        url: its address.
        seen: method and path of every request.
        bodies: what was sent with them, as text.
        headers: the headers that they had.
    """

    def __init__(self):
        self.url = ""
        self.seen = []
        self.bodies = []
        self.headers = []
        self.behave = self.well
        self._runner = None

    async def well(self, request):
        """Answer at once."""
        return web.json_response(WELL)

    async def start(self):
        """Listen."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self):
        """End."""
        await self._runner.cleanup()

    @property
    def connections(self):
        """How many clients are connected."""
        return len(self._runner.server.connections)

    async def _handle(self, request):
        self.seen.append((request.method, request.path))
        self.bodies.append(await request.text())
        self.headers.append(dict(request.headers))
        return await self.behave(request)


@pytest.fixture
async def server():
    """A server that answers well until it is told otherwise."""
    found = Server()
    await found.start()
    yield found
    await found.stop()


@pytest.fixture
def load(tmp_path):
    """Runs ``ion load`` in an empty folder, without settings of whoever runs the tests."""

    async def run(*arguments, **environ):
        own = ("ION_", "GITHUB_", "LOCUST_")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(own)}
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "ion_framework.cli", "load", *map(str, arguments)),
            cwd=tmp_path,
            env={**kept, "LANG": "C.UTF-8", "PYTHONIOENCODING": "utf-8", **environ},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await asyncio.wait_for(process.communicate(), 180)
        return Ended(process.returncode, out.decode(), err.decode())

    return run


HEAD = (
    "Type,Name,Request Count,Failure Count,Median Response Time,Average Response Time,"
    "Min Response Time,Max Response Time,Average Content Size,Requests/s,Failures/s,"
    "50%,66%,75%,80%,90%,95%,98%,99%,99.9%,99.99%,100%\n"
)


@pytest.fixture
def stats(tmp_path):
    """Writes a file as locust does: one endpoint that is worse than the sum, and the sum."""

    def write(name, requests, failures=0, *, p95=40):
        p50, p99 = 20, 60
        rest = f"{p50},{p50},{p50},{p50},{p95},{p95},{p99},{p99},{p99},{p99},{p99}"
        rows = (
            f"POST,/chat,1,1,9999,9999,1,9999,1,0.1,0.1{',9999' * 11}\n"
            f",Aggregated,{requests},{failures},{p50},25.5,1,{p99},512,12.34,0.0,{rest}\n"
        )
        file = tmp_path / name
        file.write_text(HEAD + rows, "utf-8")
        return Path(file)

    return write
