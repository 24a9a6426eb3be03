"""Where the server is, and which addresses may be talked to at all.

The address comes from the settings of the operator, never from a request. Over plain ``http``
anybody on the way reads prompts, answers and the key, so it is for a server of one's own: on this
machine or in a private network. Addresses of link-local networks are never connected to: clouds
hand out the credentials of a machine there.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

import attrs

from ion_framework.resilience.service_address import address_problem, is_ip

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
    text = text.strip()
    problem = address_problem(text)
    if problem:
        raise ValueError(f"{problem}; valid is {VALID}")
    parts = urlsplit(text)
    address = ServerAddress(
        url=f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}",
        host=parts.hostname or "",
        secure=parts.scheme == "https",
    )
    refusal = address.refuses(address.host) if is_ip(address.host) else ""
    if refusal:
        raise ValueError(f"{refusal}; valid is {VALID}")
    return address


def _unwrapped(address: str) -> IPv4Address | IPv6Address:
    """The IP address; the IPv4 address inside an IPv6 one that stands for it."""
    ip = ip_address(address)
    mapped = ip.ipv4_mapped if isinstance(ip, IPv6Address) else None
    return mapped or ip
