"""Where an issuer's keys come from: a file that changes, and a server that fails in many ways."""

from __future__ import annotations

import asyncio
import io
import json
import os
import socket
from contextlib import asynccontextmanager

import attrs
import pytest
from aiohttp import web
from ion_host_aiohttp.access.authentication import make_authenticator
from ion_host_aiohttp.access.caller import Credentials
from ion_host_aiohttp.access.key_fetch import KeyFetcher
from ion_host_aiohttp.access.key_set import LARGEST_BYTES
from ion_host_aiohttp.access.key_sources import FIRST_S, LOOK_S, OLD_S, UNKNOWN_S
from ion_host_aiohttp.errors.failure import RequestFailed
from ion_host_aiohttp.run.logs import make_logger
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from ion_framework.errors import SettingsError
from ion_framework.settings.model import LogSettings, Settings
from ion_framework.settings.secrets import Secrets
from ion_framework.settings.serving import AuthSettings, JwtAlgorithm, JwtIssuerSettings, KeyMode
from ion_framework.testing import VirtualClock

FIRST = ECKey.generate_key("P-256", {"kid": "first"})
SECOND = ECKey.generate_key("P-256", {"kid": "second"})


def document(*keys, **more):
    """The public key set of some keys."""
    return json.dumps({"keys": [key.as_dict(private=False) | more for key in keys]}).encode()


def token(clock, key, kid=None):
    """A good token that is signed with a key."""
    now = int(clock.time())
    said = {"iss": "i", "aud": "a", "sub": "s", "iat": now, "exp": now + 10**6}
    header = {"alg": "ES256", "kid": kid or key.kid}
    return jwt.encode(header, said, key, algorithms=["ES256"])


@attrs.define
class JwksServer:
    """An issuer's server on a socket.

    Attributes:
        answer: what it answers with.
        asked: how often it was asked.
        url: its address.
    """

    answer: object
    asked: int = 0
    url: str = ""

    async def handle(self, request):
        """Answer a request."""
        self.asked += 1
        answer = self.answer
        return await answer(request) if callable(answer) else web.Response(body=answer)


@asynccontextmanager
async def jwks_server(answer):
    """A server that answers with bytes, or with what a handler makes."""
    server = JwksServer(answer)
    application = web.Application()
    application.router.add_get("/{tail:.*}", server.handle)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}/keys"
    try:
        yield server
    finally:
        await runner.cleanup()


@asynccontextmanager
async def door_of(clock, log=None, **source):
    """The door of an issuer that signs with ES256."""
    issuer = JwtIssuerSettings(issuer="i", audience="a", algorithm=JwtAlgorithm.ES256, **source)
    settings = Settings(auth=AuthSettings(keys=KeyMode.OFF, jwt=(issuer,)))
    logger = make_logger(log or io.StringIO(), LogSettings())
    door = await make_authenticator(settings, Secrets({}), logger, clock)
    try:
        yield door
    finally:
        await door.close()


async def status(door, text):
    """200, or the status with which a token is refused."""
    try:
        await door.identify(Credentials(bearer=text), "")
    except RequestFailed as failed:
        return failed.failure.status
    return 200


async def redirect(request):
    """Lead elsewhere on the same server."""
    raise web.HTTPFound("/elsewhere") if request.path == "/keys" else web.HTTPTeapot()


async def hang(request):
    """Say nothing."""
    await asyncio.sleep(3600)


async def endless(request):
    """Say far too much."""
    response = web.StreamResponse()
    await response.prepare(request)
    for _ in range(64):
        await response.write(b" " * 65_536)
    return response


async def cut(request):
    """End in the middle."""
    response = web.StreamResponse(headers={"Content-Length": "100000"})
    await response.prepare(request)
    await response.write(b'{"keys": [')
    request.transport.abort()
    return response


async def compressed(request):
    """Compress, although nobody asked for it."""
    return web.Response(body=b"\x1f\x8b" + b"0" * 100, headers={"Content-Encoding": "gzip"})


async def broken(request):
    """Be out of order."""
    return web.Response(status=500, body=document(FIRST))


FAULTS = [
    redirect,
    endless,
    cut,
    compressed,
    broken,
    b"",
    b"<html>",
    b"[]",
    b'{"keys": {}}',
    b"[" * 100_000,
    document(FIRST, FIRST),
    json.dumps({"keys": [FIRST.as_dict(private=True)]}).encode(),
    json.dumps({"keys": [FIRST.as_dict(private=False) | {"x": "AA"}]}).encode(),
]

WITHDRAWN = [
    b'{"keys": []}',
    document(OctKey.generate_key(256)),
    document(RSAKey.generate_key(2048)),
    document(ECKey.generate_key("P-384", {"kid": "first"})),
    document(FIRST, use="enc"),
    document(FIRST, alg="ES384"),
]
"""Key sets without a key that could verify a token of the issuer."""


class TestFetched:
    """Keys that an issuer publishes."""

    async def test_keys_are_fetched_at_the_start(self):
        """One fetch at the start serves any number of tokens."""
        clock = VirtualClock()
        async with (
            jwks_server(document(FIRST)) as server,
            door_of(clock, jwks_url=server.url) as door,
        ):
            for _ in range(100):
                assert 200 == await status(door, token(clock, FIRST))

            assert 1 == server.asked

    async def test_new_key_is_found(self):
        """A key that the issuer begins to use is fetched when a token names it."""
        clock = VirtualClock()
        async with (
            jwks_server(document(FIRST)) as server,
            door_of(clock, jwks_url=server.url) as door,
        ):
            server.answer = document(FIRST, SECOND)
            clock.advance(UNKNOWN_S)

            assert 200 == await status(door, token(clock, SECOND))
            assert 200 == await status(door, token(clock, FIRST))
            assert 2 == server.asked

    async def test_unknown_keys_do_not_flood_the_issuer(self):
        """A thousand tokens with unknown keys at once, and again, are one fetch in 30 seconds."""
        clock = VirtualClock()
        async with (
            jwks_server(document(FIRST)) as server,
            door_of(clock, jwks_url=server.url) as door,
        ):
            texts = [token(clock, SECOND, f"made-up-{number}") for number in range(1000)]
            assert {401} == set(await asyncio.gather(*(status(door, text) for text in texts)))
            assert 1 == server.asked
            clock.advance(UNKNOWN_S)
            assert {401} == set(await asyncio.gather(*(status(door, text) for text in texts)))
            assert {401} == set(await asyncio.gather(*(status(door, text) for text in texts)))

            assert 2 == server.asked

    @pytest.mark.parametrize("fault", FAULTS, ids=range(len(FAULTS)))
    async def test_known_keys_stay_while_the_issuer_is_out_of_order(self, fault):
        """Whatever the issuer answers instead of its keys, those that are known stay good."""
        clock, log = VirtualClock(), io.StringIO()
        async with (
            jwks_server(document(FIRST)) as server,
            door_of(clock, log, jwks_url=server.url) as door,
        ):
            server.answer = fault
            clock.advance(UNKNOWN_S)
            assert 401 == await status(door, token(clock, SECOND))
            assert 200 == await status(door, token(clock, FIRST))

            assert 2 == server.asked
        line = json.loads(log.getvalue().splitlines()[0])
        assert ("an issuer's keys cannot be fetched", 1) == (line["event"], line["kept"])
        assert line["reason"]

    @pytest.mark.parametrize("withdrawn", WITHDRAWN, ids=range(len(WITHDRAWN)))
    async def test_all_keys_can_be_withdrawn(self, withdrawn):
        """A proper key set without a key for the issuer's algorithm ends those of before."""
        clock, log = VirtualClock(), io.StringIO()
        async with (
            jwks_server(document(FIRST)) as server,
            door_of(clock, log, jwks_url=server.url) as door,
        ):
            server.answer = withdrawn
            clock.advance(OLD_S)

            assert 401 == await status(door, token(clock, FIRST))
        assert "no token of its issuer is taken" in log.getvalue()

    @pytest.mark.parametrize("fault", [broken, hang], ids=["broken", "hang"])
    async def test_keys_end_with_the_issuer(self, fault):
        """Keys that could not be fetched for jwks_max_age_s let nobody in, until they can."""
        clock = VirtualClock()
        async with (
            jwks_server(document(FIRST)) as server,
            door_of(clock, jwks_url=server.url, jwks_max_age_s=3600) as door,
        ):
            server.answer = broken
            clock.advance(3599)
            assert 200 == await status(door, token(clock, FIRST))
            server.answer = fault
            clock.advance(1)
            assert 503 == await status(door, token(clock, FIRST))
            server.answer = document(FIRST)
            clock.advance(UNKNOWN_S)
            assert 200 == await status(door, token(clock, FIRST))

    @pytest.mark.parametrize("fault", FAULTS + WITHDRAWN, ids=range(len(FAULTS + WITHDRAWN)))
    async def test_without_any_key_nobody_is_let_in(self, fault):
        """A host that starts while the issuer is out of order answers 503, and recovers."""
        clock = VirtualClock()
        async with jwks_server(fault) as server, door_of(clock, jwks_url=server.url) as door:
            assert 503 == await status(door, token(clock, FIRST))
            server.answer = document(FIRST)
            assert 503 == await status(door, token(clock, FIRST))
            clock.advance(FIRST_S)

            assert 200 == await status(door, token(clock, FIRST))

    async def test_withdrawn_key_is_forgotten(self):
        """The first token after ten minutes waits for the keys, and a withdrawn one is refused."""
        clock = VirtualClock()
        async with (
            jwks_server(document(FIRST)) as server,
            door_of(clock, jwks_url=server.url) as door,
        ):
            server.answer = document(SECOND)
            clock.advance(OLD_S)

            assert 401 == await status(door, token(clock, FIRST))
            assert 200 == await status(door, token(clock, SECOND))

    async def test_closing_ends_a_fetch_that_hangs(self):
        """A door whose issuer says nothing closes at once, and those who wait are let go."""
        clock = VirtualClock()
        async with jwks_server(document(FIRST)) as server, asyncio.timeout(20):
            async with door_of(clock, jwks_url=server.url) as door:
                server.answer = hang
                clock.advance(UNKNOWN_S)
                waiting = asyncio.create_task(status(door, token(clock, SECOND)))
                await asyncio.sleep(0.1)
                assert 200 == await status(door, token(clock, FIRST))
                assert not waiting.done()
            with pytest.raises(asyncio.CancelledError):
                await waiting

    async def test_nobody_there(self):
        """An issuer that nobody listens for is a reason in the log, and not the end."""
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            log = io.StringIO()
            url = f"http://127.0.0.1:{unused.getsockname()[1]}/keys"
            async with door_of(VirtualClock(), log, jwks_url=url) as door:
                assert 503 == await status(door, token(VirtualClock(), FIRST))

        assert "ClientConnectorError" in log.getvalue()

    async def test_fetch_of_too_much_is_given_up(self):
        """An answer that is larger than a key set is an error before all of it has come."""
        async with jwks_server(endless) as server:
            fetcher = KeyFetcher(server.url)
            with pytest.raises(ValueError, match=str(LARGEST_BYTES)):
                await fetcher.fetch()
            await fetcher.close()


class TestFile:
    """Keys in a file."""

    async def test_changed_file_is_read_again(self, tmp_path):
        """A new key set in the file counts from the next look; one that cannot be used does not."""
        file, clock, log = tmp_path / "keys.json", VirtualClock(), io.StringIO()
        file.write_bytes(document(FIRST))
        async with door_of(clock, log, jwks_file=file) as door:
            assert 200 == await status(door, token(clock, FIRST))
            for spoiled in (b"junk", b'{"keys": {}}'):
                file.write_bytes(spoiled)
                clock.advance(LOOK_S)
                assert 200 == await status(door, token(clock, FIRST))
                assert 401 == await status(door, token(clock, SECOND))
            file.write_bytes(document(SECOND) + b" ")
            clock.advance(LOOK_S)
            assert 401 == await status(door, token(clock, FIRST))
            assert 200 == await status(door, token(clock, SECOND))
            file.write_bytes(b'{"keys": []}')
            clock.advance(LOOK_S)
            assert 401 == await status(door, token(clock, SECOND))

        assert 2 == log.getvalue().count("a changed key set is not taken")

    @pytest.mark.parametrize(
        "content",
        [None, b"junk", document(OctKey.generate_key(256))],
        ids=["missing", "junk", "other"],
    )
    async def test_unusable_file_stops_the_start(self, tmp_path, content):
        """A file that is missing, damaged or without a key for the algorithm stops the start."""
        file = tmp_path / "keys.json"
        if content is not None:
            file.write_bytes(content)

        with pytest.raises(SettingsError, match=r"keys\.json"):
            async with door_of(VirtualClock(), jwks_file=file):
                pass

    async def test_keys_of_a_file_that_is_gone_end(self, tmp_path):
        """Keys whose file cannot be read for jwks_max_age_s let nobody in; others last for ever."""
        file, clock = tmp_path / "keys.json", VirtualClock()
        file.write_bytes(document(FIRST))
        async with door_of(clock, jwks_file=file, jwks_max_age_s=600) as door:
            for _ in range(3):
                clock.advance(599)
                assert 200 == await status(door, token(clock, FIRST))
            file.unlink()
            clock.advance(599)
            assert 200 == await status(door, token(clock, FIRST))
            clock.advance(1)
            assert 503 == await status(door, token(clock, FIRST))

    @pytest.mark.skipif(os.name != "posix", reason="files have other rights there")
    async def test_file_that_others_can_write_is_not_taken(self, tmp_path):
        """Who can write the file could sign tokens, so that it stops the start with the cure."""
        file = tmp_path / "keys.json"
        file.write_bytes(document(FIRST))
        file.chmod(0o666)

        with pytest.raises(SettingsError, match=r"keys\.json: others can write it.*chmod go-w"):
            async with door_of(VirtualClock(), jwks_file=file):
                pass
