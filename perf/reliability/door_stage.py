"""A real host on a real socket whose door asks for keys, and for tokens of three issuers."""

from __future__ import annotations

import io
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import attrs
from aiohttp import ClientSession, web
from ion_host_aiohttp.access.authentication import make_authenticator
from ion_host_aiohttp.access.door import Doorkeeper
from ion_host_aiohttp.api.catalog import all_endpoints
from ion_host_aiohttp.run.addresses import bind
from ion_host_aiohttp.run.logs import make_logger
from ion_host_aiohttp.run.server import HttpServer
from ion_host_aiohttp.service import Service
from joserfc.jwk import ECKey, RSAKey

from ion_framework import Ion
from ion_framework.settings.model import LogSettings, Settings
from ion_framework.settings.secrets import Secrets
from ion_framework.settings.serving import AuthSettings, JwtAlgorithm, JwtIssuerSettings
from perf.reliability.forged_keys import Headers, Keys, created_keys
from perf.reliability.forged_tokens import AUDIENCE, ES, HS, RS, Issuers

PATH = "/api/v2/personas"
SECRET = "a secret of more than thirty-two bytes"  # noqa: S105  of an issuer made for this check


@attrs.define
class KeyServer:
    """Publishes the keys of the issuer of ES256, and waits for a host that believes a ``jku``.

    Attributes:
        keys: what it publishes.
        lured: how often it was asked for a forger's keys.
        url: its address.
    """

    keys: str
    lured: int = 0
    url: str = ""

    async def handle(self, request: web.Request) -> web.Response:
        """Answer with the keys."""
        self.lured += request.path != "/keys"
        return web.Response(text=self.keys)


@attrs.frozen
class Stage:
    """A host in operation.

    Attributes:
        url: its address.
        session: a client.
        door: its door.
        keys: keys of its file.
        issuers: keys of its issuers.
        server: publishes keys.
        log: what the host has logged.
    """

    url: str
    session: ClientSession
    door: Doorkeeper
    keys: Keys
    issuers: Issuers
    server: KeyServer
    log: io.StringIO

    async def status(self, headers: Headers) -> int:
        """The status of a request with these headers."""
        async with self.session.get(self.url + PATH, headers=headers) as response:
            await response.read()
            return response.status


@asynccontextmanager
async def door_stage(folder: Path) -> AsyncIterator[Stage]:
    """A host whose files are in a folder."""
    rsa = tuple(RSAKey.generate_key(2048, {"kid": f"rsa-{place}"}) for place in range(2))
    ec = ECKey.generate_key("P-256", {"kid": "ec-0"})
    (folder / "rsa.json").write_text(
        json.dumps({"keys": [key.as_dict(private=False) for key in rsa]}), "utf-8"
    )
    log = io.StringIO()
    logger = make_logger(log, LogSettings())
    async with _key_server(json.dumps({"keys": [ec.as_dict(private=False)]})) as server:
        settings = _settings(folder, server.url)
        keys = created_keys(settings)
        stranger = RSAKey.generate_key(2048)
        issuers = Issuers(
            SECRET.encode(), (rsa[0], rsa[1]), ec, stranger, int(time.time()), server.url + "lure"
        )
        door = await make_authenticator(settings, Secrets({"SECRET": SECRET}), logger)
        try:
            service_of = _service(door, logger)
            async with service_of as url, ClientSession() as session:
                yield Stage(url, session, door, keys, issuers, server, log)
        finally:
            await door.close()


@asynccontextmanager
async def _service(door: Doorkeeper, logger: object) -> AsyncIterator[str]:
    async with Ion(Settings(), source=lambda: (), environ={}) as ion:
        service = Service(ion=ion, logger=logger, version="0", authenticator=door)  # type: ignore[arg-type]  # structlog's loggers have no common class
        endpoints = all_endpoints(()).endpoints
        server = HttpServer(service, endpoints, bind("127.0.0.1", 0, insecure=False))
        await server.start()
        try:
            yield f"http://127.0.0.1:{server.port}"
        finally:
            await server.stop()


def _settings(folder: Path, url: str) -> Settings:
    """Keys in a file, and three issuers: a secret, a file and an address."""
    sources: dict[str, tuple[JwtAlgorithm, dict[str, object]]] = {
        HS: (JwtAlgorithm.HS256, {"secret": "SECRET"}),
        RS: (JwtAlgorithm.RS256, {"jwks_file": folder / "rsa.json"}),
        ES: (JwtAlgorithm.ES256, {"jwks_url": url + "keys"}),
    }
    issuers = tuple(
        JwtIssuerSettings(issuer=issuer, audience=AUDIENCE, algorithm=algorithm, **source)  # type: ignore[arg-type]  # one of three, each of its own type
        for issuer, (algorithm, source) in sources.items()
    )
    return Settings(data_dir=folder / "data", auth=AuthSettings(jwt=issuers))


@asynccontextmanager
async def _key_server(keys: str) -> AsyncIterator[KeyServer]:
    server = KeyServer(keys)
    application = web.Application()
    application.router.add_get("/{rest:.*}", server.handle)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    try:
        yield server
    finally:
        await runner.cleanup()
