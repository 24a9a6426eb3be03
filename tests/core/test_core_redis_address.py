"""Addresses of Redis are understood or refused, and never repeated with their secrets."""

from __future__ import annotations

import pytest

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
