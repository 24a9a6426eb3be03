"""What a request is apart from its texts: who sends it, from where, how, and how much."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_network

import attrs

from ion_framework import IncomingRequest
from ion_guard.settings import GuardSettings

Network = IPv4Network | IPv6Network


@attrs.frozen
class Condition:
    """A property of a request that is a match by itself.

    Attributes:
        id: its name in settings and logs.
        family: its class.
        place: what of the request it looks at.
        holds: whether a request has it.
    """

    id: str
    family: str
    place: str
    holds: Callable[[IncomingRequest], bool]


def networks_of(setting: str, items: Iterable[str]) -> tuple[Network, ...]:
    """The networks of a setting.

    Raises:
        ValueError: one is neither an address nor a network; names the setting.
    """
    try:
        return tuple(ip_network(item) for item in items)
    except ValueError as error:
        raise ValueError(
            f"{setting} must hold addresses or networks such as 203.0.113.0/24: {error}"
        ) from None


def stands_in(address: str, networks: tuple[Network, ...]) -> bool:
    """Whether an address, or the whole of a network, belongs to one of the networks."""
    if not networks:
        return False
    try:
        given = ip_network(address)
    except ValueError:
        return False
    return any(
        (isinstance(given, IPv4Network) and isinstance(each, IPv4Network) and given.subnet_of(each))
        or (
            isinstance(given, IPv6Network)
            and isinstance(each, IPv6Network)
            and given.subnet_of(each)
        )
        for each in networks
    )


def conditions_of(settings: GuardSettings) -> tuple[Condition, ...]:
    """The conditions by the settings.

    Raises:
        ValueError: a setting cannot be used.
    """
    return tuple(_conditions(settings))


def _conditions(settings: GuardSettings) -> Iterator[Condition]:
    names = tuple(name.lower() for name in settings.scanners)
    admins = networks_of("admin_addresses", settings.admin_addresses)
    types = frozenset(kind.lower() for kind in settings.content_types)
    yield Condition("scanner", "scanner", "header.user-agent", _scanner_test(names))
    yield Condition("admin-address", "admin", "path", _admin_test(settings.admin_paths, admins))
    if settings.country_header:
        yield _country(settings)
    if settings.https_only:
        yield Condition("https", "https", "scheme", lambda asked: asked.scheme != "https")
    yield Condition(
        "content-type",
        "content_type",
        "header.content-type",
        lambda asked: asked.body_bytes > 0 and asked.content_type not in types,
    )
    yield Condition(
        "body-size", "size", "body", lambda asked: asked.body_bytes > settings.max_body_bytes
    )


def _country(settings: GuardSettings) -> Condition:
    header = settings.country_header.lower()
    blocked = frozenset(code.upper() for code in settings.blocked_countries)
    return Condition(
        "country",
        "country",
        "header.*",
        # Anybody can write this header; only of a proxy is it known where it has it from.
        lambda asked: asked.from_proxy and asked.headers.get(header, "").upper() in blocked,
    )


def _scanner_test(names: tuple[str, ...]) -> Callable[[IncomingRequest], bool]:
    """Whether a scanner says its name in ``User-Agent``; of the usual ones it is remembered."""

    def is_scanner(agent: str) -> bool:
        agent = agent.lower()
        return any(name in agent for name in names)

    known = lru_cache(_KNOWN)(is_scanner)

    def is_of_scanner(asked: IncomingRequest) -> bool:
        agent = asked.headers.get("user-agent", "")
        return known(agent) if len(agent) <= _SHORT else is_scanner(agent)

    return is_of_scanner


_KNOWN, _SHORT = 512, 512


def _admin_test(
    beginnings: tuple[str, ...], admins: tuple[Network, ...]
) -> Callable[[IncomingRequest], bool]:
    """Whether somebody else asks for one of these addresses, or for what stands under one."""
    exact = frozenset(map(str.lower, beginnings))
    under = tuple(f"{each.rstrip('/')}/" for each in exact)

    def is_of_stranger(asked: IncomingRequest) -> bool:
        path = asked.path.lower()
        is_under = path in exact or path.startswith(under)
        return is_under and not stands_in(asked.address, admins)

    return is_of_stranger
