"""Where the server is, and which addresses it may have: those of `service_address`."""

from __future__ import annotations

from urllib.parse import urlsplit

import attrs

from ion_framework.resilience.service_address import address_problem, ip_problem

VALID = (
    "an address such as https://llm.example.org/v1, or http://127.0.0.1:8000/v1 for a server on "
    "this machine or in a private network"
)


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
        return ip_problem(address, secure=self.secure)


def server_address(text: str) -> ServerAddress:
    """Read and check an address.

    Raises:
        ValueError: it cannot be used; says why and what is valid, and repeats nothing of it but a
            refused IP address, because a mistyped address may hold a password.
    """
    text = text.strip()
    problem = address_problem(text)
    if problem:
        raise ValueError(f"{problem}; valid is {VALID}")
    parts = urlsplit(text)
    return ServerAddress(
        url=f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}",
        host=parts.hostname or "",
        secure=parts.scheme == "https",
    )
