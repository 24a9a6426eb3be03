"""From which addresses an issuer's keys are fetched."""

from __future__ import annotations

import io

import pytest
from ion_host_aiohttp.access.authentication import make_authenticator
from ion_host_aiohttp.access.key_fetch import _Guarded, url_problem
from ion_host_aiohttp.run.logs import make_logger

from ion_framework.errors import SettingsError
from ion_framework.settings.model import LogSettings, Settings
from ion_framework.settings.secrets import Secrets
from ion_framework.settings.serving import AuthSettings, JwtIssuerSettings, KeyMode


async def start(url):
    """Make the door of an issuer whose keys are at an address."""
    issuer = JwtIssuerSettings(issuer="i", audience="a", jwks_url=url)
    settings = Settings(auth=AuthSettings(keys=KeyMode.OFF, jwt=(issuer,)))
    await make_authenticator(settings, Secrets({}), make_logger(io.StringIO(), LogSettings()))


class TestAddress:
    """From where keys are fetched."""

    @pytest.mark.parametrize(
        "url",
        [
            "http://id.example/keys",
            "http://10.0.0.1/keys",
            "http://192.168.1.1/keys",
            "https://169.254.169.254/keys",
            "https://[fe80::1]/keys",
            "https://[::ffff:169.254.169.254]/keys",
            "https://metadata.google.internal/keys",
            "https://user:password@id.example/keys",
            "https://0.0.0.0/keys",
            "https://2130706433/keys",
            "file:///etc/passwd",
            "id.example/keys",
            "",
        ],
    )
    async def test_address_that_is_no_issuers_stops_the_start(self, url):
        """Plain http to others, places of credentials and odd spellings are refused."""
        with pytest.raises(SettingsError, match=r"auth\.jwt\[0\]\.jwks_url: ") as caught:
            await start(url)

        assert "password@" not in str(caught.value)

    @pytest.mark.parametrize(
        "url",
        ["https://id.example/keys", "http://127.0.0.1:9/k", "http://localhost/k", "http://[::1]/"],
    )
    def test_address_that_may_be(self, url):
        """Over https anywhere, and over http to this machine, are taken."""
        assert "" == url_problem(url)

    async def test_name_that_leads_elsewhere_is_not_connected_to(self):
        """The addresses that a name stands for are looked at, and those are connected to."""
        guarded = _Guarded(secure=False)
        assert await guarded.resolve("127.0.0.1", 80)
        with pytest.raises(OSError, match="no issuer"):
            await guarded.resolve("10.1.2.3", 80)
        with pytest.raises(OSError, match="no issuer"):
            await _Guarded(secure=True).resolve("169.254.169.254", 80)
