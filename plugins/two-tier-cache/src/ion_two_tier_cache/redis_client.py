"""The few commands that the tier needs, over a single Redis, Sentinels or a Cluster.

Everything is told to redis-py explicitly, because its defaults make an outage longer: 5 s for a
command and ten retries. Connections speak RESP2, which every proxy understands.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from hiredis import pack_command
from redis.asyncio import Redis, RedisCluster
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.connection import (
    Connection,
    ConnectionPool,
    SSLConnection,
    UnixDomainSocketConnection,
)
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import MasterNotFoundError, Sentinel
from redis.backoff import NoBackoff

from ion_two_tier_cache.redis_url import Layout, RedisAddress

if TYPE_CHECKING:
    from redis.asyncio.connection import AbstractConnection

Command: TypeAlias = tuple[str | bytes | int, ...]
SPARE = 2
"""Connections besides those for commands: for a breaker's probe, and to learn a layout."""
SCAN_COUNT = 500
"""Keys that one SCAN looks at: a few milliseconds of Redis's time."""


class Commands(Protocol):
    """What the tier asks of Redis. Errors are those of redis-py."""

    async def values(self, names: Sequence[str]) -> list[bytes | None]:
        """The values of keys, in one round trip to each server; None: there is none."""

    async def batch(self, commands: Sequence[Command]) -> list[Any]:
        """The results of commands, each an exception where that command failed."""

    async def servers(self) -> Sequence[object]:
        """Every server that has keys of its own, for `scan`."""

    async def scan(self, server: object, cursor: int, pattern: str) -> tuple[int, list[bytes]]:
        """The next cursor, 0 at the end, and the next keys that match."""

    async def listener(self) -> tuple[Redis, bool]:
        """A client with one connection, for listening, and whether tracking can work over it."""

    async def forget(self) -> None:
        """Forget which server has what, because one did not answer."""

    async def close(self) -> None:
        """Close every connection."""


def make_commands(address: RedisAddress, *, timeout_s: float, connections: int) -> Commands:
    """A client for an address. Does not connect.

    Args:
        address: where Redis is; what it says wins over the other arguments.
        timeout_s: seconds for connecting and for each reply.
        connections: most connections to each server.
    """
    arguments: dict[str, Any] = {
        "socket_timeout": timeout_s,
        "socket_connect_timeout": timeout_s,
        "socket_keepalive": True,
        "protocol": 2,
        "driver_info": None,
        **address.options,
    }
    if address.path:
        arguments |= {"path": address.path}
        del arguments["socket_keepalive"]
    if address.layout is Layout.CLUSTER:
        return _Cluster(address, arguments, connections)
    if address.layout is Layout.SENTINEL:
        return _BehindSentinels(address, arguments, connections)
    return _Single(address, arguments, connections)


def _no_retry() -> Retry:
    return Retry(NoBackoff(), 0)


class _OneServer:
    """What is the same for every layout with one server at a time."""

    def __init__(self, client: Redis) -> None:
        self._client = client

    async def values(self, names: Sequence[str]) -> list[bytes | None]:
        # The look-ups' own way: redis-py packs a command in Python, hiredis in a tenth of the time.
        pool: Any = self._client.connection_pool
        connection = await pool.get_connection()
        try:
            words: Any = ("MGET", *names)
            await connection.send_packed_command([pack_command(words)])
            found: list[bytes | None] = await connection.read_response()
        finally:
            await pool.release(connection)
        return found

    async def batch(self, commands: Sequence[Command]) -> list[Any]:
        pipeline = self._client.pipeline(transaction=False)
        for command in commands:
            pipeline.execute_command(*command)
        return await pipeline.execute(raise_on_error=False)

    async def servers(self) -> Sequence[object]:
        return (self._client,)

    async def scan(self, server: object, cursor: int, pattern: str) -> tuple[int, list[bytes]]:
        return await _scan(server, cursor, pattern)

    async def forget(self) -> None:
        """Nothing is remembered: a new connection asks anew."""

    async def close(self) -> None:
        await self._client.aclose(close_connection_pool=True)


async def _scan(client: Any, cursor: int, pattern: str) -> tuple[int, list[bytes]]:
    following, names = await client.execute_command(
        "SCAN", cursor, "MATCH", pattern, "COUNT", SCAN_COUNT
    )
    return int(following), names


class _Single(_OneServer):
    """A Redis at a fixed address."""

    def __init__(self, address: RedisAddress, arguments: dict[str, Any], connections: int) -> None:
        kind: type[AbstractConnection] = SSLConnection if address.tls else Connection
        if address.path:
            kind = UnixDomainSocketConnection
        else:
            ((host, port),) = address.hosts
            arguments |= {"host": host, "port": port}
        self._kind = kind
        self._arguments = arguments
        super().__init__(self._connected(connections + SPARE))

    async def listener(self) -> tuple[Redis, bool]:
        return self._connected(1), True

    def _connected(self, connections: int) -> Redis:
        pool = ConnectionPool(
            connection_class=self._kind,
            max_connections=connections,
            retry=_no_retry(),
            **self._arguments,
        )
        return Redis.from_pool(pool)


class _AskAll(Sentinel):
    """Asks all Sentinels at once: one that is frozen does not keep the others from answering."""

    async def discover_master(self, service_name: str) -> tuple[str, int]:
        asked = [
            asyncio.create_task(self._ask(sentinel, service_name)) for sentinel in self.sentinels
        ]
        try:
            for answer in asyncio.as_completed(asked):
                found = await answer
                if found is not None:
                    return found
        finally:
            for task in asked:
                task.cancel()
            await asyncio.gather(*asked, return_exceptions=True)
        raise MasterNotFoundError("no Sentinel that answers knows a healthy server of the service")

    async def _ask(self, sentinel: Redis, service_name: str) -> tuple[str, int] | None:
        try:
            masters: Any = await sentinel.sentinel_masters()
            state = masters.get(service_name)
        except Exception:  # noqa: BLE001 - whatever is wrong with one Sentinel, the others are asked
            return None
        if state and self.check_master_state(state, service_name):
            return state["ip"], state["port"]
        return None


class _BehindSentinels(_OneServer):
    """The Redis that the Sentinels name."""

    def __init__(self, address: RedisAddress, arguments: dict[str, Any], connections: int) -> None:
        own = {name: value for name, value in arguments.items() if name.startswith("socket_")}
        tls = {name: value for name, value in arguments.items() if name.startswith("ssl_")}
        if address.tls:
            arguments |= {"ssl": True}
            own |= {"ssl": True, **tls}
        make: Any = _AskAll
        self._sentinels = make(
            address.hosts,
            sentinel_kwargs={
                **own,
                "protocol": 2,
                "driver_info": None,
                "retry": _no_retry(),
                **address.sentinel_options,
            },
        )
        self._service = address.service
        self._arguments = arguments
        super().__init__(self._connected(connections + SPARE))

    async def listener(self) -> tuple[Redis, bool]:
        return self._connected(1), True

    async def close(self) -> None:
        await super().close()
        await self._sentinels.aclose()

    def _connected(self, connections: int) -> Redis:
        client: Redis = self._sentinels.master_for(
            self._service,
            max_connections=connections,
            retry=_no_retry(),
            **self._arguments,
        )
        return client


class _PatientCluster(RedisCluster):
    """Learns the layout of the Cluster in a task of its own.

    With a dead node that takes longer than a look-up may: the one who waits gives up, and the next
    one finds the work done.
    """

    _learning: asyncio.Task[RedisCluster] | None = None

    async def initialize(
        self,
        additional_startup_nodes_info: list[tuple[str, int]] | None = None,
        last_failed_node_name: str | None = None,
    ) -> RedisCluster:
        """Learn it, or wait for those who do; at once where it is known."""
        if not self._initialize:
            return self
        if self._learning is None or self._learning.done():
            self._learning = asyncio.create_task(
                super().initialize(additional_startup_nodes_info, last_failed_node_name)
            )
            self._learning.add_done_callback(_noticed)
        return await asyncio.shield(self._learning)

    async def stop_learning(self) -> None:
        """End the task, if there is one."""
        if self._learning is not None:
            self._learning.cancel()
            await asyncio.gather(self._learning, return_exceptions=True)


def _noticed(task: asyncio.Task[Any]) -> None:
    """Take note of a task's error, which those who waited have got; nobody may be waiting."""
    if not task.cancelled():
        task.exception()


class _Cluster:
    """A Redis Cluster: keys are looked up where their slot is."""

    def __init__(self, address: RedisAddress, arguments: dict[str, Any], connections: int) -> None:
        self._arguments = arguments | ({"ssl": True} if address.tls else {})
        self._tls = address.tls
        self._client = _PatientCluster(
            startup_nodes=[ClusterNode(host, port) for host, port in address.hosts],
            retry=_no_retry(),
            require_full_coverage=False,
            max_connections=connections + SPARE,
            **self._arguments,
        )

    async def values(self, names: Sequence[str]) -> list[bytes | None]:
        return await self.batch([("GET", name) for name in names])

    async def batch(self, commands: Sequence[Command]) -> list[Any]:
        # The pipeline asks for slots before it learns them when nothing is known yet.
        await self._client.initialize()
        pipeline = self._client.pipeline()
        for command in commands:
            pipeline.execute_command(*command)
        return await pipeline.execute(raise_on_error=False)

    async def servers(self) -> Sequence[object]:
        await self._client.initialize()
        return tuple(self._client.get_primaries())

    async def scan(self, server: object, cursor: int, pattern: str) -> tuple[int, list[bytes]]:
        return await _scan(server, cursor, pattern)

    async def listener(self) -> tuple[Redis, bool]:
        await self._client.initialize()
        node = self._client.get_random_primary_node()
        arguments = self._arguments | {"host": node.host, "port": node.port}
        return Redis(max_connections=1, retry=_no_retry(), **arguments), False

    async def forget(self) -> None:
        await self._client.aclose()

    async def close(self) -> None:
        await self._client.stop_learning()
        await self._client.aclose()
