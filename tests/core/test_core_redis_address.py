"""Addresses of Redis are understood or refused, and never repeated with their secrets."""

from __future__ import annotations

import ssl

import pytest
import structlog
from ion_two_tier_cache.redis_client import make_commands
from ion_two_tier_cache.redis_settings import RedisSettings

from ion_framework.resilience.redis_address import Layout, read_url

SECRET = "s3cr3t#pass"
QUOTED = "s3cr3t%23pass"


def test_a_single_server():
    """Host, port, database, user and password of a single Redis are read."""
    found = read_url(f"redis://ann:{QUOTED}@cache.example:6380/2")

    assert (found.layout, found.hosts) == (Layout.SINGLE, (("cache.example", 6380),))
    assert dict(found.options) == {"db": 2, "username": "ann", "password": SECRET}
    assert found.tls is False


def test_defaults():
    """Host and port can be left out."""
    assert read_url("redis://").hosts == (("localhost", 6379),)


def test_ipv6():
    """A host can be an IPv6 address."""
    assert read_url("redis://[::1]:7000/0").hosts == (("::1", 7000),)


def test_sentinels():
    """Sentinels, their own login, the service and the database are read."""
    found = read_url(
        "rediss+sentinel://:pw@one:1,two/mymaster/3?sentinel_username=s&sentinel_password=t"
    )

    assert found.layout is Layout.SENTINEL
    assert found.hosts == (("one", 1), ("two", 26379))
    assert (found.service, found.tls) == ("mymaster", True)
    assert dict(found.options) == {"db": 3, "password": "pw"}
    assert dict(found.sentinel_options) == {"username": "s", "password": "t"}


def test_a_cluster():
    """Nodes of a Cluster are read."""
    found = read_url("redis+cluster://a:1,b:2?client_name=ion")

    assert (found.layout, found.hosts) == (Layout.CLUSTER, (("a", 1), ("b", 2)))
    assert dict(found.options) == {"client_name": "ion"}


def test_a_socket():
    """A Unix socket has a path, and no host."""
    found = read_url("unix://:pw@/run/redis.sock?db=1")

    assert (found.path, found.hosts) == ("/run/redis.sock", ())
    assert dict(found.options) == {"db": 1, "password": "pw"}


def test_options_of_the_url_win():
    """Timeouts and connections that the URL states are kept."""
    found = read_url("redis://h?socket_timeout=0.05&max_connections=3&socket_connect_timeout=0.02")

    assert (found.timeout_s, found.connections) == (0.05, 3)
    assert found.options["socket_connect_timeout"] == 0.02


@pytest.mark.parametrize(
    "url",
    [
        f"http://ann:{QUOTED}@host",
        f"redis:ann:{QUOTED}@host",
        f"redis://ann:{QUOTED}@host:port",
        f"redis://ann:{QUOTED}@host:99999",
        f"redis://ann:{QUOTED}@[::1",
        f"redis://ann:{SECRET}@host",
        f"redis://ann:{QUOTED}@host/one",
        f"redis://ann:{QUOTED}@host/1/2",
        f"redis://ann:{QUOTED}@a,b/1",
        f"redis://ann:{QUOTED}@host?db=-1",
        f"redis://ann:{QUOTED}@host?socket_timeout=0",
        f"redis://ann:{QUOTED}@host?socket_timeout=nan",
        f"redis://ann:{QUOTED}@host?{SECRET[:6]}={SECRET[:6]}",
        f"redis://ann:{QUOTED}@host?ssl_cert_reqs=none",
        f"rediss://ann:{QUOTED}@host?ssl_cert_reqs=never",
        f"rediss://ann:{QUOTED}@host?ssl_check_hostname=perhaps",
        f"redis+sentinel://ann:{QUOTED}@host",
        f"redis+sentinel://ann:{QUOTED}@a,,b/mymaster",
        f"redis+cluster://ann:{QUOTED}@a/1",
        f"redis+cluster://ann:{QUOTED}@a?db=1",
        f"unix://ann:{QUOTED}@",
    ],
)
def test_what_cannot_be_used_is_refused_without_its_secrets(url):
    """A URL that cannot be used is refused in words that hold no part of its password."""
    with pytest.raises(ValueError, match="Redis URL") as refused:
        read_url(url)

    assert "s3cr3t" not in str(refused.value)
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__ or refused.value.__context__ is None


@pytest.mark.parametrize("kind", ["redis", "rediss", "redis+sentinel", "redis+cluster", "unix"])
async def test_no_repr_shows_the_password(kind):
    """Neither settings nor address nor client show the password when they are printed."""
    path = {"redis+sentinel": "/mymaster", "unix": "/run/redis.sock"}.get(kind, "")
    host = "" if kind == "unix" else "host"
    url = f"{kind}://ann:{QUOTED}@{host}{path}"
    address = read_url(url)
    commands = make_commands(address, timeout_s=0.1, connections=2, logger=structlog.get_logger())

    shown = f"{RedisSettings(url)!r} {address!r} {commands!r} {vars(commands).get('_client')!r}"
    await commands.close()

    assert "s3cr3t" not in shown


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("namespace", "a b"),
        ("namespace", "*"),
        ("namespace", ""),
        ("timeout_s", 0),
        ("connections", 0),
        ("max_value_bytes", 1),
        ("queue_entries", 0),
        ("lease_s", 0),
    ],
)
def test_settings_have_ranges(name, value):
    """A setting out of its range is refused by name."""
    with pytest.raises(ValueError, match=name):
        RedisSettings("redis://", **{name: value})


@pytest.mark.parametrize("kind", ["rediss", "rediss+sentinel", "rediss+cluster"])
@pytest.mark.parametrize(
    ("options", "verified"),
    [("", True), ("?ssl_cert_reqs=none&ssl_check_hostname=false", False)],
)
async def test_tls_is_verified_unless_told_otherwise(kind, options, verified):
    """Over TLS the certificate and its name are verified, unless the URL says that they are not."""
    path = "/mymaster" if "sentinel" in kind else ""
    commands = make_commands(
        read_url(f"{kind}://127.0.0.1:1{path}{options}"),
        timeout_s=0.1,
        connections=2,
        logger=structlog.get_logger(),
    )
    if "cluster" in kind:
        connection = commands._client.startup_nodes[0].acquire_connection()
    else:
        connection = commands._client.connection_pool.make_connection()

    context = connection.ssl_context.get()
    await commands.close()

    assert (context.verify_mode is ssl.CERT_REQUIRED) is verified
    assert context.check_hostname is verified
