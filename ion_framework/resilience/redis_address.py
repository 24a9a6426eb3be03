"""Where Redis is, as one URL.

Accepted are::

    redis://[user:password@]host[:port][/db][?options]
    rediss://...                      the same over TLS, with the certificate and its name verified
    unix://[user:password@]/path/to/socket[?options]
    redis+sentinel://[user:password@]host[:port],host[:port]/service[/db][?options]
    rediss+sentinel://...
    redis+cluster://[user:password@]host[:port],host[:port][?options]
    rediss+cluster://...

User and password are percent-encoded, and are those of Redis; for Sentinels that ask for their own
there are the options ``sentinel_username`` and ``sentinel_password``. The options are named as in
redis-py. No error holds the URL or a value from it, because there may be a password in it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from enum import StrEnum
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

import attrs


class Layout(StrEnum):
    """How Redis is run."""

    SINGLE = "single"
    """One server."""
    SENTINEL = "sentinel"
    """One server at a time, of which Sentinels know which it is."""
    CLUSTER = "cluster"
    """Many servers, each with a part of the keys."""


_SCHEMES = {
    "redis": (Layout.SINGLE, False),
    "rediss": (Layout.SINGLE, True),
    "unix": (Layout.SINGLE, False),
    "redis+sentinel": (Layout.SENTINEL, False),
    "rediss+sentinel": (Layout.SENTINEL, True),
    "redis+cluster": (Layout.CLUSTER, False),
    "rediss+cluster": (Layout.CLUSTER, True),
}


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 < value < math.inf:
        raise ValueError
    return value


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise ValueError
    return value


def _database(text: str) -> int:
    value = int(text)
    if value < 0:
        raise ValueError
    return value


def _flag(text: str) -> bool:
    return {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}[
        text.lower()
    ]


def _verification(text: str) -> str:
    if text not in ("required", "optional", "none"):
        raise ValueError
    return text


_Reader = Callable[[str], object]
_COMMON: Mapping[str, _Reader] = {
    "socket_timeout": _seconds,
    "socket_connect_timeout": _seconds,
    "max_connections": _count,
    "socket_keepalive": _flag,
    "client_name": str,
    "db": _database,
}
_TLS: Mapping[str, _Reader] = {
    "ssl_ca_certs": str,
    "ssl_certfile": str,
    "ssl_keyfile": str,
    "ssl_cert_reqs": _verification,
    "ssl_check_hostname": _flag,
}
_SENTINEL: Mapping[str, _Reader] = {"sentinel_username": str, "sentinel_password": str}
_PORTS = {Layout.SINGLE: 6379, Layout.SENTINEL: 26379, Layout.CLUSTER: 6379}


@attrs.frozen
class RedisAddress:
    """What a URL says.

    Attributes:
        layout: how Redis is run.
        hosts: host and port of the server, of the Sentinels or of some nodes; empty for a socket.
        service: name under which the Sentinels know the server.
        path: path of the Unix socket.
        tls: whether the connection is encrypted.
        options: further arguments of a connection, user, password and database among them.
        sentinel_options: user and password for the Sentinels.
        timeout_s: seconds that the URL allows for a command, None: it says nothing.
        connections: most connections that the URL allows, None: it says nothing.
    """

    layout: Layout
    hosts: tuple[tuple[str, int], ...]
    service: str = ""
    path: str = ""
    tls: bool = False
    options: Mapping[str, object] = attrs.field(factory=dict, repr=False)
    sentinel_options: Mapping[str, object] = attrs.field(factory=dict, repr=False)
    timeout_s: float | None = None
    connections: int | None = None


def read_url(url: str) -> RedisAddress:
    """What a URL says.

    Raises:
        ValueError: it cannot be used; the message says why and what is valid, without its secrets.
    """
    scheme = url.partition("://")[0]
    if scheme not in _SCHEMES or "://" not in url:
        raise ValueError(f"the Redis URL must begin with one of: {', '.join(_SCHEMES)} and ://")
    try:
        parts = urlsplit(url)
    except ValueError:
        # What Python says quotes the URL.
        raise ValueError("the Redis URL has brackets that do not belong to an IPv6 host") from None
    if parts.fragment:
        raise ValueError("the Redis URL has a '#': in a password it is written %23")
    layout, tls = _SCHEMES[scheme]
    options = _options(parts, layout, tls=tls)
    user_info, _, hosts = parts.netloc.rpartition("@")
    user, _, password = user_info.partition(":")
    options |= {"username": unquote(user)} if user else {}
    options |= {"password": unquote(password)} if password else {}
    path = unquote(parts.path)
    service = ""
    if scheme == "unix":
        _demand(bool(path), "unix:// needs the path of the socket: unix:///run/redis.sock")
    else:
        service, database = _service_and_database(path, layout)
        options = database | options
    sentinel = {
        name.removeprefix("sentinel_"): options.pop(name) for name in _SENTINEL if name in options
    }
    timeout_s, connections = options.get("socket_timeout"), options.pop("max_connections", None)
    return RedisAddress(
        layout=layout,
        hosts=() if scheme == "unix" else _hosts(hosts, layout),
        service=service,
        path=path if scheme == "unix" else "",
        tls=tls,
        options=options,
        sentinel_options=sentinel,
        timeout_s=timeout_s if isinstance(timeout_s, float) else None,
        connections=connections if isinstance(connections, int) else None,
    )


def _demand(condition: bool, otherwise: str) -> None:
    if not condition:
        raise ValueError(f"the Redis URL: {otherwise}")


def _options(parts: SplitResult, layout: Layout, *, tls: bool) -> dict[str, object]:
    """What follows the question mark, checked against what can stand there."""
    readers = dict(_COMMON)
    readers |= _TLS if tls else {}
    readers |= _SENTINEL if layout is Layout.SENTINEL else {}
    if layout is Layout.CLUSTER:
        del readers["db"]
    found: dict[str, object] = {}
    for name, text in parse_qsl(parts.query, keep_blank_values=True):
        valid = ", ".join(sorted(readers))
        _demand(name in readers, f"an option is not known here; known are {valid}")
        try:
            found[name] = readers[name](text)
        except (ValueError, KeyError):
            raise ValueError(f"the Redis URL: the option {name} has an invalid value") from None
    return found


def _service_and_database(path: str, layout: Layout) -> tuple[str, dict[str, object]]:
    """The parts of the path: ``/service/db`` for Sentinels, ``/db`` else, nothing for a Cluster."""
    words = [word for word in path.split("/") if word]
    service = ""
    if layout is Layout.SENTINEL:
        _demand(bool(words), "Sentinels need the name of the service: .../mymaster/0")
        service = words.pop(0)
    most = 0 if layout is Layout.CLUSTER else 1
    _demand(len(words) <= most, "there is more in its path than a database, which a Cluster lacks")
    if not words:
        return service, {}
    _demand(words[0].isascii() and words[0].isdigit(), "the database in its path is no number")
    return service, {"db": int(words[0])}


def _hosts(text: str, layout: Layout) -> tuple[tuple[str, int], ...]:
    found = []
    for word in text.split(","):
        try:
            parts = urlsplit(f"//{word}")
            host, port = parts.hostname, parts.port
        except ValueError:
            raise ValueError("the Redis URL: a host or its port is invalid") from None
        if not host and layout is not Layout.SINGLE:
            raise ValueError("the Redis URL: a host is missing between two commas or before one")
        found.append((host or "localhost", port or _PORTS[layout]))
    _demand(layout is not Layout.SINGLE or len(found) == 1, "redis:// has one host")
    return tuple(found)
