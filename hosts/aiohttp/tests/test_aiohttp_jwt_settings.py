"""How issuers of tokens have to be set up, and what stops the start."""

from __future__ import annotations

import io
import json

import pytest
from ion_host_aiohttp.access.authentication import make_authenticator
from ion_host_aiohttp.run.logs import make_logger
from joserfc.jwk import RSAKey

from ion_framework.errors import SettingsError
from ion_framework.settings.model import LogSettings, Settings
from ion_framework.settings.secrets import Secrets
from ion_framework.settings.serving import AuthSettings, JwtAlgorithm, JwtIssuerSettings, KeyMode

SECRET = "0123456789abcdef0123456789abcdef"
RSA = RSAKey.generate_key(2048, {"kid": "r1"})
PEM = RSA.as_pem(private=False).decode()


@pytest.fixture
def issuer(tmp_path):
    """A function that gives the settings of an issuer."""
    file = tmp_path / "jwks.json"
    file.write_text(json.dumps({"keys": [RSA.as_dict(private=False)]}))

    def make(algorithm=JwtAlgorithm.RS256, **more):
        source = {"secret": "S"} if algorithm is JwtAlgorithm.HS256 else {"jwks_file": file}
        basis = {"issuer": "i", "audience": "a", "algorithm": algorithm}
        return JwtIssuerSettings(**(basis | source | more))

    return make


async def start(*issuers, **environ):
    """Make the door of these issuers, and close it."""
    settings = Settings(auth=AuthSettings(keys=KeyMode.OFF, jwt=issuers))
    logger = make_logger(io.StringIO(), LogSettings())
    door = await make_authenticator(settings, Secrets({"S": SECRET} | environ), logger)
    await door.close()


class TestSettings:
    """What stops the start."""

    @pytest.mark.parametrize(
        ("secret", "said"),
        [
            ("", "no secret S"),
            ("x" * 31, "31 bytes"),
            (PEM, "no secret; for RS256"),
            (PEM.replace("\n", " "), "no secret; for RS256"),
            (json.dumps(RSA.as_dict(private=False)), "no secret; for RS256"),
            ("".join(PEM.split("-----")[2].split()), "no secret;"),
        ],
        ids=["none", "short", "pem", "spaces", "jwk", "bare"],
    )
    async def test_weak_secret(self, issuer, secret, said):
        """No secret, a short one, or one that everybody knows stops the start, unshown."""
        with pytest.raises(SettingsError, match=said) as caught:
            await start(issuer(JwtAlgorithm.HS256), S=secret)

        assert not secret or secret not in str(caught.value)

    @pytest.mark.parametrize(
        ("algorithm", "more"),
        [
            (JwtAlgorithm.HS256, {"secret": None}),
            (JwtAlgorithm.HS256, {"jwks_url": "https://id.example/keys"}),
            (JwtAlgorithm.RS256, {"secret": "S"}),
            (JwtAlgorithm.ES256, {"jwks_file": None}),
            (JwtAlgorithm.RS256, {"jwks_url": "https://id.example/keys"}),
        ],
    )
    async def test_one_source_that_fits_the_algorithm(self, issuer, algorithm, more):
        """None, two, or a source of the other kind is refused with what the algorithm needs."""
        with pytest.raises(SettingsError, match=rf"auth\.jwt\[0\]: {algorithm.value} needs"):
            await start(issuer(algorithm, **more))

    async def test_issuer_stands_once(self, issuer):
        """Two entries for one issuer would let a token choose, and are refused."""
        with pytest.raises(SettingsError, match=r"auth\.jwt\[1\]\.issuer.*twice"):
            await start(issuer(), issuer(JwtAlgorithm.HS256))

    async def test_secret_may_stand_in_a_file(self, issuer, tmp_path):
        """The secret of HS256 is taken from the file that its variable names, too."""
        file = tmp_path / "secret"
        file.write_text(SECRET)

        await start(issuer(JwtAlgorithm.HS256), S="", S_FILE=str(file))
