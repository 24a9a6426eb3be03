"""How Redis is addressed for rate limits; nothing is connected."""

from __future__ import annotations

import io

import pytest

pytest.importorskip("redis")

from ion_host_aiohttp.rates.making import make_limiter
from ion_host_aiohttp.rates.redis_client import make_client
from ion_host_aiohttp.run.logs import make_logger

from ion_framework.errors import SettingsError
from ion_framework.settings.model import LogSettings, Settings
from ion_framework.settings.serving import ServerSettings


@pytest.mark.parametrize(
    "url",
    [
        "http://u:hidden@host",
        "redis+sentinel://u:hidden@host",
        "redis://u:hidden@host:port",
        "redis+cluster://u:hidden@[::1",
    ],
)
async def test_one_that_cannot_be_used_is_refused_without_its_password(url):
    """An error of the address says what is valid and holds nothing of it."""
    settings = Settings(server=ServerSettings(redis_url=url))
    logger = make_logger(io.StringIO(), LogSettings())
    with pytest.raises(SettingsError, match=r"server\.redis_url \(ION_REDIS_URL\)") as caught:
        await make_limiter(settings, logger)
    assert "hidden" not in str(caught.value)


async def test_tls_and_sentinels_are_taken():
    """Every form of an address makes a client that has no retries of its own."""
    for url in (
        "rediss://:secret@host:6380/1",
        "unix:///run/redis.sock",
        "rediss+sentinel://:secret@a:1,b:2/mymaster/3?sentinel_password=x&ssl_check_hostname=no",
    ):
        client = make_client(url, 0.1, 4)
        settings = client.commands.connection_pool.connection_kwargs
        assert (client.in_parts, settings["retry"].get_retries()) == (False, 0)
        assert settings["socket_timeout"] == 0.1
        await client.close()
