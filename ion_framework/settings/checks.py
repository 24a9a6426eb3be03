"""Validators of settings, shared by the classes that hold them."""

from __future__ import annotations

import re
from datetime import date

import attrs

LONGEST_S = 86400.0
"""The longest time limit that makes sense: a day. Timers of the system take no arbitrary number."""

RATE_OFF = "off"
"""The value of a rate limit that does not limit."""

_RATE = re.compile(r"([1-9][0-9]{0,8})/(second|minute|hour|day)")
_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
_ORIGIN = re.compile(r"https?://(\[[0-9a-f:]+\]|[a-z0-9._-]+)(:[0-9]{1,5})?")
_HOST_NAME = re.compile(r"\[[0-9a-f:]+\]|[a-z0-9._-]+")
_USUAL_PORTS = {"http": 80, "https": 443}


def seconds(_: object, attribute: attrs.Attribute[float], value: float) -> None:
    """A time limit: above 0, up to a day."""
    if not 0 < value <= LONGEST_S:
        raise ValueError(f"'{attribute.name}' must be above 0, up to {LONGEST_S:g}: {value}")


def rate_parts(text: str) -> tuple[int, int] | None:
    """A rate as its number and its window in seconds; None where it is written otherwise."""
    found = _RATE.fullmatch(text)
    return (int(found[1]), _SECONDS[found[2]]) if found else None


def rate(_: object, attribute: attrs.Attribute[str], value: str) -> None:
    """A rate limit as ``30/minute``, or ``off``."""
    if value != RATE_OFF and rate_parts(value) is None:
        raise ValueError(
            f"'{attribute.name}' must be a number, a slash and second, minute, hour or day, as "
            f"30/minute, or off: {value!r}"
        )


def networks(
    _: object, attribute: attrs.Attribute[tuple[str, ...]], value: tuple[str, ...]
) -> None:
    """Addresses or networks of IPv4 or IPv6, as ``10.0.0.0/8``."""
    for item in value:
        from ipaddress import ip_network  # only who sets some pays for it

        try:
            ip_network(item)
        except ValueError as error:
            raise ValueError(
                f"'{attribute.name}' must hold addresses or networks: {error}"
            ) from None


def origins(_: object, attribute: attrs.Attribute[tuple[str, ...]], value: tuple[str, ...]) -> None:
    """Exact origins, as ``https://app.example``: scheme, lower-case host and port, no path."""
    for item in value:
        right = _origin_of(item)
        if right is None:
            raise ValueError(
                f"'{attribute.name}' must hold exact origins such as https://app.example or "
                f"http://localhost:3000; neither * nor null nor a pattern is one: {item!r}"
            )
        if right != item:
            raise ValueError(
                f"'{attribute.name}' must hold origins as browsers send them, in lower case, "
                f"without a path, a slash at the end or the usual port: write {right!r} "
                f"instead of {item!r}"
            )


def _origin_of(text: str) -> str | None:
    """The origin that was meant, as browsers write it; None where no origin can be made of it."""
    from urllib.parse import urlsplit  # only who sets some pays for it

    try:
        parts = urlsplit(text.strip())
        port = parts.port
        host = (parts.hostname or "").encode("idna").decode()
    except ValueError:
        return None
    scheme = parts.scheme.lower()
    if parts.username is not None or scheme not in _USUAL_PORTS:
        return None
    host = f"[{host}]" if ":" in host else host
    shown = "" if port in (None, _USUAL_PORTS[scheme]) else f":{port}"
    origin = f"{scheme}://{host.lower()}{shown}"
    return origin if _ORIGIN.fullmatch(origin) else None


def host_names(
    _: object, attribute: attrs.Attribute[tuple[str, ...]], value: tuple[str, ...]
) -> None:
    """Names of a host as they stand in ``Host``: lower case, neither scheme nor port."""
    for item in value:
        if not _HOST_NAME.fullmatch(item):
            raise ValueError(
                f"'{attribute.name}' must hold names such as api.example, in lower case, without "
                f"scheme, port or path: {item!r}"
            )


def iso_date(_: object, attribute: attrs.Attribute[str | None], value: str | None) -> None:
    """A day as ``2027-01-31``, or nothing."""
    if value is None:
        return
    try:
        date.fromisoformat(value)
    except ValueError:
        raise ValueError(
            f"'{attribute.name}' must be a day such as 2027-01-31: {value!r}"
        ) from None
