"""Where the host may listen. Without authentication: on this machine only, unless told so.

A name is judged by all addresses that it stands for, a socket by the one that it is bound to.
Behind a proxy that the settings trust, an address of this machine is one that others reach.
"""

from __future__ import annotations

import os
import socket
from ipaddress import IPv6Address, ip_address

from ion_framework.errors import IonError


class BindError(IonError):
    """The host cannot, or may not, listen at this address."""


def bind(
    host: str, port: int, *, insecure: bool, shared: bool = False, proxied: bool = False
) -> socket.socket:
    """A socket bound to the address, not listening yet.

    Args:
        host: name or address.
        port: TCP port, 0 for any free one.
        insecure: whether other machines may reach it: it authenticates, or somebody accepts that
            anybody may use it.
        shared: whether other processes of this user may bind the same address.
        proxied: whether the settings trust a proxy, through which others reach this machine.

    Raises:
        BindError: the address does not exist, is taken, or is not of this machine alone.
    """
    addresses = _resolve(host, port)
    if not insecure:
        if not all(is_loopback(address[0]) for _, address in addresses):
            raise BindError(_open(f"{host} can be reached from other machines", _ELSEWHERE))
        if proxied:
            raise BindError(_open(PROXIED, "leave that setting empty"))
    problem = OSError()
    for family, address in addresses:
        # A name may stand for an address that this machine does not have, as localhost for ::1.
        try:
            return _bound(family, address, shared=shared)
        except OSError as error:
            problem = error
    raise taken(host, port, problem) from problem


PROXIED = (
    "server.trusted_proxies (ION_TRUSTED_PROXIES) names a proxy, through which other machines "
    "reach this host"
)
"""Why a host is not for this machine alone, although it listens there."""

_ELSEWHERE = "listen on 127.0.0.1 (the default)"


def _open(why: str, way_out: str) -> str:
    return (
        f"{why}, and this host has no authentication: anybody could use it. Create an API key "
        "with: ion keys create (from then on every request needs one), or name an issuer of "
        f"tokens under auth.jwt, or {way_out}, or accept the risk with --insecure-no-auth."
    )


def taken(host: str, port: int, problem: OSError) -> BindError:
    """The error of an address that the system does not give, or no longer gives."""
    reason = os.strerror(problem.errno) if problem.errno else str(problem)
    return BindError(
        f"cannot listen on {host} port {port}: {reason}. "
        "Choose another with --host, --port, ION_HOST or ION_PORT."
    )


def _bound(family: int, address: tuple[str, int], *, shared: bool) -> socket.socket:
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":
            # So that a restart need not wait for the old connections to time out.
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        bound.bind(address)
    except OSError:
        bound.close()
        raise
    bound.setblocking(False)
    return bound


def _resolve(host: str, port: int) -> list[tuple[int, tuple[str, int]]]:
    """Every address of a name, each with its family."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise BindError(
            f"there is no address of the name {host!r}. "
            "Give an address of this machine with --host or ION_HOST, for example 127.0.0.1."
        ) from error
    return [(family, address) for family, _, _, _, address in found]  # type: ignore[misc]  # address begins with host and port


def is_loopback(address: str) -> bool:
    """Whether only this machine can reach the address.

    Args:
        address: of IPv4, of IPv6, or of IPv4 written as IPv6.

    Raises:
        ValueError: it is none.
    """
    found = ip_address(address.partition("%")[0])
    inner = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return (inner or found).is_loopback


def is_of_this_machine(host: str) -> bool:
    """Whether only this machine can reach a host of this name or address. A name makes it block.

    One that stands for nothing is: nobody can listen there, and binding says so.
    """
    try:
        return all(is_loopback(address[0]) for _, address in _resolve(host, 0))
    except BindError:
        return True


def base_url(bound: socket.socket) -> str:
    """The URL at which this machine reaches a bound socket."""
    host, port = bound.getsockname()[:2]
    address = ip_address(host.partition("%")[0])
    if address.is_unspecified:
        host = "127.0.0.1" if address.version == _IPV4 else "::1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


_IPV4 = 4
