"""Fetching an issuer's key set, from the address in the settings and from nowhere else."""

from __future__ import annotations

import socket
from ipaddress import ip_address
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from ion_framework.resilience.service_address import address_problem, ip_problem, is_ip
from ion_host_aiohttp.access.key_set import LARGEST_BYTES

LONGEST_S = 5.0
"""Seconds for the whole fetch."""

_OK = 200


class RefusedAddressError(OSError):
    """The issuer's name stands for an address that is not connected to."""


def url_problem(url: str) -> str:
    """Why an issuer's keys are not fetched from an address; empty where they are.

    It is ``https``; plain ``http`` only to this machine, because whoever could change the answer on
    its way could sign tokens.
    """
    host = urlsplit(url).hostname or "" if not address_problem(url) else ""
    if not host:
        return address_problem(url).replace("; a key belongs into the setting api_key", "")
    is_local = host == "localhost" or (is_ip(host) and ip_address(host).is_loopback)
    if urlsplit(url).scheme == "http" and not is_local:
        return "keys are fetched over https only, over http from this machine alone"
    return ""


class _Guarded(AbstractResolver):
    """Resolves names, and refuses those that lead where no issuer is.

    The connection is made to the very addresses that were looked at here.
    """

    def __init__(self, *, secure: bool) -> None:
        self._secure = secure
        self._names = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses of a host.

        Raises:
            RefusedAddressError: one of them is not connected to.
        """
        found = await self._names.resolve(host, port, family)
        for result in found:
            address = ip_address(result["host"].partition("%")[0])
            if ip_problem(str(address), secure=self._secure) or not (
                self._secure or address.is_loopback
            ):
                raise RefusedAddressError(f"{host} stands for {address}, which no issuer has")
        return found

    async def close(self) -> None:
        """Close what really resolves."""
        await self._names.close()


class KeyFetcher:
    """Fetches the key set at an address.

    Args:
        url: the address; checked by `url_problem`.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._session: aiohttp.ClientSession | None = None

    async def fetch(self) -> bytes:
        """The key set, as it came.

        Raises:
            OSError: it could not be fetched.
            ValueError: the answer is none, or too large.
        """
        try:
            # No redirects: they would lead past what was checked of the address.
            async with self._open().get(self._url, allow_redirects=False) as response:
                if response.status != _OK:
                    raise ValueError(f"it answers {response.status}")
                if response.headers.get("Content-Encoding", "identity") != "identity":
                    raise ValueError("its answer is compressed")
                return await _bounded(response.content)
        except TimeoutError:
            raise OSError(f"it takes longer than {LONGEST_S:g} s") from None
        except aiohttp.ClientError as error:
            # The text of some holds what the issuer sent.
            cause = error.__cause__ if isinstance(error.__cause__, RefusedAddressError) else None
            raise OSError(str(cause or type(error).__name__)) from error

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            secure = urlsplit(self._url).scheme == "https"
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    resolver=_Guarded(secure=secure), limit=1, force_close=True
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"Accept": "application/json", "Accept-Encoding": "identity"},
                timeout=aiohttp.ClientTimeout(total=LONGEST_S),
                auto_decompress=False,
            )
        return self._session


async def _bounded(content: aiohttp.StreamReader) -> bytes:
    received = bytearray()
    async for piece in content.iter_chunked(65_536):
        received += piece
        if len(received) > LARGEST_BYTES:
            raise ValueError(f"its answer has more than {LARGEST_BYTES} bytes")
    return bytes(received)
