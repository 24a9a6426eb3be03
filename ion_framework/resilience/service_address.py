"""The form of a service's address in settings.

Addresses come from the operator, never from a request. Which hosts may be talked to is each
plugin's own rule; that an address is unambiguous and holds no secret is the same for all.
"""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit


def address_problem(text: str) -> str:
    """What is wrong with the form of an address, empty where nothing is.

    An address is scheme, host, port and path alone. The text repeats nothing of it, because a
    mistyped address may hold a password.
    """
    try:
        return _problem(urlsplit(text), text)
    except ValueError:
        return "it is no address"


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
        "its host is a number that is no usual IP address": _is_odd_number(host),
    }
    return next((problem for problem, holds in found.items() if holds), "")


def _is_plain(text: str) -> bool:
    return text.isprintable() and not any(map(str.isspace, text)) and "\\" not in text


def _is_odd_number(host: str) -> bool:
    """Whether systems would take a host for an IPv4 address in an unusual form (``127.1``)."""
    last = host.rstrip(".").rpartition(".")[2].lower()
    return not is_ip(host) and (last.isdecimal() or last.startswith("0x"))
