"""Redis behind TLS: a real handshake, with a certificate made for the test."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import asynccontextmanager, suppress

import pytest

from ion_framework.testing.network.certificates import OPENSSL, self_signed

pytestmark = [
    pytest.mark.outage,
    pytest.mark.skipif(OPENSSL is None, reason="no openssl on PATH to make a certificate with"),
]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for ``localhost`` that signs itself, and its key."""
    return self_signed(tmp_path_factory.mktemp("tls"))


async def _pump(reader, writer):
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def tls_before(server, certificate):
    """A listener that speaks TLS before a Redis; gives its port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)

    async def serve(reader, writer):
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", server.port)
        await asyncio.gather(_pump(reader, inner_writer), _pump(inner_reader, writer))

    listener = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    try:
        yield listener.sockets[0].getsockname()[1]
    finally:
        listener.close()


async def test_entries_travel_where_the_certificate_is_trusted(
    redis_server, certificate, open_tier, digest, make_entry
):
    """With its authority named in the URL, an entry is stored, found and invalidated."""
    async with tls_before(redis_server, certificate) as port:
        url = f"rediss://localhost:{port}/0?ssl_ca_certs={certificate[0]}"
        # A handshake of both ends in this process may take a slow machine longer than the default.
        opened = await open_tier(url, timeout_s=5.0)
        await opened.store(digest(1), make_entry())

        assert (await opened.tier.get(digest(1), make_entry().tags)).entry is not None
        await opened.tier.invalidate("tenant:a")
        assert (await opened.tier.get(digest(1), make_entry().tags)).entry is None
        await opened.tier.close()


@pytest.mark.parametrize(
    "address",
    ["localhost:{port}/0", "127.0.0.1:{port}/0?ssl_ca_certs={authority}"],
    ids=["signed by nobody known", "for another name"],
)
async def test_a_certificate_that_does_not_fit_is_refused(
    redis_server, certificate, open_tier, digest, address
):
    """Where the authority is unknown or the name is another one, nothing is read or written."""
    async with tls_before(redis_server, certificate) as port:
        where = address.format(port=port, authority=certificate[0])
        opened = await open_tier(f"rediss://{where}")
        found = await opened.tier.get(digest(1), ("tag",))
        await opened.tier.close()

    assert (None, False) == (found.entry, found.tokens.known)
    assert redis_server.command("DBSIZE") == 0
