"""The network address that a request counts for.

It is the peer of the connection, unless that is a proxy the operator trusts. Then it is the entry
of ``X-Forwarded-For`` that the outermost of the trusted proxies wrote: of so many proxies the
entry so far from the right. Whatever stands left of it, the caller may have made up. ``Forwarded``
(RFC 7239) is not looked at.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

from aiohttp import hdrs, web

_KNOWN = 8192
_NETWORK_BITS = 64
"""A household or a phone has this much of IPv6 to itself, and may use any address of it."""
_IPV4 = 4


class ClientAddresses:
    """Says where requests come from.

    Args:
        proxies: addresses and networks of proxies whose headers are believed.
        hops: proxies between the callers and the host, 1 or more.
    """

    def __init__(self, proxies: Iterable[str] = (), hops: int = 1) -> None:
        self._proxies = tuple(ip_network(item) for item in proxies)
        self._hops = hops
        self._trusts = lru_cache(_KNOWN)(self._look_up)

    def of(self, request: web.BaseRequest) -> str:
        """The address of a request's caller, as rates count it: of IPv6 the network of 64 bits.

        Where a trusted proxy names none that can be read, or too few, it is the proxy's own. It is
        empty for a connection without addresses, such as a Unix socket.
        """
        peer = request.remote or ""
        if self._proxies and self._trusts(peer):
            entries = _entries(request, hdrs.X_FORWARDED_FOR)
            if len(entries) >= self._hops:
                return counted(entries[-self._hops]) or counted(peer) or peer
        return counted(peer) or peer

    def is_https(self, request: web.BaseRequest) -> bool:
        """Whether the caller used HTTPS, as the connection or a trusted proxy shows."""
        if request.secure:
            return True
        if not self._proxies or not self._trusts(request.remote or ""):
            return False
        # Proxies rather replace this header than add to it, so there may be fewer than hops.
        entries = _entries(request, hdrs.X_FORWARDED_PROTO)[-self._hops :]
        return bool(entries) and entries[0].lower() == "https"

    def from_proxy(self, request: web.BaseRequest) -> bool:
        """Whether a trusted proxy sent the request, so that its headers may be believed."""
        return bool(self._proxies) and self._trusts(request.remote or "")

    def _look_up(self, peer: str) -> bool:
        address = parsed(peer)
        return address is not None and any(address in network for network in self._proxies)


def _entries(request: web.BaseRequest, name: str) -> list[str]:
    """The entries of all lines of a header, in their order."""
    # What aiohttp makes of bytes that are no request has a plain, empty dictionary.
    lines = request.headers.getall(name, ()) if request.headers else ()
    return [entry.strip() for line in lines for entry in line.split(",")]


@lru_cache(_KNOWN)
def counted(text: str) -> str:
    """The address as rates count it; empty for what is none."""
    address = parsed(text)
    if address is None:
        return ""
    if address.version == _IPV4:
        return str(address)
    return str(IPv6Network((int(address), _NETWORK_BITS), strict=False))


def parsed(text: str) -> IPv4Address | IPv6Address | None:
    """The address that a text holds, perhaps with a port or in brackets; None for what is none.

    An IPv4 address inside of IPv6 is taken as itself, and a zone (``%eth0``) is left out.
    """
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
