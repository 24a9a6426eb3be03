"""The client for Redis, by its address. Import it only where Redis is used.

Accepted are::

    redis://[user:password@]host[:port][/db]
    rediss://...                      the same over TLS, with the certificate and its name verified
    unix://[user:password@]/path/to/socket[?db=0]
    redis+sentinel://[user:password@]host[:port],host[:port]/service[/db]
    redis+cluster://[user:password@]host[:port],host[:port]
    rediss+sentinel://..., rediss+cluster://...

Options follow a question mark and are named as in redis-py. Of the forms with several hosts they
are those of TLS (``ssl_ca_certs``, ``ssl_check_hostname`` and so on), and ``sentinel_username`` and
``sentinel_password``.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import attrs
from redis.asyncio import Redis, RedisCluster
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import NoBackoff

_SIMPLE = ("redis", "rediss", "unix")
_SEVERAL = ("redis+sentinel", "rediss+sentinel", "redis+cluster", "rediss+cluster")
_OWN, _YES = "sentinel_", ("1", "true", "yes")
_SENTINEL_PORT, _REDIS_PORT = 26379, 6379


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
    scheme = url.partition("://")[0]
    if scheme not in (*_SIMPLE, *_SEVERAL) or "://" not in url:
        raise ValueError(f"must begin with one of {', '.join((*_SIMPLE, *_SEVERAL))} and ://")
    arguments: dict[str, Any] = {
        "socket_timeout": timeout_s,
        "socket_connect_timeout": timeout_s,
        "retry": Retry(NoBackoff(), 0),
        "max_connections": connections,
        "protocol": 2,
        "driver_info": None,
    }
    try:
        if scheme in _SIMPLE:
            return RedisClient(Redis.from_url(url, **arguments))
        return _of_several(url, arguments)
    except ValueError:
        # What the parsers say may quote the URL.
        raise ValueError("cannot be read: see the forms in the documentation") from None


def _of_several(url: str, arguments: dict[str, Any]) -> RedisClient:
    parts = urlsplit(url)
    user_info, _, hosts = parts.netloc.rpartition("@")
    user, _, password = user_info.partition(":")
    arguments |= {"username": unquote(user)} if user else {}
    arguments |= {"password": unquote(password)} if password else {}
    arguments |= {"ssl": True} if parts.scheme.startswith("rediss") else {}
    options: dict[str, Any] = dict(parse_qsl(parts.query))
    if "ssl_check_hostname" in options:
        options["ssl_check_hostname"] = options["ssl_check_hostname"].lower() in _YES
    arguments |= {name: options[name] for name in options if name.startswith("ssl_")}
    if parts.scheme.endswith("cluster"):
        nodes = [ClusterNode(host, port) for host, port in _hosts(hosts, _REDIS_PORT)]
        return RedisClient(RedisCluster(startup_nodes=nodes, **arguments), in_parts=True)
    service, _, database = parts.path.strip("/").partition("/")
    if not service:
        raise ValueError
    own = {name: arguments[name] for name in arguments if name.startswith(("socket", "ssl"))}
    login = {name.removeprefix(_OWN): options[name] for name in options if name.startswith(_OWN)}
    make: Any = Sentinel
    sentinel = make(
        _hosts(hosts, _SENTINEL_PORT), sentinel_kwargs={**own, **login, "retry": arguments["retry"]}
    )
    server = sentinel.master_for(service, db=int(database or 0), **arguments)
    return RedisClient(server, sentinels=sentinel)


def _hosts(text: str, port: int) -> list[tuple[str, int]]:
    found = [urlsplit(f"//{word}") for word in text.split(",")]
    return [(item.hostname or "localhost", item.port or port) for item in found]
