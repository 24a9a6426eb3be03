"""The client for Redis, by its address. Import it only where Redis is used.

The forms of the address are those of `ion_framework.resilience.redis_address`: the cache reads the
same variable.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
from redis.asyncio import Connection, ConnectionPool, Redis, RedisCluster, SSLConnection
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.connection import UnixDomainSocketConnection
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import NoBackoff

from ion_framework.resilience.redis_address import Layout, RedisAddress, read_url


@attrs.frozen
class RedisClient:
    """A client.

    Attributes:
        commands: redis-py's own.
        in_parts: whether it is one of a Cluster.
        sentinels: those who know where the server is, None without them.
    """

    commands: Any
    in_parts: bool = False
    sentinels: Any = None

    async def close(self) -> None:
        """Close every connection."""
        if self.in_parts:
            await self.commands.aclose()
        else:
            await self.commands.aclose(close_connection_pool=True)
        if self.sentinels is not None:
            await self.sentinels.aclose()


def make_client(url: str, timeout_s: float, connections: int) -> RedisClient:
    """A client for an address. Does not connect.

    redis-py's own patience, retries and long timeouts, is switched off: it would make an outage
    longer for every request.

    Args:
        url: where Redis is.
        timeout_s: seconds for connecting and for each answer.
        connections: most connections to each server.

    Raises:
        ValueError: the URL cannot be used; the message says why, without its secrets.
    """
    address = read_url(url)
    arguments: dict[str, Any] = {
        "socket_connect_timeout": timeout_s,
        "retry": Retry(NoBackoff(), 0),
        "max_connections": address.connections or connections,
        "protocol": 2,
        "driver_info": None,
        **address.options,
        # What a request waits at most is decided here, whatever the address allows others.
        "socket_timeout": timeout_s,
    }
    tls: dict[str, Any] = {"ssl": True} if address.tls else {}
    if address.layout is Layout.CLUSTER:
        nodes = [ClusterNode(host, port) for host, port in address.hosts]
        return RedisClient(RedisCluster(startup_nodes=nodes, **arguments, **tls), in_parts=True)
    if address.layout is Layout.SENTINEL:
        return _behind_sentinels(address, arguments | tls)
    return _single(address, arguments)


def _single(address: RedisAddress, arguments: dict[str, Any]) -> RedisClient:
    kind: Any = SSLConnection if address.tls else Connection
    if address.path:
        kind, arguments["path"] = UnixDomainSocketConnection, address.path
    else:
        ((arguments["host"], arguments["port"]),) = address.hosts
    return RedisClient(Redis.from_pool(ConnectionPool(connection_class=kind, **arguments)))


def _behind_sentinels(address: RedisAddress, arguments: Mapping[str, Any]) -> RedisClient:
    own = {name: arguments[name] for name in arguments if name.startswith(("socket", "ssl"))}
    make: Any = Sentinel
    sentinels = make(
        address.hosts,
        sentinel_kwargs={**own, **address.sentinel_options, "retry": arguments["retry"]},
    )
    return RedisClient(sentinels.master_for(address.service, **arguments), sentinels=sentinels)
