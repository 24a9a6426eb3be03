"""A real Redis process for tests: killed, frozen, started again, and gone at the end."""

import asyncio
import gc
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from ion_framework.testing import RedisReplyError, RedisServer, find_redis_server
from ion_framework.testing.network.redis_server import MISSING

pytestmark = pytest.mark.skipif(find_redis_server() is None, reason=MISSING)


def lives(pid):
    """Whether there is a process of that number."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def folder_of(server):
    """The server's temporary folder."""
    return Path(os.fsdecode(server.command("CONFIG", "GET", "dir")[1]))


def test_it_answers_when_it_has_started(redis_server):
    """The fixture is a real server that is empty and ready."""
    assert redis_server.command("PING") == "PONG"
    assert redis_server.command("DBSIZE") == 0
    assert redis_server.url == f"redis://127.0.0.1:{redis_server.port}/0"


def test_it_speaks_every_kind_of_reply(redis_server):
    """Status, number, bytes, nothing, lists and errors come back as what they are."""
    odd = b"\r\n$5 \x00"

    assert redis_server.command("SET", "key", odd) == "OK"
    assert redis_server.command("GET", "key") == odd
    assert redis_server.command("GET", "other") is None
    assert redis_server.command("INCR", "number") == 1
    assert redis_server.command("MGET", "key", "other", "number") == [odd, None, b"1"]
    with pytest.raises(RedisReplyError, match="unknown command"):
        redis_server.command("NONSENSE")


def test_a_frozen_server_accepts_and_does_not_answer(redis_server):
    """Frozen, it takes connections and answers nothing; thawed, it answers what had come."""
    redis_server.freeze()
    with socket.create_connection(("127.0.0.1", redis_server.port), 5) as waiting:
        waiting.sendall(b"PING\r\n")
        with pytest.raises(TimeoutError):
            redis_server.command("PING", timeout_s=0.2)
        redis_server.thaw()

        assert waiting.recv(100) == b"+PONG\r\n"


def test_a_killed_server_refuses_connections(redis_server):
    """Killed, nobody listens on its port, and killing it again does nothing."""
    pid = redis_server.pid
    redis_server.kill()
    redis_server.kill()

    assert not redis_server.running
    assert not lives(pid)
    with pytest.raises(ConnectionRefusedError):
        redis_server.command("PING")
    with pytest.raises(RuntimeError, match="not running"):
        redis_server.freeze()


@pytest.mark.parametrize("before", [RedisServer.freeze, RedisServer.kill, lambda _: None])
def test_it_starts_again_empty_on_the_same_port(redis_server, before):
    """Whether frozen, killed or running, a restart gives an empty server on the same port."""
    redis_server.command("SET", "key", "value")
    port, pid = redis_server.port, redis_server.pid
    before(redis_server)
    redis_server.restart()

    assert redis_server.port == port
    assert redis_server.pid != pid
    assert redis_server.command("DBSIZE") == 0


def test_nothing_is_left_behind():
    """After the end there is neither a process nor a folder, also when the server was frozen."""
    with RedisServer() as server:
        pid, folder = server.pid, folder_of(server)
        assert folder.is_dir()
        server.freeze()

    assert not lives(pid)
    assert not folder.exists()
    server.stop()


def test_a_forgotten_server_is_cleaned_up():
    """A server that nobody stops goes with its object."""
    server = RedisServer()
    server.start()
    pid, folder = server.pid, folder_of(server)
    del server
    gc.collect()

    assert not lives(pid)
    assert not folder.exists()


def test_a_server_ends_with_its_python():
    """A frozen server that nobody stops goes when Python exits."""
    script = (
        "from ion_framework.testing import RedisServer\n"
        "server = RedisServer(); server.start(); server.freeze(); print(server.pid)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )

    assert not done.stderr
    assert not lives(int(done.stdout))


def test_a_password_is_asked_for_and_not_shown():
    """With a password clients have to log in, and neither repr nor arguments show it."""
    password = 'top "secret" \\ word'
    with RedisServer(password=password) as server:
        with socket.create_connection(("127.0.0.1", server.port), 5) as stranger:
            stranger.sendall(b"PING\r\n")
            assert stranger.recv(100).startswith(b"-NOAUTH")

        assert server.command("PING") == "PONG"
        assert "redis://:top%20%22secret%22%20%5C%20word@" in server.url
        assert "secret" not in repr(server)


def test_its_memory_can_be_bounded():
    """With a bound on memory, writes beyond it get Redis's own error."""

    def fill(server):
        for number in range(100):
            server.command("SET", f"key-{number}", b"x" * 65536)

    with (
        RedisServer(maxmemory="2mb") as server,
        pytest.raises(RedisReplyError, match="OOM command not allowed"),
    ):
        fill(server)


def test_further_arguments_reach_it():
    """Words of the command line are given on."""
    with RedisServer(arguments=("--databases", "3")) as server:
        assert server.command("CONFIG", "GET", "databases") == [b"databases", b"3"]


def test_a_server_that_cannot_start_says_why():
    """Where Redis refuses its settings, the error holds what it said, and nothing is left."""
    server = RedisServer(arguments=("--no-such-setting", "1"))
    with pytest.raises(RuntimeError, match="no-such-setting"), server:
        pass

    assert not server.running


def test_misuse_is_named():
    """Before its start it has no port, and it does not start twice."""
    server = RedisServer()
    with pytest.raises(RuntimeError, match=r"start\(\) it first"):
        _ = server.url
    with server, pytest.raises(RuntimeError, match="running already"):
        server.start()


async def test_it_starts_without_holding_up_the_loop():
    """As an async context manager it waits in a thread."""
    async with RedisServer() as server:
        await asyncio.to_thread(server.restart)
        assert await asyncio.to_thread(server.command, "PING") == "PONG"
        pid = server.pid

    assert not lives(pid)


def test_many_servers_live_side_by_side():
    """Servers have ports and data of their own."""
    with RedisServer() as one, RedisServer() as two:
        one.command("SET", "key", "value")
        assert two.command("DBSIZE") == 0
        assert one.port != two.port
