"""A store that hangs under a running host: real servers that are stopped, and go on (SIGSTOP)."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from aiohttp import ClientSession, ClientTimeout

from ion_framework.testing import PostgresServer, RedisServer, find_postgres, find_redis_server
from ion_framework.testing.network.postgres_install import POSTGRES_MISSING
from ion_framework.testing.network.redis_server import MISSING as REDIS_MISSING

pytestmark = [
    pytest.mark.outage,
    pytest.mark.once,
    pytest.mark.skipif(sys.platform == "win32", reason="needs SIGSTOP"),
]

ION = Path(sys.executable).with_name("ion")
PATIENCE = ClientTimeout(total=60)
BOUND_S = 15.0
"""Seconds for an answer while the store hangs; unloaded it takes less than two."""

SHORT = "timeout_s = 0.3\nretry_s = 0.1"
"""Bounds of an operation on Redis."""

SHORT_POSTGRES = """\
acquire_timeout_s = 0.3
statement_timeout_s = 0.3
retry_s = 0.1
ping_after_s = 0
"""


@contextmanager
def redis():
    """A Redis, its plugin's name, and the settings that lead to it."""
    if find_redis_server() is None:
        pytest.skip(REDIS_MISSING)
    with RedisServer() as server:
        yield server, "store-redis", f'url = "{server.url}"\n{SHORT}\n'


@contextmanager
def postgres():
    """A PostgreSQL, its plugin's name, and the settings that lead to it."""
    if find_postgres() is None:
        pytest.skip(POSTGRES_MISSING)
    with PostgresServer(settings={"fsync": "off"}) as server:
        yield server, "store-postgres", f'url = "{server.url}"\n{SHORT_POSTGRES}'


@contextmanager
def serving(folder, plugin, settings):
    """``ion serve`` on that store; gives its address."""
    (folder / "ion.toml").write_text(f"[plugin.{plugin}]\n{settings}", "utf-8")
    chosen = ("aiohttp", "resonance", "offline", "lua", plugin)
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [ION, "serve", "--port=0", *(f"--enable={name}" for name in chosen)],
            env={
                **os.environ,
                "ION_CONFIG": str(folder / "ion.toml"),
                "ION_DATA_DIR": str(folder),
                "ION_RATE_LIMIT": "off",
            },
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            encoding="utf-8",
        )
        try:
            found = re.search(r"http://\S+", process.stdout.readline())
            assert found, (folder / "log").read_text()
            yield found[0]
        finally:
            process.terminate()
            process.communicate(timeout=30)


async def timed(session, method, path, body=None):
    """Status and document of an answer, which comes in bounded time."""
    began = time.monotonic()
    async with session.request(method, path, json=body) as response:
        found = response.status, await response.json()
    assert time.monotonic() - began < BOUND_S, path
    return found


async def until(session, status):
    """The health of the host, once it has this status; each look is answered soon."""
    async with asyncio.timeout(30):
        while True:
            _, health = await timed(session, "GET", "/health")
            if health["status"] == status:
                return health
            await asyncio.sleep(0.1)


@pytest.mark.parametrize("store", [redis, postgres], ids=["redis", "postgres"])
async def test_a_store_that_hangs_is_told_and_not_waited_for(tmp_path, store):
    """While the store hangs health says so and turns get a clear 503, soon; then all is well."""
    with store() as (server, plugin, settings), serving(tmp_path, plugin, settings) as url:
        async with ClientSession(url, timeout=PATIENCE) as session:
            well = await until(session, "healthy")
            asked = "/api/v2/conversations/start", {"user_id": "ann"}
            _, begun = await timed(session, "POST", *asked)
            turn = f"/api/v2/conversations/{begun['session_id']}/turn"
            first = await timed(session, "POST", turn, {"user_message": "hello"})
            await asyncio.to_thread(server.freeze)
            try:
                health = await until(session, "degraded")
                refused = await timed(session, "POST", turn, {"user_message": "and now?"})
                ready, _ = await timed(session, "GET", "/health/ready")
                single = await timed(session, "POST", "/api/v2/process", {"user_input": "hello"})
            finally:
                await asyncio.to_thread(server.thaw)
            await until(session, "healthy")
            second = await timed(session, "POST", turn, {"user_message": "and now?"})

    assert well["conversation_store"] == {"enabled": True, "connected": True}
    assert health["conversation_store"] == {"enabled": True, "connected": False}
    assert [reason["code"] for reason in health["reasons"]] == ["store_out"]
    assert (refused[0], refused[1]["error"]["code"]) == (503, "STORE_UNAVAILABLE")
    assert (ready, single[0]) == (200, 200)
    assert [(status, found["turn_number"]) for status, found in (first, second)] == [
        (200, 1), (200, 2)
    ]  # fmt: skip
