"""Where the host may listen. Without authentication: on this machine only, unless told so.

Every process that binds asks anew: keys that vanished with their file must not leave a door open.
"""

from __future__ import annotations

import os
import socket
from ipaddress import ip_address

from ion_framework.errors import IonError


class BindError(IonError):
    """The host cannot, or may not, listen at this address."""


def bind(host: str, port: int, *, insecure: bool, shared: bool = False) -> socket.socket:
    """A socket bound to the address, not listening yet.

    Args:
        host: name or address.
        port: TCP port, 0 for any free one.
        insecure: whether other machines may reach it: it authenticates, or somebody accepts that
            anybody may use it.
        shared: whether other processes of this user may bind the same address.

    Raises:
        BindError: the address does not exist, is taken, or is not of this machine alone.
    """
    addresses = _resolve(host, port)
    if not insecure and not all(is_loopback(address[0]) for _, address in addresses):
        raise BindError(
            f"{host} can be reached from other machines, and this host has no authentication: "
            "anybody could use it. Create an API key with: ion keys create (from then on every "
            "request needs one), or name an issuer of tokens under auth.jwt, or listen on "
            "127.0.0.1 (the default), or accept the risk with --insecure-no-auth."
        )
    problem = OSError()
    for family, address in addresses:
        # A name may stand for an address that this machine does not have, as localhost for ::1.
        try:
            return _bound(family, address, shared=shared)
        except OSError as error:
            problem = error
    raise taken(host, port, problem) from problem


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
    """Whether only this machine can reach the address."""
    return ip_address(address.partition("%")[0]).is_loopback


def base_url(bound: socket.socket) -> str:
    """The URL at which this machine reaches a bound socket."""
    host, port = bound.getsockname()[:2]
    address = ip_address(host.partition("%")[0])
    if address.is_unspecified:
        host = "127.0.0.1" if address.version == _IPV4 else "::1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


_IPV4 = 4
