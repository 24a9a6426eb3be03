"""Redis is there and does not work, in every way that it can: nobody notices."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from ion_framework.testing.network.redis_server import RedisServer
from ion_framework.testing.network.tcp_proxy import TcpProxy
from ion_framework.testing.network.toxics import Latency, LimitData, Timeout, Toxic
from perf.reliability.outage import Act, Outage, endure
from perf.reliability.promise import Finding, Promise, Setting
from perf.reliability.stage import staged

Shape = Callable[[RedisServer, TcpProxy], tuple[Act, Act]]
"""Of a Redis and the proxy before it: what makes it sick, and what makes it well again."""

USER, PASSWORD = "ion", "first-password"
SICK_S = 8.0
HEALTHY_S = 4.0
SLOW_S = 0.2
RESET_AFTER_BYTES = 600
"""About three commands: connections are cut in the middle of what they are doing."""
LOADED, LOADED_BYTES, LOAD_MICROSECONDS = 400, 250_000, 6_000
"""Redis answers LOADING once in two megabytes of its dump; these make it seconds of that."""
CLIENTS = 20
"""Connections that Redis takes where others hold every one of them."""


async def check(setting: Setting) -> Sequence[Finding]:
    """Play every shape, each against a host and a Redis of its own."""
    findings: list[Finding] = []
    for number, (name, shape) in enumerate(SHAPES.items()):
        folder = setting.folder / str(number)
        folder.mkdir()
        own = Setting(setting.seed, folder, setting.scale)
        findings += await _endure(name, shape, own)
    return findings


async def _endure(name: str, shape: Shape, setting: Setting) -> Sequence[Finding]:
    async with _redis_behind_proxy() as (redis, proxy):
        begin, end = shape(redis, proxy)
        url = f"redis://{USER}:{PASSWORD}@127.0.0.1:{proxy.port}/0"
        async with staged(setting, redis_url=url) as stage:
            outage = Outage(name, begin, end, setting.seconds(SICK_S, 3))
            return await endure(stage, outage, setting.seconds(HEALTHY_S, 3), setting)


@asynccontextmanager
async def _redis_behind_proxy() -> AsyncIterator[tuple[RedisServer, TcpProxy]]:
    async with RedisServer() as redis, TcpProxy("127.0.0.1", redis.port) as proxy:
        redis.command("ACL", "SETUSER", USER, "on", f">{PASSWORD}", "~*", "&*", "+@all")
        yield redis, proxy


def _frozen(redis: RedisServer, _: TcpProxy) -> tuple[Act, Act]:
    return _act(redis.freeze), _act(redis.thaw)


def _toxic(toxic: Toxic) -> Shape:
    def shape(_: RedisServer, proxy: TcpProxy) -> tuple[Act, Act]:
        return lambda: proxy.add(toxic), proxy.clear

    return shape


def _commanded(begin: Sequence[Sequence[str]], end: Sequence[Sequence[str]]) -> Shape:
    """A shape that Redis takes on when it is told to, by commands of an operator."""

    def shape(redis: RedisServer, _: TcpProxy) -> tuple[Act, Act]:
        def tell(commands: Sequence[Sequence[str]]) -> None:
            for command in commands:
                redis.command(*command)

        return _act(lambda: tell(begin)), _act(lambda: tell(end))

    return shape


def _crowded(redis: RedisServer, _: TcpProxy) -> tuple[Act, Act]:
    """Others hold every connection that Redis takes."""
    held: list[socket.socket] = []

    def begin() -> None:
        redis.command("CONFIG", "SET", "maxclients", str(CLIENTS))
        _hold(redis, held)
        # Over a connection that is held, because there is no other any more.
        held[0].sendall(f"CLIENT KILL USER {USER}\r\n".encode())
        _hold(redis, held)

    def end() -> None:
        for connection in held:
            connection.close()

    return _act(begin), _act(end)


def _hold(redis: RedisServer, held: list[socket.socket]) -> None:
    address = ("127.0.0.1", redis.port)
    held += [socket.create_connection(address) for _ in range(2 * CLIENTS)]


def _loading(redis: RedisServer, _: TcpProxy) -> tuple[Act, Act]:
    """Redis reads its own dump, so slowly that it answers LOADING for seconds."""
    _fill(redis)
    reading: list[asyncio.Task[object]] = []

    async def begin() -> None:
        reload = asyncio.to_thread(redis.command, "DEBUG", "RELOAD", timeout_s=60.0)
        reading.append(asyncio.create_task(reload))

    async def end() -> None:
        await reading[0]

    return begin, end


def _fill(redis: RedisServer) -> None:
    for number in range(LOADED):
        # Random bytes: what compresses well is read in one go, and clients hear nothing meanwhile.
        redis.command("SET", f"filler:{number}", os.urandom(LOADED_BYTES))
    redis.command("CONFIG", "SET", "key-load-delay", str(LOAD_MICROSECONDS))


def _act(work: Callable[[], object]) -> Callable[[], Awaitable[None]]:
    async def act() -> None:
        await asyncio.to_thread(work)

    return act


SHAPES: dict[str, Shape] = {
    "frozen (SIGSTOP)": _frozen,
    "black hole": _toxic(Timeout()),
    "200 ms latency": _toxic(Latency(latency_s=SLOW_S)),
    "resets": _toxic(LimitData(limit_bytes=RESET_AFTER_BYTES)),
    "READONLY": _commanded(
        [["REPLICAOF", "127.0.0.1", "1"], ["CONFIG", "SET", "replica-serve-stale-data", "yes"]],
        [["REPLICAOF", "NO", "ONE"]],
    ),
    "MASTERDOWN": _commanded(
        [["CONFIG", "SET", "replica-serve-stale-data", "no"], ["REPLICAOF", "127.0.0.1", "1"]],
        [["REPLICAOF", "NO", "ONE"]],
    ),
    "OOM": _commanded(
        [["CONFIG", "SET", "maxmemory", "1"], ["CONFIG", "SET", "maxmemory-policy", "noeviction"]],
        [["CONFIG", "SET", "maxmemory", "0"]],
    ),
    "LOADING": _loading,
    "wrong password": _commanded(
        [["ACL", "SETUSER", USER, "resetpass", ">another"], ["CLIENT", "KILL", "USER", USER]],
        [["ACL", "SETUSER", USER, "resetpass", f">{PASSWORD}"]],
    ),
    "connections exhausted": _crowded,
}


PROMISE = Promise(
    number=2,
    title="Redis frozen, cut off, slow, reset, READONLY, OOM …: no failed request, no slow one",
    check=check,
    seconds=200,
)
