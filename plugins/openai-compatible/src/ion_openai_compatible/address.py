"""Where the server is, and which addresses may be talked to at all.

The address comes from the settings of the operator, never from a request. Over plain ``http``
anybody on the way reads prompts, answers and the key, so it is for a server of one's own: on this
machine or in a private network. Addresses of link-local networks are never connected to: clouds
hand out the credentials of a machine there.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

import attrs

VALID = (
    "an address such as https://llm.example.org/v1, or http://127.0.0.1:8000/v1 for a server on "
    "this machine or in a private network"
)

_OWN_NETWORKS = tuple(
    map(
        ip_network,
        (
            "127.0.0.0/8",
            "::1/128",
            "10.0.0.0/8",
            "172.16.0.0/12",
            "192.168.0.0/16",
            "fc00::/7",
            # Overlay networks between one's own machines number them like this (RFC 6598).
            "100.64.0.0/10",
        ),
    )
)
# Where clouds answer every process of a machine with the machine's credentials.
_METADATA = frozenset(map(ip_address, ("fd00:ec2::254", "100.100.100.200")))


@attrs.frozen
class ServerAddress:
    """The address under which the protocol is served.

    Attributes:
        url: scheme, host, port and path, without a slash at the end.
        host: the host alone.
        secure: whether it is ``https``.
    """

    url: str
    host: str
    secure: bool

    def refuses(self, address: str) -> str:
        """Why an IP address must not be connected to; empty where it may be.

        Args:
            address: the IP address that the host stands for.
        """
        ip = _unwrapped(address)
        if ip in _METADATA or ip.is_link_local or ip.is_multicast or ip.is_unspecified:
            return f"{ip} is no address of a model server"
        if not self.secure and not any(ip in network for network in _OWN_NETWORKS):
            return f"{ip} is a public address, which is talked to over https only"
        return ""


def server_address(text: str) -> ServerAddress:
    """Read and check an address.

    Raises:
        ValueError: it cannot be used; says why and what is valid, and repeats nothing of it,
            because a mistyped address may hold a password.
    """
    try:
        parts = urlsplit(text.strip())
        problem = _problem(parts, text)
    except ValueError:
        problem = "it is no address"
        parts = SplitResult("", "", "", "", "")
    if problem:
        raise ValueError(f"{problem}; valid is {VALID}")
    address = ServerAddress(
        url=f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}",
        host=parts.hostname or "",
        secure=parts.scheme == "https",
    )
    refusal = address.refuses(address.host) if _is_ip(address.host) else ""
    if refusal:
        raise ValueError(f"{refusal}; valid is {VALID}")
    return address


def _problem(parts: SplitResult, text: str) -> str:
    """What is wrong with an address, empty where nothing is."""
    host = parts.hostname or ""
    found = {
        "it begins with neither https:// nor http://": parts.scheme not in ("http", "https"),
        "it holds a user name or password; a key belongs into the setting api_key": (
            "@" in parts.netloc
        ),
        "it has a query or a fragment": "?" in text or "#" in text,
        "it has no host": not host,
        "it has blanks or control characters": not _is_plain(parts.netloc + parts.path),
        "its port is 0": parts.port == 0,
        "its host is a number that is no usual IP address": _is_odd_number(host),
    }
    return next((problem for problem, holds in found.items() if holds), "")


def _is_plain(text: str) -> bool:
    return text.isprintable() and not any(map(str.isspace, text)) and "\\" not in text


def _is_odd_number(host: str) -> bool:
    """Whether systems would take a host for an IPv4 address in an unusual form (``127.1``)."""
    last = host.rstrip(".").rpartition(".")[2].lower()
    return not _is_ip(host) and (last.isdecimal() or last.startswith("0x"))


def _is_ip(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _unwrapped(address: str) -> IPv4Address | IPv6Address:
    """The IP address; the IPv4 address inside an IPv6 one that stands for it."""
    ip = ip_address(address)
    mapped = ip.ipv4_mapped if isinstance(ip, IPv6Address) else None
    return mapped or ip
