"""Clients for a single Redis, Sentinels or a Cluster.

Everything is told to redis-py explicitly, because its defaults make an outage longer: 5 s for a
command and ten retries.
"""

from __future__ import annotations

from typing import Any

from redis.asyncio import Redis, RedisCluster
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.connection import (
    Connection,
    ConnectionPool,
    SSLConnection,
    UnixDomainSocketConnection,
)
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import NoBackoff

from ion_framework.resilience.redis_address import Layout, RedisAddress

SPARE = 4
"""Connections above those that operations use, for scans and health checks of the library."""


def make_client(address: RedisAddress, *, timeout_s: float, connections: int) -> Any:
    """A client for an address. Does not connect.

    Args:
        address: where Redis is; what it says wins over the other arguments.
        timeout_s: seconds for connecting and for each reply.
        connections: most connections to each server.
    """
    arguments: dict[str, Any] = {
        "socket_timeout": timeout_s,
        "socket_connect_timeout": timeout_s,
        "protocol": 2,
        "driver_info": None,
        "retry": Retry(NoBackoff(), 0),
        "max_connections": (address.connections or connections) + SPARE,
        **address.options,
    }
    if address.layout is Layout.CLUSTER:
        return _cluster(address, arguments)
    if address.layout is Layout.SENTINEL:
        return _behind_sentinels(address, arguments)
    return _single(address, arguments)


async def close_client(client: Any) -> None:
    """Close the connections of a client, those to Sentinels among them."""
    await client.aclose()
    manager = getattr(getattr(client, "connection_pool", None), "sentinel_manager", None)
    if manager is not None:
        await manager.aclose()


def _single(address: RedisAddress, arguments: dict[str, Any]) -> Any:
    kind: Any = SSLConnection if address.tls else Connection
    if address.path:
        kind, arguments["path"] = UnixDomainSocketConnection, address.path
    else:
        ((arguments["host"], arguments["port"]),) = address.hosts
    return Redis.from_pool(ConnectionPool(connection_class=kind, **arguments))


def _behind_sentinels(address: RedisAddress, arguments: dict[str, Any]) -> Any:
    own = {name: value for name, value in arguments.items() if name.startswith(("socket_", "ssl_"))}
    tls = {"ssl": True} if address.tls else {}
    make: Any = Sentinel
    sentinels = make(
        address.hosts,
        sentinel_kwargs={
            **own,
            **tls,
            "protocol": 2,
            "driver_info": None,
            "retry": Retry(NoBackoff(), 0),
            **address.sentinel_options,
        },
    )
    return sentinels.master_for(address.service, **arguments, **tls)


def _cluster(address: RedisAddress, arguments: dict[str, Any]) -> Any:
    tls = {"ssl": True} if address.tls else {}
    nodes = [ClusterNode(host, port) for host, port in address.hosts]
    make: Any = RedisCluster
    return make(startup_nodes=nodes, **arguments, **tls)
