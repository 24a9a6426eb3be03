"""What a client of Redis is made of: an address, ranges, and a password that is never shown."""

from __future__ import annotations

import ssl

import pytest
import structlog
from ion_two_tier_cache.redis_client import make_commands
from ion_two_tier_cache.redis_settings import RedisSettings

from ion_framework.resilience.redis_address import read_url

QUOTED = "s3cr3t%23pass"


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
