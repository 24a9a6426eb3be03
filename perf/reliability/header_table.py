"""What the headers of a response have to be, by where its request came from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import attrs
from multidict import CIMultiDictProxy

LISTED = "https://app.example"
SAFE = ("GET", "HEAD", "OPTIONS")

ALWAYS: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-XSS-Protection": "0",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Server": "",
}
"""Headers of every response, and what stands in them."""

OF_ORIGIN = (
    "Access-Control-Allow-Origin",
    "Access-Control-Allow-Credentials",
    "Access-Control-Expose-Headers",
    "Access-Control-Allow-Methods",
    "Access-Control-Allow-Headers",
)


@attrs.frozen
class Origin:
    """A kind of origin.

    Attributes:
        name: what it is.
        value: what stands in the header, None for no header.
        listed: whether the settings list it.
        admitted: whether it may change anything.
    """

    name: str
    value: str | None
    listed: bool = False
    admitted: bool = False

    @property
    def headers(self) -> Mapping[str, str]:
        """The header of a request."""
        return {} if self.value is None else {"Origin": self.value}


def origins(own: str) -> tuple[Origin, ...]:
    """Every kind of origin.

    Args:
        own: the origin of the host itself.
    """
    return (
        Origin("absent", None, admitted=True),
        Origin("listed", LISTED, listed=True, admitted=True),
        Origin("own", own, admitted=True),
        Origin("foreign", "https://evil.example"),
        Origin("null", "null"),
        Origin("suffix", f"{LISTED}.evil.example"),
        Origin("prefix", "https://evilapp.example"),
        Origin("subdomain", "https://sub.app.example"),
        Origin("port", f"{LISTED}:8443"),
        Origin("scheme", "http://app.example"),
    )


def faults(headers: CIMultiDictProxy[str], origin: Origin, *, https: bool = False) -> Iterator[str]:
    """Everything that deviates in the headers of a response.

    Args:
        headers: the headers.
        origin: where the request came from.
        https: whether it came by https, through a trusted proxy.
    """
    for name, value in ALWAYS.items():
        if headers.getall(name, []) != [value]:
            yield f"{name} is {headers.getall(name, [])}"
    if "frame-ancestors 'none'" not in headers.get("Content-Security-Policy", ""):
        yield "Content-Security-Policy lets frames in"
    if "default-src 'none'" not in headers.get("Content-Security-Policy", ""):
        yield "Content-Security-Policy lets sources in by default"
    if "Cache-Control" not in headers:
        yield "Cache-Control is missing"
    if https != ("Strict-Transport-Security" in headers):
        yield "Strict-Transport-Security where it does not belong, or not where it does"
    yield from _faults_of_origin(headers, origin)


def _faults_of_origin(headers: CIMultiDictProxy[str], origin: Origin) -> Iterator[str]:
    varies = {name.strip() for name in ",".join(headers.getall("Vary", [])).split(",")}
    if "Origin" not in varies:
        yield "Vary does not name Origin"
    if not origin.listed:
        yield from (
            f"{name} for a page that is not listed" for name in OF_ORIGIN if name in headers
        )
        return
    if headers.getall("Access-Control-Allow-Origin", []) != [origin.value]:
        yield "Access-Control-Allow-Origin does not name the page"
    if "Access-Control-Allow-Credentials" in headers:
        yield "Access-Control-Allow-Credentials though it is not set"
    if "X-Request-ID" not in headers.get("Access-Control-Expose-Headers", ""):
        yield "Access-Control-Expose-Headers lacks what pages may read"
