"""Clients for a single Redis, Sentinels or a Cluster.

Everything is told to redis-py explicitly, because its defaults make an outage longer: 5 s for a
command and ten retries. Connections speak RESP2, which every proxy understands.
"""

from __future__ import annotations

import asyncio
import random as random_module
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from hiredis import pack_command
from redis.asyncio import Redis
from redis.asyncio.connection import (
    Connection,
    ConnectionPool,
    SSLConnection,
    UnixDomainSocketConnection,
)
from redis.asyncio.sentinel import MasterNotFoundError, Sentinel

from ion_framework.resilience.redis_address import Layout, RedisAddress
from ion_two_tier_cache.direct_reading import DirectReading
from ion_two_tier_cache.ending import end
from ion_two_tier_cache.redis_cluster import ClusterCommands
from ion_two_tier_cache.redis_commands import SPARE, Command, Commands, no_retry, scan_server

if TYPE_CHECKING:
    from redis.asyncio.connection import AbstractConnection
    from structlog.typing import FilteringBoundLogger


def make_commands(
    address: RedisAddress,
    *,
    timeout_s: float,
    connections: int,
    logger: FilteringBoundLogger,
    random: Callable[[], float] = random_module.random,
) -> Commands:
    """A client for an address. Does not connect.

    Args:
        address: where Redis is; what it says wins over the other arguments.
        timeout_s: seconds for connecting and for each reply.
        connections: most connections to each server.
        logger: for one line a change of state.
        random: a number from 0 to below 1, for jitter.
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
        return ClusterCommands(
            address, arguments, connections, timeout_s=timeout_s, logger=logger, random=random
        )
    if address.layout is Layout.SENTINEL:
        return _BehindSentinels(address, arguments, connections)
    return _Single(address, arguments, connections)


class _OneServer:
    """What is the same for every layout with one server at a time."""

    def __init__(self, client: Redis) -> None:
        self._client = client

    async def values(self, names: Sequence[str]) -> list[bytes | None]:
        # redis-py packs a command in Python, hiredis in a tenth of the time.
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
        return await scan_server(server, cursor, pattern)

    async def forget(self) -> None:
        """Nothing is remembered: a new connection asks anew."""

    async def close(self) -> None:
        await self._client.aclose(close_connection_pool=True)


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

        self._reading = DirectReading(self._untimed)

    async def values(self, names: Sequence[str]) -> list[bytes | None]:
        return await self._reading.values(names)

    async def listener(self) -> tuple[Redis, bool]:
        return self._connected(1), True

    async def close(self) -> None:
        await self._reading.close()
        await super().close()

    def _untimed(self) -> AbstractConnection:
        """A connection for which who uses it keeps the time."""
        return self._kind(retry=no_retry(), **{**self._arguments, "socket_timeout": None})

    def _connected(self, connections: int) -> Redis:
        pool = ConnectionPool(
            connection_class=self._kind,
            max_connections=connections,
            retry=no_retry(),
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
            await end(*asked)
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
                "retry": no_retry(),
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
            retry=no_retry(),
            **self._arguments,
        )
        return client
