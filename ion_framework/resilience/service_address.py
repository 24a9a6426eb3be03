"""Which addresses of services settings may name, and which are connected to.

Addresses come from the operator, never from a request. An address is unambiguous and holds no
secret. Over plain ``http`` anybody on the way reads prompts, answers and the key, so it is for a
server of one's own. Link-local networks and the other places where clouds hand out the credentials
of a machine are refused in every spelling: as a name, as an IPv4 address, and as an IPv6 address
that stands for one.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import SplitResult, unquote, urlsplit

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
_METADATA = frozenset(
    map(
        ip_address,
        (
            "100.100.100.200",
            "168.63.129.16",
            "192.0.0.192",
            "fd00:ec2::254",
            "fd20:ce::254",
        ),
    )
)
_METADATA_NAMES = frozenset(
    {
        "instance-data",
        "instance-data.ec2.internal",
        "metadata",
        "metadata.goog",
        "metadata.google.internal",
    }
)
# IPv6 networks whose last 32 bits are an IPv4 address: NAT64 (RFC 6052, RFC 8215) and the
# compatible addresses of RFC 4291.
_CARRIERS = tuple(map(ip_network, ("64:ff9b::/96", "64:ff9b:1::/48", "::/96")))
_IPV6_OWN = frozenset(map(ip_address, ("::", "::1")))
_IPV4_BITS = 0xFFFF_FFFF


def address_problem(text: str) -> str:
    """What is wrong with an address, empty where nothing is.

    An address is scheme, host, port and path alone. The text repeats nothing of it but an IP
    address that is refused, because a mistyped address may hold a password.
    """
    try:
        return _problem(urlsplit(text), text)
    except ValueError:
        return "it is no address"


def ip_problem(address: str, *, secure: bool) -> str:
    """Why an IP address must not be connected to; empty where it may be.

    Args:
        address: the IP address, as it was written or as a name stands for it.
        secure: whether it is talked to over ``https``.

    Raises:
        ValueError: it is no IP address.
    """
    ip = _unwrapped(address)
    if ip in _METADATA or ip.is_link_local or ip.is_multicast or ip.is_unspecified:
        return f"{ip} is no address of a model server"
    if not secure and not any(ip in network for network in _OWN_NETWORKS):
        return f"{ip} is a public address, which is talked to over https only"
    return ""


def is_ip(host: str) -> bool:
    """Whether a host is an IP address."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _problem(parts: SplitResult, text: str) -> str:
    host = parts.hostname or ""
    found = {
        "it begins with neither https:// nor http://": parts.scheme not in ("http", "https"),
        "it holds a user name or password; a key belongs into the setting api_key": (
            "@" in parts.netloc
        ),
        "it has a query or a fragment": "?" in text or "#" in text,
        "it has no host": not host,
        # urlsplit leaves some of them out, so that the whole text is looked at.
        "it has blanks or control characters": not _is_plain(text),
        "its port is 0": parts.port == 0,
        "its host is not in plain ASCII letters; write xn--… for others": not _is_ascii(host),
        "its host is a number that is no usual IP address": _is_odd_number(host),
        "its host is where clouds hand out credentials": _is_metadata_name(host),
        "its path has a segment '.' or '..'": _has_dots(parts.path),
    }
    problem = next((problem for problem, holds in found.items() if holds), "")
    return problem or (ip_problem(host, secure=parts.scheme == "https") if is_ip(host) else "")


def _is_plain(text: str) -> bool:
    return text.isprintable() and not any(map(str.isspace, text)) and "\\" not in text


def _is_ascii(host: str) -> bool:
    """Whether a host means what it shows: clients rewrite other letters, and unquote escapes."""
    return host.isascii() and (is_ip(host) or "%" not in host)


def _is_odd_number(host: str) -> bool:
    """Whether systems would take a host for an IPv4 address in an unusual form (``127.1``)."""
    last = host.rstrip(".").rpartition(".")[2].lower()
    return not is_ip(host) and (last.isdecimal() or last.startswith("0x"))


def _is_metadata_name(host: str) -> bool:
    return host.rstrip(".").lower() in _METADATA_NAMES


def _has_dots(path: str) -> bool:
    """Whether a client or a server could leave the path upwards."""
    return any(segment in (".", "..") for segment in unquote(path).split("/"))


def _unwrapped(address: str) -> IPv4Address | IPv6Address:
    """The IP address; the IPv4 address inside an IPv6 one that stands for it."""
    ip = ip_address(address)
    if isinstance(ip, IPv4Address):
        return ip
    if ip not in _IPV6_OWN and any(ip in network for network in _CARRIERS):
        return IPv4Address(int(ip) & _IPV4_BITS)
    return ip.ipv4_mapped or ip.sixtofour or ip
