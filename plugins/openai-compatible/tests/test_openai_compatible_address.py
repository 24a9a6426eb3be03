"""Which servers may be talked to."""

from __future__ import annotations

import socket

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from ion_openai_compatible.address import server_address
from ion_openai_compatible.transport import GuardedResolver, RefusedAddressError


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://llm.example.org/v1", "https://llm.example.org/v1"),
        (" https://llm.example.org/v1/ ", "https://llm.example.org/v1"),
        ("https://203.0.113.7:8443", "https://203.0.113.7:8443"),
        ("http://localhost:8000/v1", "http://localhost:8000/v1"),
        ("http://vllm:8000/v1", "http://vllm:8000/v1"),
        ("http://[::1]:8000/v1", "http://[::1]:8000/v1"),
        ("http://192.168.1.20:11434/v1", "http://192.168.1.20:11434/v1"),
        ("http://100.101.102.103/v1", "http://100.101.102.103/v1"),
    ],
)
def test_good_addresses_are_taken(text: str, url: str) -> None:
    """Https goes anywhere, http to names and to addresses of one's own networks."""
    assert url == server_address(text).url


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "neither https:// nor http://"),
        ("llm.example.org/v1", "neither https:// nor http://"),
        ("file:///etc/passwd", "neither https:// nor http://"),
        ("https://", "no host"),
        ("https://me:S3CRET@llm.example.org", "user name or password"),
        ("https://llm.example.org/v1?key=S3CRET", "query or a fragment"),
        ("https://llm.example.org/v1#S3CRET", "query or a fragment"),
        ("https://llm.example.org/a b", "blanks or control characters"),
        ("https://llm.example.org\\@evil.example/", "user name or password"),
        ("https://llm.example.org:99999", "no address"),
        ("https://[::1", "no address"),
        ("https://llm.example.org:0", "port is 0"),
        ("http://203.0.113.7/v1", "public address"),
        ("http://[2001:db8::1]/v1", "public address"),
        ("http://[::ffff:203.0.113.7]/v1", "public address"),
        ("http://2130706433/v1", "no usual IP address"),
        ("http://127.1/v1", "no usual IP address"),
        ("https://0x7f000001/v1", "no usual IP address"),
        ("https://169.254.169.254/latest", "no address of a model server"),
        ("https://[fe80::1]/v1", "no address of a model server"),
        ("https://[fd00:ec2::254]/v1", "no address of a model server"),
        ("https://[64:ff9b::a9fe:a9fe]/v1", "no address of a model server"),
        ("https://metadata.google.internal/v1", "hand out credentials"),
        ("https://llm.example.org/a/../v1", "a segment '.' or '..'"),
        ("http://0.0.0.0:8000/v1", "no address of a model server"),
    ],
)
def test_bad_addresses_are_refused(text: str, problem: str) -> None:
    """The error says what is wrong and what is valid, and repeats no password."""
    with pytest.raises(ValueError, match="valid is an address such as") as caught:
        server_address(text)

    assert problem in str(caught.value)
    assert "S3CRET" not in str(caught.value)


class Names(AbstractResolver):
    """A resolver that knows one answer."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses
        self.closed = False

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The answer."""
        return [
            ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0)
            for address in self.addresses
        ]

    async def close(self) -> None:
        """Remember it."""
        self.closed = True


@pytest.mark.parametrize(
    ("url", "addresses", "allowed"),
    [
        ("http://vllm:8000", ("10.1.2.3",), True),
        ("http://vllm:8000", ("fd12::7", "10.1.2.3"), True),
        ("http://vllm:8000", ("10.1.2.3", "203.0.113.7"), False),
        ("http://vllm:8000", ("169.254.169.254",), False),
        ("https://llm.example.org", ("203.0.113.7",), True),
        ("https://llm.example.org", ("10.1.2.3",), True),
        ("https://llm.example.org", ("169.254.169.254",), False),
        ("https://llm.example.org", ("::ffff:169.254.169.254",), False),
        ("https://llm.example.org", ("fe80::1%2",), False),
        ("https://llm.example.org", ("64:ff9b::a9fe:a9fe",), False),
    ],
)
async def test_names_are_checked_where_they_lead(
    url: str, addresses: tuple[str, ...], allowed: bool
) -> None:
    """What a name stands for is checked by the same rules, at each connection."""
    names = Names(*addresses)
    guarded = GuardedResolver(server_address(url), names)
    if allowed:
        assert list(addresses) == [item["host"] for item in await guarded.resolve("host", 80)]
    else:
        with pytest.raises(RefusedAddressError):
            await guarded.resolve("host", 80)
    await guarded.close()

    assert names.closed
