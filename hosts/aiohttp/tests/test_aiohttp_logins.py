"""Failed logins: what they cost an address, and what they must not cost those who share it."""

from __future__ import annotations

import io
import json

import pytest
from ion_host_aiohttp.access import keys_work
from ion_host_aiohttp.access.authentication import make_authenticator
from ion_host_aiohttp.access.caller import Credentials
from ion_host_aiohttp.access.key_form import new_key
from ion_host_aiohttp.access.key_record import KeyTerms
from ion_host_aiohttp.access.refusal_log import EVERY_S, REMEMBERED, RefusalLog
from ion_host_aiohttp.errors.failure import RequestFailed
from ion_host_aiohttp.rates.guesses import CHECKS_A_SECOND
from ion_host_aiohttp.run.logs import make_logger
from joserfc import jwt
from joserfc.jwk import OctKey

from ion_framework.settings.model import LogSettings, Settings
from ion_framework.settings.secrets import Secrets
from ion_framework.settings.serving import AuthSettings, JwtAlgorithm, JwtIssuerSettings
from ion_framework.testing import VirtualClock

PERSONAS = "/api/v2/personas"
SECRET = "0123456789abcdef0123456789abcdef"
TOKEN = Credentials(bearer="a.b.c")


def token(secret=SECRET, subject="s"):
    """A token of the issuer."""
    said = {"iss": "i", "aud": "a", "sub": subject, "iat": 0, "exp": 2**33, "scope": "read"}
    return jwt.encode({"alg": "HS256"}, said, OctKey.import_key(secret))


@pytest.fixture
async def shared(hosting, limiting, tmp_path):
    """A host that takes keys and tokens; gives it, its clock and a key."""
    issuer = JwtIssuerSettings(
        issuer="i", audience="a", algorithm=JwtAlgorithm.HS256, secret="SECRET"
    )
    settings = Settings(data_dir=tmp_path / "data", auth=AuthSettings(jwt=(issuer,)))
    key = keys_work.create(settings, KeyTerms(scopes=("read",))).key
    logger = make_logger(io.StringIO(), LogSettings())
    door = await make_authenticator(settings, Secrets({"SECRET": SECRET}), logger)
    async with (
        limiting(limit="1000/minute") as (rates, clock),
        hosting(door=door, rates=rates) as host,
    ):
        yield host, clock, key
    await door.close()


async def get(host, text):
    """The status of a request with a key or token."""
    headers = {"Authorization": f"Bearer {text}"}
    async with host.session.get(PERSONAS, headers=headers) as response:
        return response.status


async def fail(limiter, address, credentials, number=10):
    """Have logins fail."""
    for _ in range(number):
        limiter.logins.admit(address, credentials)
        await limiter.logins.failed(address, credentials)


class TestAddress:
    """An address from which keys are guessed."""

    async def test_guesses_are_told_so_and_good_ones_pass(self, shared):
        """After ten wrong keys an address gets 429 for others, and keys that are valid pass."""
        host, clock, key = shared
        found = [await get(host, new_key()[0]) for _ in range(12)]

        assert found == [401] * 10 + [429] * 2
        assert await get(host, key) == 200
        assert await get(host, token()) == 200
        clock.advance(60.1)
        assert await get(host, new_key()[0]) == 401

    async def test_signatures_are_checked_so_often(self, shared):
        """Of a refused address so many tokens a second are looked at, and good ones always."""
        host, clock, key = shared
        known = token(subject="known")
        assert await get(host, known) == 200
        for _ in range(10):
            await get(host, new_key()[0])
        for _ in range(CHECKS_A_SECOND):
            assert await get(host, token("x" * 32)) == 429

        assert await get(host, token(subject="new")) == 429
        assert [await get(host, known), await get(host, key)] == [200, 200]
        clock.advance(1)
        assert await get(host, token(subject="new")) == 200

    async def test_a_refusal_says_why_and_until_when(self, limiting):
        """The problem is of the type for abnormal usage, and tells when to come again."""
        async with limiting() as (limiter, clock):
            for number in range(10):
                await limiter.logins.failed("a", Credentials(bearer=f"{number}"))
                clock.advance(1)
            with pytest.raises(RequestFailed) as caught:
                await limiter.logins.failed("a", TOKEN)
            await limiter.logins.failed("b", TOKEN)
        failure = caught.value.failure
        assert (failure.status, failure.headers["Retry-After"]) == (429, "50")
        assert failure.problem_type.endswith("#abnormal-usage-detected")

    async def test_a_token_that_ended_is_a_guess(self, limiting):
        """A token that was good and is no longer is not looked at for ever."""
        async with limiting() as (limiter, _):
            limiter.logins.succeeded(TOKEN)
            await fail(limiter, "a", TOKEN)
            for _ in range(CHECKS_A_SECOND):
                limiter.logins.admit("a", TOKEN)
            with pytest.raises(RequestFailed):
                limiter.logins.admit("a", TOKEN)

    async def test_guessers_do_not_fill_the_memory(self, limiting):
        """Of all addresses and good tokens ten thousand are remembered."""
        async with limiting(failed_logins="1/minute") as (limiter, _):
            for number in range(10_050):
                limiter.logins.succeeded(Credentials(bearer=f"{number}"))
                await limiter.logins.failed(f"{number}", TOKEN)
            for _ in range(CHECKS_A_SECOND + 1):
                limiter.logins.admit("1", TOKEN)
            with pytest.raises(RequestFailed):
                await limiter.logins.failed("10049", TOKEN)


class TestLog:
    """What the log is told."""

    def test_one_line_a_second_for_an_address(self):
        """An address has one line a second, which tells how many were left out."""
        clock, stream = VirtualClock(), io.StringIO()
        log = RefusalLog(make_logger(stream, LogSettings()), clock)
        for _ in range(100):
            log.tell("no such key", "a")
        log.tell("no such key", "b")
        clock.advance(EVERY_S)
        log.tell("no such key", "a")

        lines = [json.loads(line) for line in stream.getvalue().splitlines()]
        told = [(line["address"], line.get("left_out")) for line in lines]
        assert told == [("a", None), ("b", 99), ("a", None)]

    def test_addresses_do_not_fill_the_memory(self):
        """Of all addresses ten thousand are remembered, the latest."""
        stream = io.StringIO()
        log = RefusalLog(make_logger(stream, LogSettings()), VirtualClock())
        for number in range(REMEMBERED + 1):
            log.tell("no such key", f"{number}")
        before = len(stream.getvalue().splitlines())
        log.tell("no such key", f"{REMEMBERED}")
        log.tell("no such key", "0")

        assert len(stream.getvalue().splitlines()) == before + 1
